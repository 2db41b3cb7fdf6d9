// Weights of a classifier in a file of their own, for models that take it for their backbone.
#pragma once

#include <string>

#include "opsis/hub.h"
#include "opsis/models.h"
#include "tests/support/temporary.h"

namespace support {

/// A MobileNetV3 with numbers that were drawn; its weights entry leads to the file as long as this lives.
class SavedBackbone {
 public:
  SavedBackbone() {
    const auto file = folder_.path() / "mobilenet.safetensors";
    opsis::hub::save_safetensors(file, opsis::hub::state_dict(*classifier));
    url_ = "file://" + file.string();
    weights.url = url_;
  }
  SavedBackbone(const SavedBackbone&) = delete;
  SavedBackbone& operator=(const SavedBackbone&) = delete;

  opsis::models::MobileNetV3 classifier = opsis::models::mobilenet_v3_large();
  opsis::models::MobileNet_V3_Large_Weights weights = opsis::models::MobileNet_V3_Large_Weights::IMAGENET1K_V1;

 private:
  TemporaryFolder folder_;
  std::string url_;
};

}  // namespace support
