// A detector that finds something without having learned anything.
#pragma once

#include <torch/torch.h>

#include <memory>

#include "opsis/models/registry.h"

namespace support {

/// SSDLite with random numbers. They fade on their way through the network, so that every box would be as likely as any other:
/// what its last layers make of them is enlarged until scores and boxes differ.
inline std::shared_ptr<opsis::models::DetectionModel> lively_detector() {
  torch::manual_seed(0);
  const auto model =
      opsis::models::get_model<opsis::models::DetectionModel>("ssdlite320_mobilenet_v3_large", {.weights_backbone = ""});
  const torch::NoGradGuard no_grad;
  for (auto& parameter : model->named_parameters()) {
    const auto& name = parameter.key();
    if (name.ends_with(".1.weight") && name.find("_head.module_list.") != name.npos) parameter.value().mul_(0x1p41);
  }
  return model;
}

}  // namespace support
