// The bytes that are shown of a picture's numbers. For Opsis's own sources.
#pragma once

#include <torch/types.h>

namespace opsis::inline v1::io::detail {

/// Pixels as uint8: of those of 16 bits the high byte (Pillow's convert() cuts gray ones at 255 instead, to white), of other numbers
/// what lies in [0, 255], as convert() has them.
inline torch::Tensor shown_bytes(const torch::Tensor& pixels) {
  if (pixels.scalar_type() == torch::kUInt8) return pixels;
  if (pixels.scalar_type() == torch::kUInt16) return pixels.to(torch::kInt32).div(256, "floor").to(torch::kUInt8);
  return pixels.clamp(0, 255).to(torch::kUInt8);
}

}  // namespace opsis::inline v1::io::detail
