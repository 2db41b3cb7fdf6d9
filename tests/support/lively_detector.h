// A detector that finds something without having learned anything.
#pragma once

#include <torch/torch.h>

#include <memory>

#include "opsis/models/registry.h"

namespace support {

/// SSDLite with random numbers. They fade on their way through the network, so that every box would be as likely as any other:
/// of the first map, what the last layers make of them is enlarged until scores, to about 0.4, and boxes differ.
inline std::shared_ptr<opsis::models::DetectionModel> lively_detector() {
  torch::manual_seed(0);
  auto model =
      opsis::models::get_model<opsis::models::DetectionModel>("ssdlite320_mobilenet_v3_large", {.weights_backbone = ""});
  const torch::NoGradGuard no_grad;
  auto parameters = model->named_parameters();
  parameters["head.classification_head.module_list.0.1.weight"].mul_(0x1p49);
  parameters["head.regression_head.module_list.0.1.weight"].mul_(0x1p47);
  return model;
}

}  // namespace support
