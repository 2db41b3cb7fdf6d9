#include "opsis/utils/draw_segmentation_masks.h"

#include <torch/torch.h>

#include <algorithm>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/transforms/functional/bytes.h"
#include "opsis/transforms/functional/tensor.h"
#include "opsis/utils/drawable.h"

namespace opsis::inline v1::utils {
namespace {

torch::Tensor blend(const torch::Tensor& pixels, const torch::Tensor& covered, double alpha) {
  using transforms::detail::times;
  return (times(pixels, 1 - alpha) + times(covered, alpha)).to(pixels.scalar_type());
}

// A colour's numbers in the type of the pixels, (3, 1).
torch::Tensor numbers_of(const Color& color, bool of_palette, const torch::Tensor& pixels) {
  auto numbers = torch::tensor({color.red, color.green, color.blue}, torch::kFloat64);
  if (pixels.is_floating_point()) {
    if (of_palette) numbers = numbers.to(torch::kFloat32);  // torchvision's palette is tensors, and they divide in float32
    numbers = numbers.div(255);
  }
  return numbers.to(pixels.options()).view({3, 1});
}

// Notes in `which` the mask of this number at each pixel where it is: alone, or one of `several`.
template <class Step>
void mark(const uint8_t* mask, Step step, uint8_t number, uint8_t several, int64_t width, uint8_t* which) {
  for (int64_t x = 0; x < width; ++x) {
    const uint8_t here = which[x] == 0 ? number : several;
    which[x] = mask[x * step] != 0 ? here : which[x];
  }
}

// What becomes of a byte hangs on itself, its channel and the one mask that is there, if it is one: so all of them are blended
// beforehand, and looked up. numbers: (N, 3, 1), at most 254 masks.
torch::Tensor draw_on_bytes(const torch::Tensor& pixels, const torch::Tensor& masks, const torch::Tensor& numbers,
                            double alpha) {
  const int64_t count = masks.size(0), height = pixels.size(1), width = pixels.size(2);
  const auto levels = torch::arange(256, torch::kUInt8).expand({1, 3, 256});
  const auto covered = torch::cat({levels, numbers.expand({count, 3, 256}), torch::zeros({1, 3, 256}, torch::kUInt8)});
  const auto tables = blend(levels, covered, alpha).contiguous();
  const auto* const table = tables.const_data_ptr<uint8_t>();  // (N + 2, 3, 256): none, each, several
  const auto several = static_cast<uint8_t>(count + 1);

  auto out = torch::empty_like(pixels);
  const auto* const from = pixels.const_data_ptr<uint8_t>();
  const auto* const shown = static_cast<const uint8_t*>(masks.const_data_ptr());  // foreign bytes may be other than 0 and 1
  auto* const to = out.mutable_data_ptr<uint8_t>();
  const int64_t from_step = pixels.stride(2), step = out.stride(2);
  parallel_for(0, height, std::max<int64_t>((int64_t{1} << 15) / width, 1), [&](int64_t first, int64_t last) {
    std::vector<uint8_t> which(static_cast<size_t>(width));
    for (int64_t y = first; y < last; ++y) {
      std::ranges::fill(which, uint8_t{0});
      for (int64_t i = 0; i < count; ++i) {
        const auto* const mask = shown + i * masks.stride(0) + y * masks.stride(1);
        const auto number = static_cast<uint8_t>(i + 1);
        if (masks.stride(2) == 1) {
          mark(mask, std::integral_constant<int64_t, 1>{}, number, several, width, which.data());
        } else {
          mark(mask, masks.stride(2), number, several, width, which.data());
        }
      }
      for (int64_t c = 0; c < 3; ++c) {
        const auto* const in = from + c * pixels.stride(0) + y * pixels.stride(1);
        auto* const result = to + c * out.stride(0) + y * out.stride(1);
        const auto* const channel = table + c * 256;
        const auto* const masked = which.data();
        for (int64_t x = 0; x < width; ++x) result[x * step] = channel[int64_t{3} * 256 * masked[x] + in[x * from_step]];
      }
    }
  });
  return out;
}

}  // namespace

Image draw_segmentation_masks(const Image& image, const torch::Tensor& masks, const DrawSegmentationMasksOptions& options) {
  const torch::NoGradGuard no_grad;
  constexpr auto where = "draw_segmentation_masks";
  detail::check_drawable(where, image, false);
  OPSIS_CHECK(masks.defined() && (masks.dim() == 2 || masks.dim() == 3), "{}: the masks must be (N, H, W) or (H, W), got {}",
              where, opsis::detail::shape(masks));
  OPSIS_CHECK(masks.scalar_type() == torch::kBool, "{}: the masks must be bool, got {}", where, masks.scalar_type());
  const auto& pixels = image.data;
  OPSIS_CHECK(masks.size(-2) == pixels.size(1) && masks.size(-1) == pixels.size(2),
              "{}: the masks must have the image's height and width, got {} for {}", where, opsis::detail::shape(masks),
              opsis::detail::shape(pixels));
  const auto each = masks.dim() == 2 ? masks.unsqueeze(0) : masks;
  if (each.size(0) == 0) return image;

  std::vector<torch::Tensor> colors;
  for (const auto& paint : options.colors.of(where, each.size(0))) {
    OPSIS_CHECK(!paint.has_alpha, "{}: colours must have no alpha; alpha is for all masks", where);
    colors.push_back(numbers_of(paint.color, !options.colors, pixels));
  }
  if (transforms::detail::is_bytes(pixels) && each.device().is_cpu() && colors.size() < 255) {
    return Image(draw_on_bytes(pixels, each, torch::stack(colors), options.alpha));
  }
  auto covered = pixels.detach().clone();
  for (int64_t i = 0; i < each.size(0); ++i) {
    covered = torch::where(each[i], colors[static_cast<size_t>(i)].unsqueeze(-1), covered);
  }
  covered.masked_fill_(each.sum(0) > 1, 0);
  return Image(blend(pixels, covered, options.alpha));
}

Image draw_segmentation_masks(const Image& image, const Mask& masks, const DrawSegmentationMasksOptions& options) {
  return draw_segmentation_masks(image, masks.data, options);
}

}  // namespace opsis::inline v1::utils
