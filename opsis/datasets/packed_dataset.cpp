#include "opsis/datasets/packed_dataset.h"

#include <ATen/ops/empty_strided.h>

#include <cstring>

#include "opsis/core/check.h"

namespace opsis::inline v1::datasets::detail {

void check_packed_size(const std::filesystem::path& path, size_t size, size_t wanted) {
  OPSIS_CHECK(size == wanted, "cache_to_file: {} has {} examples, the data set {}; give another path, or remove the file",
              path.string(), size, wanted);
}

// Whether it is there, its type, its shape and strides, its elements in the order of the memory.
void pack_tensor(std::string& out, const torch::Tensor& tensor) {
  io::put_number(out, static_cast<uint8_t>(tensor.defined()));
  if (!tensor.defined()) return;
  auto dense = tensor.detach().cpu();
  OPSIS_CHECK(dense.layout() == torch::kStrided && !dense.is_quantized(), "cache_to_file: a tensor must be a plain one");
  if (!dense.is_non_overlapping_and_dense()) dense = dense.contiguous();
  io::put_number(out, static_cast<int8_t>(dense.scalar_type()));
  io::put_number(out, static_cast<uint8_t>(dense.dim()));
  for (const auto side : dense.sizes()) io::put_number(out, side);
  for (const auto stride : dense.strides()) io::put_number(out, stride);
  out.append(static_cast<const char*>(dense.const_data_ptr()), dense.nbytes());
}

torch::Tensor unpack_tensor(io::ByteFields& fields) {
  if (!fields.number<uint8_t>()) return {};
  const auto code = fields.number<int8_t>();
  if (code < 0 || code >= static_cast<int8_t>(at::ScalarType::NumOptions)) raise<DecodeError>("a packed tensor has no type");
  const auto type = static_cast<at::ScalarType>(code);
  const auto dimensions = fields.number<uint8_t>();
  std::vector<int64_t> sizes(dimensions), strides(dimensions);
  for (auto* list : {&sizes, &strides}) {
    for (auto& number : *list) number = fields.number<int64_t>();
  }
  uint64_t bytes_wanted = c10::elementSize(type);
  for (const auto side : sizes) {
    if (side < 0 || __builtin_mul_overflow(bytes_wanted, static_cast<uint64_t>(side), &bytes_wanted)) bytes_wanted = UINT64_MAX;
  }
  if (bytes_wanted > fields.left()) raise<DecodeError>("a packed tensor is cut short");
  auto out = at::empty_strided(sizes, strides, type);
  if (!out.is_non_overlapping_and_dense()) raise<DecodeError>("a packed tensor has strides that cannot be");
  const auto bytes = fields.take(out.nbytes());
  if (!bytes.empty()) std::memcpy(out.mutable_data_ptr(), bytes.data(), bytes.size());
  return out;
}

}  // namespace opsis::inline v1::datasets::detail
