// What the sources of v1::functional share. For Opsis's own sources.
#pragma once

#include <c10/util/Exception.h>
#include <torch/types.h>

#include <string_view>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::detail {

/// The types that are rounded when they were computed in floating point; bool and uint16 are cut.
inline bool is_rounded(torch::ScalarType type) {
  switch (type) {
    case torch::kUInt8:
    case torch::kInt8:
    case torch::kInt16:
    case torch::kInt32:
    case torch::kInt64: return true;
    default: return false;
  }
}

/// Throws ValueError, in the words of the function `where`, unless the tensor is (C, H, W) or (N, C, H, W).
inline void check_batch(std::string_view where, const torch::Tensor& image) {
  OPSIS_CHECK(image.defined() && (image.dim() == 3 || image.dim() == 4),
              "{}: the tensor must be (C, H, W) or (N, C, H, W), got {}", where, opsis::detail::shape(image));
}

/// The type that pixels are computed in.
inline torch::ScalarType float_type(const torch::Tensor& image) {
  return image.is_floating_point() ? image.scalar_type() : torch::kFloat32;
}

/// `kernel` of (N, C, H, W) in a type of floating point; the result in the image's own shape and type.
template <class Kernel>
torch::Tensor in_float(const torch::Tensor& image, torch::ScalarType type, const Kernel& kernel) {
  const auto own = image.scalar_type();
  torch::Tensor out = kernel((image.dim() < 4 ? image.unsqueeze(0) : image).to(type));
  if (image.dim() < 4) out = out.squeeze(0);
  if (own == type) return out;
  return (is_rounded(own) ? out.round() : out).to(own);
}

/// What `call` gives. What LibTorch refuses is refused in the words of the function `where`.
template <class Call>
torch::Tensor or_refuse(std::string_view where, const Call& call) {
  try {
    return call();
  } catch (const c10::Error& error) {
    raise<ValueError>("{}: {}", where, error.what_without_backtrace());
  }
}

}  // namespace opsis::inline v1::transforms::detail
