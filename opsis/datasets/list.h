// The names of the data sets.
#pragma once

#include <string_view>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::datasets {

/// The classes of this room that are data sets, sorted: {"DatasetFolder", "Digits", ...}.
OPSIS_API std::vector<std::string_view> list_datasets();

}  // namespace opsis::inline v1::datasets
