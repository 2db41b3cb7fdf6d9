// Whether a tensor that a file describes lies within its storage. For Opsis's own sources.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace opsis::inline v1::hub::detail {

/// More dimensions than LibTorch's kernels take.
inline constexpr size_t most_dimensions = 64;

/// A storage's pointer is used as it is when every element type can be read from it.
inline constexpr int64_t widest_element = 16;

/// Why a tensor of these sizes and strides (none negative) that begins at element `offset` of a storage of `elements` cannot
/// be: "a tensor reaches to element 9 of a storage of 8". Empty: it can.
std::string why_out_of_bounds(int64_t offset, const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides,
                              int64_t elements);

}  // namespace opsis::inline v1::hub::detail
