// Bytes as a tensor and back, without a copy. For Opsis's own sources.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "opsis/io/bytes.h"

namespace opsis::inline v1::io::detail {

/// A 1-D uint8 tensor that owns the bytes.
torch::Tensor to_tensor(std::vector<uint8_t> bytes);

/// A 1-D uint8 CPU tensor without gaps, made so if it has some. Throws ValueError, in the name of `function`, for any other.
torch::Tensor check_bytes(std::string_view function, const torch::Tensor& tensor);

inline Bytes view(const torch::Tensor& bytes) { return {bytes.const_data_ptr<uint8_t>(), static_cast<size_t>(bytes.numel())}; }

}  // namespace opsis::inline v1::io::detail
