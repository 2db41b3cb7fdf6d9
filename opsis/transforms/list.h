// What there is, by name.
#pragma once

#include <span>
#include <string_view>

#include "opsis/core/api.h"

namespace opsis::inline v1::transforms {

/// The names of transforms.def and of functional/functional.def, sorted as in ASCII.
OPSIS_API std::span<const std::string_view> list_transforms();
OPSIS_API std::span<const std::string_view> list_functionals();

}  // namespace opsis::inline v1::transforms
