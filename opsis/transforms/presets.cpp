#include "opsis/transforms/presets.h"

#include "opsis/core/check.h"
#include "opsis/transforms/functional/crop.h"
#include "opsis/transforms/functional/resize.h"
#include "opsis/transforms/functional/tensor.h"
#include "opsis/transforms/functional/type.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {
namespace {

bool is_integer(torch::ScalarType type) {
  switch (type) {
    case torch::kUInt8:
    case torch::kInt8:
    case torch::kInt16:
    case torch::kInt32:
    case torch::kInt64: return true;
    default: return false;
  }
}

bool blends(InterpolationMode mode) { return mode == InterpolationMode::BILINEAR || mode == InterpolationMode::BICUBIC; }

// Integers resized with antialias by way of float32. A 12-megapixel photo is 144 MB of float32, and touching that much fresh
// memory takes longer than the resampling, so large images go in bands of rows that stay in the cache. ATen resamples along
// rows first and along columns then, so the bits are the same.
torch::Tensor resize_by_float(const torch::Tensor& images, Size size, InterpolationMode mode) {
  constexpr int64_t large = int64_t{1} << 22, rows = 128;
  const auto resized = [&](const torch::Tensor& pixels, Size to) {
    return detail::interpolate("ImageClassification", pixels.to(torch::kFloat32), to, mode, true);
  };
  const int64_t height = images.size(-2);
  if (images.numel() < large || height <= rows || size.width <= 0) return resized(images, size);
  const auto narrow = images.new_empty({images.size(0), images.size(1), height, size.width}, torch::kFloat32);
  for (int64_t top = 0; top < height; top += rows) {
    const auto band = images.slice(-2, top, top + rows);
    narrow.slice(-2, top, top + rows).copy_(resized(band, {band.size(-2), size.width}));
  }
  return resized(narrow, size);
}

// torchvision.transforms.functional.resize, the older one: every type but float32 and float64 goes by way of float32.
torch::Tensor resize_v1(const torch::Tensor& image, int64_t shorter, InterpolationMode mode, bool antialias) {
  detail::check_dims("ImageClassification", image, 3);
  const auto size = detail::resized_size({image.size(-2), image.size(-1)}, shorter, {});
  if (size == Size{image.size(-2), image.size(-1)}) return image;

  const auto type = image.scalar_type();
  const bool by_float = type != torch::kFloat32 && type != torch::kFloat64;
  auto pixels = image.dim() < 4 ? image.unsqueeze(0) : image;
  antialias = antialias && blends(mode);
  if (antialias && is_integer(type)) {
    pixels = resize_by_float(pixels, size, mode);
  } else {
    if (by_float) pixels = pixels.to(torch::kFloat32);
    pixels = detail::interpolate("ImageClassification", pixels, size, mode, antialias);
  }
  if (mode == InterpolationMode::BICUBIC && type == torch::kUInt8) pixels.clamp_(0, 255);  // it overshoots at edges
  if (image.dim() < 4) pixels = pixels.squeeze(0);
  if (is_integer(type)) pixels.round_();
  return by_float ? pixels.to(type) : pixels;
}

// torchvision.transforms.functional.convert_image_dtype, the older one: it divides.
torch::Tensor to_unit_range_v1(const torch::Tensor& image) {
  const auto pixels = image.to(torch::kFloat32);
  return image.is_floating_point() ? pixels : pixels.div_(detail::largest_pixel(image.scalar_type()));
}

}  // namespace

ImageClassification::ImageClassification(ImageClassificationOptions options) : options_(options) {}

Value ImageClassification::transform(const Value& value) const {
  return apply_kernel<Image>(value, [&](const Image& image) {
    auto pixels = resize_v1(image.data, options_.resize_size, options_.interpolation, options_.antialias);
    pixels = functional::center_crop(pixels, options_.crop_size);
    pixels = to_unit_range_v1(pixels);
    return wrap(functional::normalize(pixels, options_.mean, options_.std), image);
  });
}

std::string ImageClassification::repr() const {
  const auto list = [](const auto& numbers) { return detail::python(std::vector<double>(numbers.begin(), numbers.end())); };
  return text(
      "ImageClassification(\n    crop_size=[{}]\n    resize_size=[{}]\n    mean={}\n    std={}\n    interpolation={}\n)",
      options_.crop_size, options_.resize_size, list(options_.mean), list(options_.std),
      detail::enum_name(options_.interpolation));
}

std::string ImageClassification::describe() const {
  return text(
      "Takes an image (C, H, W) or a batch of them (N, C, H, W). The shorter side is resized to {} by {} interpolation, a "
      "square of {} is cut from the middle, and values are brought to [0, 1] and normalised.",
      options_.resize_size, options_.interpolation, options_.crop_size);
}

}  // namespace opsis::inline v1::transforms
