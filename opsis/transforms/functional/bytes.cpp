#include "opsis/transforms/functional/bytes.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

namespace opsis::inline v1::transforms::detail {
namespace {

constexpr int64_t bytes_grain = int64_t{1} << 16;

}  // namespace

Bytes::Bytes(const torch::Tensor& image)
    : images(1), channels(image.size(-3)), height(image.size(-2)), width(image.size(-1)), interleaved(false), tensor_(image) {
  for (int64_t d = 0; d < image.dim() - 3; ++d) images *= image.size(d);
  if (!image.is_contiguous()) {
    interleaved = channels == 3 && image.stride(-3) == 1 && image.stride(-1) != 1;
    tensor_ = interleaved ? image.movedim(-3, -1).contiguous() : image.contiguous();
  }
  data_ = tensor_.const_data_ptr<uint8_t>();
}

torch::Tensor Bytes::like(torch::ScalarType dtype) const {
  auto out = at::empty(tensor_.sizes(), torch::TensorOptions(dtype));
  return interleaved ? out.movedim(-1, -3) : out;
}

torch::Tensor Bytes::planes() const {
  return at::empty(interleaved ? tensor_.movedim(-1, -3).sizes() : tensor_.sizes(), torch::kUInt8);
}

torch::Tensor map_levels(const torch::Tensor& image, const simd::Levels& table) {
  const auto dense = image.is_non_overlapping_and_dense() ? image : at::empty_like(image).copy_(image);
  auto out = at::empty_like(dense);
  const auto* const from = dense.const_data_ptr<uint8_t>();
  auto* const to = out.mutable_data_ptr<uint8_t>();
  parallel_for(0, dense.numel(), bytes_grain,
               [&](int64_t first, int64_t last) { simd::map_levels(from + first, last - first, table, to + first); });
  return out;
}

torch::Tensor map_levels(const Bytes& in, const std::vector<simd::Levels>& tables, torch::Tensor out) {
  const bool interleaved = in.interleaved && !out.is_contiguous();
  auto* const to = out.mutable_data_ptr<uint8_t>();
  const auto plane = in.plane();
  for (int64_t i = 0; i < in.pictures(); ++i) {
    parallel_for(0, plane, bytes_grain, [&](int64_t first, int64_t last) {
      if (in.interleaved) {
        const auto* of_image = tables.data() + 3 * i;
        simd::map_levels(in.rgb(i).from(first), last - first, {of_image[0], of_image[1], of_image[2]},
                         simd::channels3(to + 3 * i * plane, plane, interleaved).from(first));
      } else {
        simd::map_levels(in.data() + i * plane + first, last - first, tables[static_cast<size_t>(i)], to + i * plane + first);
      }
    });
  }
  return out;
}

}  // namespace opsis::inline v1::transforms::detail
