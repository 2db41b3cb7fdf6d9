#include "opsis/models/detection/transform.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/models/detection/masks.h"
#include "opsis/transforms/repr.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models::detection {
namespace rcnn_transform {

using torch::Tensor;

// What the coordinates are multiplied with, found in float32 as torchvision finds it: height, width.
std::pair<double, double> ratios(Size original, Size wanted) {
  const auto ratio = [](int64_t to, int64_t from) { return static_cast<float>(to) / static_cast<float>(from); };
  return {ratio(wanted.height, original.height), ratio(wanted.width, original.width)};
}

// Coordinates times what belongs to their columns. Those of 16 bits are rounded once, behind the product, as torchvision's are.
Tensor scaled(const Tensor& coordinates, const std::vector<double>& by) {
  const auto type = coordinates.is_floating_point() ? coordinates.scalar_type() : torch::kFloat32;
  const auto wide = type == torch::kFloat64 ? type : torch::kFloat32;
  return (coordinates.to(wide) * torch::tensor(by, torch::kFloat64).to(coordinates.device(), wide)).to(type);
}

Tensor batch_of(const std::vector<Tensor>& images, int64_t divisor) {
  int64_t channels = 0, height = 0, width = 0;
  for (const auto& image : images) {
    channels = std::max(channels, image.size(0));
    height = std::max(height, image.size(1));
    width = std::max(width, image.size(2));
  }
  const auto rounded = [&](int64_t side) { return (side + divisor - 1) / divisor * divisor; };
  auto batch = torch::zeros({static_cast<int64_t>(images.size()), channels, rounded(height), rounded(width)},
                            images.front().options().requires_grad(false));
  for (size_t i = 0; i < images.size(); ++i) {
    const auto& image = images[i];
    batch[static_cast<int64_t>(i)]
        .narrow(0, 0, image.size(0))
        .narrow(1, 0, image.size(1))
        .narrow(2, 0, image.size(2))
        .copy_(image);
  }
  return batch;
}

}  // namespace rcnn_transform

using torch::Tensor;

GeneralizedRCNNTransformImpl::GeneralizedRCNNTransformImpl(TransformOptions given)
    : torch::nn::Module("GeneralizedRCNNTransform"), options(std::move(given)) {
  constexpr std::string_view owner = "GeneralizedRCNNTransform";
  if (options.min_size.empty()) options.min_size = {800};
  if (!options.max_size) options.max_size = 1333;
  if (!options.image_mean) options.image_mean = detail::Pixels().mean;
  if (!options.image_std) options.image_std = detail::Pixels().std;
  const auto means = options.image_mean->size(), deviations = options.image_std->size();
  OPSIS_CHECK(means > 0 && deviations > 0 && (means == deviations || means == 1 || deviations == 1),
              "{}: image_mean and image_std must have as many numbers as images have channels, got {} and {}", owner, means,
              deviations);
  for (const auto size : options.min_size) OPSIS_CHECK(size > 0, "{}: min_size must be positive, got {}", owner, size);
  OPSIS_CHECK(*options.max_size > 0, "{}: max_size must be positive, got {}", owner, *options.max_size);
  OPSIS_CHECK(options.size_divisible > 0, "{}: size_divisible must be positive, got {}", owner, options.size_divisible);
  OPSIS_CHECK(!options.fixed_size || (options.fixed_size->height > 0 && options.fixed_size->width > 0),
              "{}: fixed_size must be positive, got {}", owner, *options.fixed_size);
  for (const auto std : *options.image_std) OPSIS_CHECK(std > 0, "{}: image_std must be positive, got {}", owner, std);
}

Tensor GeneralizedRCNNTransformImpl::normalize(const Tensor& image) const {
  const auto of_channels = [&](const std::vector<double>& values) {
    return torch::tensor(values, torch::kFloat64).to(image.options().requires_grad(false)).view({-1, 1, 1});
  };
  return (image - of_channels(*options.image_mean)) / of_channels(*options.image_std);
}

// The size that an image is brought to; draws.
Size GeneralizedRCNNTransformImpl::resized(Size size) {
  auto min_size = options.min_size.back();
  if (is_training()) {
    if (options.skip_resize) return size;
    min_size = options.min_size[static_cast<size_t>(random::uniform(0, static_cast<double>(options.min_size.size())))];
  }
  if (options.fixed_size) return *options.fixed_size;
  const auto [shorter, longer] = std::minmax(size.height, size.width);
  const auto scale = std::min(static_cast<double>(min_size) / static_cast<double>(shorter),
                              static_cast<double>(*options.max_size) / static_cast<double>(longer));
  const auto scaled = [&](int64_t side) { return static_cast<int64_t>(static_cast<double>(side) * scale); };
  const Size found{scaled(size.height), scaled(size.width)};
  OPSIS_CHECK(found.height > 0 && found.width > 0,
              "GeneralizedRCNNTransform: nothing is left of an image of {}, brought to {} at the longer side", size,
              *options.max_size);
  return found;
}

GeneralizedRCNNTransformImpl::Batch GeneralizedRCNNTransformImpl::forward(const std::vector<Tensor>& images,
                                                                          std::vector<DetectionTarget> targets) {
  std::vector<Tensor> ready;
  for (size_t i = 0; i < images.size(); ++i) {
    // One channel is spread over all.
    OPSIS_CHECK(images[i].size(0) == channels() || images[i].size(0) == 1,
                "GeneralizedRCNNTransform: images must be ({}, H, W), got {} as image {}", channels(),
                opsis::detail::shape(images[i]), i);
    const Size before{images[i].size(1), images[i].size(2)};
    const auto after = resized(before);
    auto image = normalize(images[i]);
    const bool resizes = !(is_training() && options.skip_resize);
    if (resizes) {
      image = torch::upsample_bilinear2d(image.unsqueeze(0), {after.height, after.width}, /*align_corners=*/false)[0];
    }
    ready.push_back(image);
    if (targets.empty()) continue;
    auto& target = targets[i];
    target.boxes = resize_boxes(target.boxes, before, after);
    if (!resizes) continue;
    if (target.masks.defined()) {
      target.masks =
          torch::upsample_nearest2d(target.masks.to(torch::kUInt8).unsqueeze(1), {after.height, after.width}).squeeze(1);
    }
    if (target.keypoints.defined()) target.keypoints = resize_keypoints(target.keypoints, before, after);
  }
  return {{rcnn_transform::batch_of(ready, options.size_divisible), sizes_of(ready)}, std::move(targets)};
}

std::vector<Detection> GeneralizedRCNNTransformImpl::postprocess(std::vector<Detection> found,
                                                                 const std::vector<Size>& image_sizes,
                                                                 const std::vector<Size>& original_sizes) const {
  if (is_training()) return found;
  for (size_t i = 0; i < found.size(); ++i) {
    auto& of_image = found[i];
    of_image.boxes = resize_boxes(of_image.boxes, image_sizes[i], original_sizes[i]);
    if (of_image.masks.defined()) of_image.masks = paste_masks_in_image(of_image.masks, of_image.boxes, original_sizes[i]);
    if (of_image.keypoints.defined()) {
      of_image.keypoints = resize_keypoints(of_image.keypoints, image_sizes[i], original_sizes[i]);
    }
  }
  return found;
}

int64_t GeneralizedRCNNTransformImpl::channels() const {
  return std::max(std::ssize(*options.image_mean), std::ssize(*options.image_std));
}

void GeneralizedRCNNTransformImpl::pretty_print(std::ostream& out) const {
  using transforms::detail::python;
  std::string sizes;  // in Python a tuple, whose only number has a comma behind it
  for (const auto size : options.min_size) sizes += (sizes.empty() ? "" : ", ") + python(size);
  if (options.min_size.size() == 1) sizes += ",";
  out << "GeneralizedRCNNTransform(\n    Normalize(mean=" << python(*options.image_mean)
      << ", std=" << python(*options.image_std) << ")\n    Resize(min_size=(" << sizes << "), max_size=" << *options.max_size
      << ", mode='bilinear')\n)";
}

Tensor resize_boxes(const Tensor& boxes, Size original_size, Size new_size) {
  const auto [height, width] = rcnn_transform::ratios(original_size, new_size);
  return rcnn_transform::scaled(boxes, {width, height, width, height});
}

Tensor resize_keypoints(const Tensor& keypoints, Size original_size, Size new_size) {
  const auto [height, width] = rcnn_transform::ratios(original_size, new_size);
  return rcnn_transform::scaled(keypoints, {width, height, 1});
}

std::vector<Size> sizes_of(const std::vector<Tensor>& images) {
  std::vector<Size> sizes;
  for (const auto& image : images) sizes.push_back({image.size(-2), image.size(-1)});
  return sizes;
}

void detail::settle_pixels(std::string_view owner, TransformOptions& transform, int64_t in_channels, const Pixels& usual) {
  OPSIS_CHECK(in_channels > 0, "{}: in_channels must be positive, got {}", owner, in_channels);
  const auto settle = [&](std::string_view name, std::optional<std::vector<double>>& given, const std::vector<double>& three) {
    OPSIS_CHECK(!given || given->size() == 1 || std::ssize(*given) == in_channels,
                "{}: {} must have a number for each of {} channels, got {}", owner, name, in_channels, given->size());
    if (given) {
      if (given->size() == 1) given->assign(static_cast<size_t>(in_channels), given->front());
      return;
    }
    auto& values = given.emplace(in_channels, (three[0] + three[1] + three[2]) / 3);
    if (in_channels < 3) return;
    for (size_t i = 0; i < values.size(); ++i) values[i] = three[i % 3];
  };
  settle("image_mean", transform.image_mean, usual.mean);
  settle("image_std", transform.image_std, usual.std);
}

}  // namespace opsis::inline v1::models::detection
