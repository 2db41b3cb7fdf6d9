// What transform and show share: pictures in, transforms as steps or JSON.
#pragma once

#include <string>
#include <vector>

#include "opsis/transforms.h"

namespace cli {

struct Pipeline {
  std::vector<std::string> steps;  ///< as parse_step reads them
  std::string file;                ///< JSON as Transform::to_json writes it, instead; empty when there is none
};

/// The transforms that the pipeline names, as one.
/// Throws   UsageError when there are none or both, and for what a step or the JSON says wrong
opsis::transforms::AnyTransform build_pipeline(const Pipeline& pipeline);

}  // namespace cli
