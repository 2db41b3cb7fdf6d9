// The names of COCO's classes and of its key points.
#pragma once

#include <string_view>

#include "opsis/core/api.h"

namespace opsis::inline v1::models {

/// The 91 classes of detectors: kCocoCategories[0] is "__background__", kCocoCategories[1] is "person"; "N/A" is none.
OPSIS_API extern const std::string_view kCocoCategories[91];

/// The two classes of models for key points.
OPSIS_API extern const std::string_view kCocoPersonCategories[2];

/// A person's key points: kCocoPersonKeypoints[0] is "nose".
OPSIS_API extern const std::string_view kCocoPersonKeypoints[17];

}  // namespace opsis::inline v1::models
