// Whether a tensor that a file describes lies within its storage. For Opsis's own sources.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace opsis::inline v1::hub::detail {

/// Why a tensor of these sizes and strides (none negative) that begins at element `offset` of a storage of `elements` cannot
/// be: "a tensor reaches to element 9 of a storage of 8". Empty: it can.
std::string why_out_of_bounds(int64_t offset, const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides,
                              int64_t elements);

}  // namespace opsis::inline v1::hub::detail
