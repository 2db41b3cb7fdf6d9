#include "opsis/ops/roi_align_rotated.h"

#include <torch/torch.h>

#include <cmath>
#include <numbers>

#include "opsis/core/check.h"
#include "opsis/ops/region_ops.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::ops {
namespace {

using torch::Tensor;

constexpr int64_t kMostNumbers = int64_t{1} << 22;  // that are sampled at once

// Places of `count` samples over `bins` bins of a side, from its middle, in pixels.
Tensor along_side(double length, int64_t bins, int64_t samples, const torch::TensorOptions& options) {
  const auto all = static_cast<double>(bins * samples);
  return (torch::arange(bins * samples, options) + 0.5) * (length / all) - length / 2;
}

Tensor sample_region(const Tensor& maps, const double* region, const std::array<int64_t, 2>& size,
                     const RoIAlignRotatedOptions& options) {
  const auto scale = options.spatial_scale;
  const auto x = region[1] * scale - 0.5, y = region[2] * scale - 0.5, width = region[3] * scale, height = region[4] * scale;
  const auto samples = [&](double length, int64_t bins) {
    return options.sampling_ratio > 0 ? options.sampling_ratio
                                      : static_cast<int64_t>(std::ceil(std::min(length / static_cast<double>(bins), 1e4)));
  };
  const auto down = samples(height, size[0]), across = samples(width, size[1]);
  const auto h = maps.size(-2), w = maps.size(-1);
  if (down <= 0 || across <= 0 || !std::isfinite(x + y + width + height + region[5]) || h * w == 0)
    return torch::zeros({maps.size(0), size[0], size[1]}, maps.options().requires_grad(false));
  const auto angle = region[5] * std::numbers::pi / 180, cos = std::cos(angle), sin = std::sin(angle);
  const auto numbers = maps.options().requires_grad(false);
  const auto all_rows = along_side(height, size[0], down, numbers).unsqueeze(1);
  const auto columns = along_side(width, size[1], across, numbers).unsqueeze(0);
  const auto unit = [](const Tensor& places, int64_t length) {
    return places * (2.0 / static_cast<double>(std::max<int64_t>(length - 1, 1))) - 1;
  };
  // Some rows of samples at a time, whatever the region's size, and none that lie wholly beside the maps.
  const auto step = std::clamp<int64_t>(kMostNumbers / (size[1] * across * std::max<int64_t>(maps.size(0), 1)), 1, down);
  std::vector<Tensor> bins;
  for (int64_t bin = 0; bin < size[0]; ++bin) {
    auto sum = torch::zeros({maps.size(0), size[1]}, numbers);
    for (int64_t first = 0; first < down; first += step) {
      const auto count = std::min(step, down - first);
      const auto rows = all_rows.narrow(0, bin * down + first, count);
      const auto at_x = rows * sin + columns * cos + x, at_y = rows * cos - columns * sin + y;
      const auto off = (at_x < -1).logical_or(at_x > w).logical_or(at_y < -1).logical_or(at_y > h);
      if (off.all().item<bool>()) continue;
      const auto grid = torch::stack({unit(at_x, w), unit(at_y, h)}, -1).unsqueeze(0);
      const auto sampled =
          torch::grid_sampler_2d(maps.unsqueeze(0), grid, /*bilinear=*/0, /*border=*/1, /*align_corners=*/true);
      sum = sum + sampled.masked_fill(off, 0).view({maps.size(0), count, size[1], across}).sum({1, 3});
    }
    bins.push_back(sum / static_cast<double>(down * across));
  }
  return torch::stack(bins, 1);
}

}  // namespace

Tensor roi_align_rotated(const Tensor& input, const Tensor& rois, torch::ExpandingArray<2> output_size,
                         const RoIAlignRotatedOptions& options) {
  using opsis::detail::shape;
  OPSIS_CHECK(input.defined() && input.dim() == 4, "roi_align_rotated: input must be (N, C, H, W), got {}", shape(input));
  OPSIS_CHECK(rois.defined() && rois.dim() == 2 && rois.size(1) == 6,
              "roi_align_rotated: regions must be (K, 6), an image and its box, got {}", shape(rois));
  const auto type = input.scalar_type();
  OPSIS_CHECK((type == torch::kFloat32 || type == torch::kFloat64) && rois.scalar_type() == type,
              "roi_align_rotated: input and regions must both be float32 or float64, got {} and {}", type, rois.scalar_type());
  const auto& size = *output_size;
  OPSIS_CHECK(size[0] > 0 && size[1] > 0, "roi_align_rotated: output_size must be positive, got ({}, {})", size[0], size[1]);
  if (input.is_meta()) return torch::empty({rois.size(0), input.size(1), size[0], size[1]}, input.options());
  const auto images = detail::images_of("roi_align_rotated", rois.detach().cpu(), input.size(0));
  const auto numbers = rois.detach().to(torch::kCPU, torch::kFloat64).contiguous();
  std::vector<Tensor> out;
  for (size_t i = 0; i < images.size(); ++i)
    out.push_back(sample_region(input[images[i]], numbers.const_data_ptr<double>() + 6 * i, size, options));
  return out.empty() ? torch::zeros({0, input.size(1), size[0], size[1]}, input.options()) : torch::stack(out);
}

}  // namespace opsis::inline v1::ops
