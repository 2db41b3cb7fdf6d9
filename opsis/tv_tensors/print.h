// How a tensor and its metadata are shown: in error messages and by `<<`. For Opsis's own sources.
#pragma once

#include <torch/types.h>

#include <ostream>
#include <string>
#include <string_view>

#include "opsis/core/api.h"

namespace opsis::inline v1::detail {

/// "(3, 224, 224)", or "an undefined tensor".
OPSIS_API std::string shape(const torch::Tensor& tensor);

/// Image((3, 224, 224), uint8), with the metadata behind. Small tensors (up to 64 numbers) show them too.
OPSIS_API std::ostream& print(std::ostream& out, std::string_view kind, const torch::Tensor& data,
                              std::string_view metadata = {});

}  // namespace opsis::inline v1::detail
