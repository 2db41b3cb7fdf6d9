#include "opsis/io/masks.h"

#include <ATen/ops/empty.h>

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::io {

std::vector<RunLengths> encode_masks(const torch::Tensor& masks) {
  OPSIS_CHECK(masks.defined() && (masks.dim() == 2 || masks.dim() == 3),
              "encode_masks: masks must be (N, H, W) or (H, W), got {}", opsis::detail::shape(masks));
  const auto bytes = masks.ne(0).to(torch::kCPU, torch::kUInt8).contiguous();
  const Size size{bytes.size(-2), bytes.size(-1)};
  const auto pixels = static_cast<size_t>(size.height * size.width);
  std::vector<RunLengths> out;
  for (int64_t i = 0; i < (bytes.dim() == 3 ? bytes.size(0) : 1); ++i) {
    out.push_back(encode_runs({bytes.const_data_ptr<uint8_t>() + static_cast<size_t>(i) * pixels, pixels}, size));
  }
  return out;
}

torch::Tensor decode_masks(const std::vector<RunLengths>& masks) {
  const auto size = masks.empty() ? Size{} : masks[0].size;
  OPSIS_CHECK(size.height >= 0 && size.width >= 0, "decode_masks: a mask's sides must be 0 or more, got {}", size);
  for (const auto& mask : masks) {
    OPSIS_CHECK(mask.size == size, "decode_masks: masks must have one size, got {} and {}", size, mask.size);
  }
  auto out = torch::empty({std::ssize(masks), size.height, size.width}, torch::kUInt8);
  const auto pixels = static_cast<size_t>(size.height * size.width);
  for (size_t i = 0; i < masks.size(); ++i) decode_runs(masks[i], {out.data_ptr<uint8_t>() + i * pixels, pixels});
  return out;
}

}  // namespace opsis::inline v1::io
