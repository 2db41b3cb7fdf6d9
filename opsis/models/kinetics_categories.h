// The names of Kinetics-400's classes.
#pragma once

#include <string_view>

#include "opsis/core/api.h"

namespace opsis::inline v1::models {

/// The 400 classes in the order of a classifier's logits: kKinetics400Categories[0] is "abseiling".
OPSIS_API extern const std::string_view kKinetics400Categories[400];

}  // namespace opsis::inline v1::models
