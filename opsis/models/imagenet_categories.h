// The names of ImageNet-1K's classes.
#pragma once

#include <string_view>

#include "opsis/core/api.h"

namespace opsis::inline v1::models {

/// The 1000 classes in the order of a classifier's logits: kImagenetCategories[0] is "tench".
OPSIS_API extern const std::string_view kImagenetCategories[1000];

}  // namespace opsis::inline v1::models
