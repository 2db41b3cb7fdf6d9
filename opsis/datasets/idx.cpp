#include "opsis/datasets/idx.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <bit>

#include "opsis/datasets/idx_header.h"

namespace opsis::inline v1::datasets {
namespace {

torch::ScalarType idx_dtype(IdxType type) {
  switch (type) {
    case IdxType::Int8: return torch::kInt8;
    case IdxType::Int16: return torch::kInt16;
    case IdxType::Int32: return torch::kInt32;
    case IdxType::Float32: return torch::kFloat32;
    case IdxType::Float64: return torch::kFloat64;
    case IdxType::UInt8: break;
  }
  return torch::kUInt8;
}

}  // namespace

torch::Tensor read_idx(io::Bytes file) {
  const auto header = read_idx_header(file);
  auto out = at::empty(header.shape, idx_dtype(header.type));
  const auto elements = file.subspan(header.data_offset);
  auto* to = static_cast<uint8_t*>(out.data_ptr());
  std::copy(elements.begin(), elements.end(), to);
  if constexpr (std::endian::native == std::endian::little) {  // the file is big-endian
    for (size_t i = 0; header.item_bytes > 1 && i < elements.size(); i += header.item_bytes) {
      std::reverse(to + i, to + i + header.item_bytes);
    }
  }
  return out;
}

}  // namespace opsis::inline v1::datasets
