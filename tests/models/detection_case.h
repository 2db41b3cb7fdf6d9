// Images and what is on them, as tests/oracle/models_detection.py tells of them.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "opsis/models/detection/model.h"
#include "tests/support/oracle.h"

namespace support {

inline std::vector<torch::Tensor> pictures(const oracle::Case& c) { return {c.tensor("image_0"), c.tensor("image_1")}; }

inline std::vector<opsis::models::DetectionTarget> targets(const oracle::Case& c) {
  std::vector<opsis::models::DetectionTarget> found;
  for (const std::string name : {"target_0_", "target_1_"}) {
    found.push_back(
        {c.tensor(name + "boxes"), c.tensor(name + "labels"), c.tensor(name + "masks"), c.tensor(name + "keypoints")});
  }
  return found;
}

}  // namespace support
