// What transform and show share: transforms as steps or JSON, on a picture.
#pragma once

#include <cstdint>
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

/// What transforms make of an image by a seed, and whether they drew at all: if not, the seed means nothing.
struct Transformed {
  opsis::Image image;
  bool drew = false;
};
Transformed run_pipeline(const opsis::transforms::AnyTransform& pipeline, const opsis::Image& image, uint64_t seed);

}  // namespace cli
