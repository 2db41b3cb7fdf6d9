#include "opsis/io/read_write.h"

#include <ATen/ops/from_blob.h>

#include <memory>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/io/byte_tensor.h"
#include "opsis/io/file.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::io {

torch::Tensor detail::to_tensor(std::vector<uint8_t> bytes) {
  const auto owner = std::make_shared<std::vector<uint8_t>>(std::move(bytes));
  return torch::from_blob(
      owner->data(), {static_cast<int64_t>(owner->size())}, [owner](void*) {}, torch::kUInt8);
}

torch::Tensor detail::check_bytes(std::string_view function, const torch::Tensor& tensor) {
  OPSIS_CHECK(tensor.defined() && tensor.dim() == 1 && tensor.scalar_type() == torch::kUInt8 && tensor.device().is_cpu(),
              "{}: the bytes must be a 1-D uint8 tensor on the CPU, got {}", function,
              tensor.defined() ? text("{} {} on {}", opsis::detail::shape(tensor), tensor.scalar_type(), tensor.device())
                               : opsis::detail::shape(tensor));
  return tensor.contiguous();
}

torch::Tensor read_file(const std::filesystem::path& path, const Limits& limits) {
  auto bytes = read_bytes(path, limits);
  if (bytes.empty()) raise<IoError>("read_file: {} is empty", path.string());
  return detail::to_tensor(std::move(bytes));
}

void write_file(const std::filesystem::path& path, const torch::Tensor& data) {
  const auto bytes = detail::check_bytes("write_file", data);
  write_bytes(path, detail::view(bytes));
}

}  // namespace opsis::inline v1::io
