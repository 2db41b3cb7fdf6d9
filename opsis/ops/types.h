// Which numbers LibTorch computes with. For Opsis's own sources.
#pragma once

#include <c10/core/ScalarType.h>
#include <torch/types.h>

namespace opsis::inline v1::ops::detail {

/// Whether LibTorch computes with numbers of this type wherever it computes.
inline bool is_usual(torch::Dtype type) {
  if (c10::isIntegralType(type, /*includeBool=*/false)) return !c10::isBarebonesUnsignedType(type);
  return type == torch::kFloat32 || type == torch::kFloat64 || type == torch::kHalf || type == torch::kBFloat16;
}

}  // namespace opsis::inline v1::ops::detail
