#include "opsis/utils/make_grid.h"

#include <torch/torch.h>

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/pictures.h"

namespace opsis::inline v1::utils {
namespace {

// (H, W), (C, H, W) or (N, C, H, W) as (N, C, H, W), gray as RGB.
torch::Tensor as_batch(torch::Tensor images) {
  OPSIS_CHECK(images.defined(), "make_grid: the tensor is undefined");
  OPSIS_CHECK(images.dim() >= 2 && images.dim() <= 4,
              "make_grid: the tensor must be (N, C, H, W), (C, H, W) or (H, W), got {} dimensions", images.dim());
  if (images.dim() == 2) images = images.unsqueeze(0);
  if (images.dim() == 3) images = images.unsqueeze(0);
  if (images.size(1) == 1) images = torch::cat({images, images, images}, 1);
  return images;
}

void normalize_in_place(torch::Tensor images, const MakeGridOptions& options) {
  const auto [low, high] =
      options.value_range ? *options.value_range : std::pair(images.min().item<double>(), images.max().item<double>());
  images.clamp_(low, high);
  // A flat image has no range to divide by: torchvision's floor.
  images.sub_(low).div_(std::max(high - low, 1e-5));
}

}  // namespace

torch::Tensor make_grid(const torch::Tensor& images, const MakeGridOptions& options) {
  const torch::NoGradGuard no_grad;
  auto batch = as_batch(images);
  const auto count = batch.size(0);
  OPSIS_CHECK(count > 0, "make_grid: there must be at least one image, got none");
  OPSIS_CHECK(options.nrow >= 1, "make_grid: nrow must be at least 1, got {}", options.nrow);
  OPSIS_CHECK(options.padding >= 0, "make_grid: padding must not be negative, got {}", options.padding);

  if (options.normalize) {
    OPSIS_CHECK(batch.is_floating_point(), "make_grid: normalize needs floating point images, got {}", batch.scalar_type());
    OPSIS_CHECK(options.value_range || batch.numel() > 0, "make_grid: empty images have no range; pass value_range");
    batch = batch.clone();
    if (options.scale_each) {
      for (int64_t i = 0; i < count; ++i) normalize_in_place(batch[i], options);
    } else {
      normalize_in_place(batch, options);
    }
  }
  if (count == 1) return batch.squeeze(0);

  const auto columns = std::min(options.nrow, count);
  const auto rows = (count + columns - 1) / columns;
  const auto height = batch.size(2), width = batch.size(3), padding = options.padding;
  // Pixels of decoded images lie one after the other, and go on so: nothing is moved but rows.
  const auto layout = transforms::detail::picture_layout(batch);
  const bool interleaved = layout && layout->interleaved;
  const auto channels = batch.size(1), full_height = rows * (height + padding) + padding,
             full_width = columns * (width + padding) + padding;
  auto grid = interleaved ? batch.new_full({full_height, full_width, channels}, options.pad_value).permute({2, 0, 1})
                          : batch.new_full({channels, full_height, full_width}, options.pad_value);
  for (int64_t i = 0; i < count; ++i) {
    const auto top = i / columns * (height + padding) + padding;
    const auto left = i % columns * (width + padding) + padding;
    grid.narrow(1, top, height).narrow(2, left, width).copy_(batch[i]);
  }
  return grid;
}

torch::Tensor make_grid(const std::vector<torch::Tensor>& images, const MakeGridOptions& options) {
  OPSIS_CHECK(!images.empty(), "make_grid: there must be at least one image, got none");
  for (const auto& image : images) {
    OPSIS_CHECK(image.defined() && image.sizes() == images[0].sizes(), "make_grid: images of a list must have one shape");
  }
  return make_grid(torch::stack(images), options);
}

torch::Tensor make_grid(const std::vector<Image>& images, const MakeGridOptions& options) {
  std::vector<torch::Tensor> tensors;
  for (const auto& image : images) tensors.push_back(image.data);
  return make_grid(tensors, options);
}

}  // namespace opsis::inline v1::utils
