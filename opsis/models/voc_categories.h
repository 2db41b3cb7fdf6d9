// The names of Pascal VOC's classes.
#pragma once

#include <string_view>

#include "opsis/core/api.h"

namespace opsis::inline v1::models {

/// The 21 classes of segmentation models: kVocCategories[0] is "__background__", kVocCategories[15] is "person".
OPSIS_API extern const std::string_view kVocCategories[21];

}  // namespace opsis::inline v1::models
