#include "opsis/transforms/v1/functional.h"

#include <torch/torch.h>

#include <cmath>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/color.h"
#include "opsis/transforms/functional/tensor.h"
#include "opsis/transforms/functional/type.h"

namespace opsis::inline v1::transforms::v1::functional {
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
torch::Tensor resize_by_float(std::string_view where, const torch::Tensor& images, Size size, InterpolationMode mode) {
  constexpr int64_t large = int64_t{1} << 22, rows = 128;
  const auto resized = [&](const torch::Tensor& pixels, Size to) {
    return detail::interpolate(where, pixels.to(torch::kFloat32), to, mode, true);
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

void check_channels(std::string_view where, const torch::Tensor& image) {
  detail::check_dims(where, image, 3);
  OPSIS_CHECK(image.size(-3) == 1 || image.size(-3) == 3, "{}: the image must have 1 or 3 channels, got {}", where,
              image.size(-3));
}

void check_factor(std::string_view where, double factor) {
  OPSIS_CHECK(factor >= 0, "{}: the factor must not be negative, got {}", where, factor);
}

void check_bytes(std::string_view where, const torch::Tensor& image) {
  check_channels(where, image);
  OPSIS_CHECK(image.scalar_type() == torch::kUInt8, "{}: the image must be uint8, got {}", where, image.scalar_type());
}

torch::Tensor blend(const torch::Tensor& image, const torch::Tensor& other, double ratio) {
  const auto bound = detail::largest_pixel(image.scalar_type());
  return (detail::times(image, ratio) + detail::times(other, 1 - ratio)).clamp_(0, bound).to(image.scalar_type());
}

torch::ScalarType blending_type(const torch::Tensor& image) {
  return image.is_floating_point() ? image.scalar_type() : torch::kFloat32;
}

// Each pixel but the outermost, with 5/13 of itself and 1/13 of each neighbour.
torch::Tensor softened(const torch::Tensor& image) {
  const auto type = blending_type(image);
  auto kernel = torch::ones({3, 3}, type);
  kernel[1][1] = 5.0;
  kernel.div_(kernel.sum());
  const auto channels = image.size(-3);
  auto pixels = image.dim() < 4 ? image.unsqueeze(0) : image;
  pixels = torch::conv2d(pixels.to(type), kernel.expand({channels, 1, 3, 3}), torch::Tensor(), {1, 1}, torch::IntArrayRef{0, 0},
                         {1, 1}, channels);
  if (image.dim() < 4) pixels = pixels.squeeze(0);
  if (type != image.scalar_type())
    pixels = (is_integer(image.scalar_type()) ? pixels.round_() : pixels).to(image.scalar_type());
  auto out = image.clone();
  out.slice(-2, 1, -1).slice(-1, 1, -1).copy_(pixels);
  return out;
}

}  // namespace

torch::Tensor resize(const torch::Tensor& image, torch::IntArrayRef wanted, const ResizeOptions& options) {
  constexpr auto where = "resize";
  detail::check_dims(where, image, 3);
  const auto size = detail::resized_size({image.size(-2), image.size(-1)}, wanted, options.max_size);
  if (size == Size{image.size(-2), image.size(-1)}) return image;

  const auto type = image.scalar_type();
  const bool by_float = type != torch::kFloat32 && type != torch::kFloat64;
  auto pixels = image.dim() < 4 ? image.unsqueeze(0) : image;
  const auto mode = options.interpolation;
  const bool antialias = options.antialias && blends(mode);
  if (antialias && is_integer(type)) {
    pixels = resize_by_float(where, pixels, size, mode);
  } else {
    if (by_float) pixels = pixels.to(torch::kFloat32);
    pixels = detail::interpolate(where, pixels, size, mode, antialias);
  }
  if (mode == InterpolationMode::BICUBIC && type == torch::kUInt8) pixels.clamp_(0, 255);  // it overshoots at edges
  if (image.dim() < 4) pixels = pixels.squeeze(0);
  if (is_integer(type)) pixels.round_();
  return by_float ? pixels.to(type) : pixels;
}

torch::Tensor convert_image_dtype(const torch::Tensor& image, torch::ScalarType dtype) {
  if (image.is_floating_point() || !torch::isFloatingType(dtype)) {
    return transforms::functional::to_dtype(image, dtype, {.scale = true});
  }
  return image.to(dtype).div_(detail::python_number(detail::largest_pixel(image.scalar_type())));
}

torch::Tensor rgb_to_grayscale(const torch::Tensor& image, int64_t num_output_channels) {
  check_channels("rgb_to_grayscale", image);
  OPSIS_CHECK(num_output_channels == 1 || num_output_channels == 3,
              "rgb_to_grayscale: num_output_channels must be 1 or 3, got {}", num_output_channels);
  torch::Tensor luma;
  if (image.size(-3) == 3) {
    const auto rgb = image.unbind(-3);
    using detail::times;
    luma = (times(rgb[0], 0.2989) + times(rgb[1], 0.587) + times(rgb[2], 0.114)).to(image.scalar_type()).unsqueeze(-3);
  } else {
    luma = image.clone();
  }
  return num_output_channels == 1 ? luma : luma.expand(image.sizes());  // one channel stays one
}

torch::Tensor adjust_contrast(const torch::Tensor& image, double contrast_factor) {
  check_factor("adjust_contrast", contrast_factor);
  check_channels("adjust_contrast", image);
  const auto gray = image.size(-3) == 3 ? rgb_to_grayscale(image) : image;
  return blend(image, gray.to(blending_type(image)).mean(torch::IntArrayRef{-3, -2, -1}, true), contrast_factor);
}

torch::Tensor adjust_saturation(const torch::Tensor& image, double saturation_factor) {
  check_factor("adjust_saturation", saturation_factor);
  check_channels("adjust_saturation", image);
  return image.size(-3) == 1 ? image : blend(image, rgb_to_grayscale(image), saturation_factor);
}

torch::Tensor adjust_sharpness(const torch::Tensor& image, double sharpness_factor) {
  check_factor("adjust_sharpness", sharpness_factor);
  check_channels("adjust_sharpness", image);
  if (image.size(-1) <= 2 || image.size(-2) <= 2) return image;
  return blend(image, softened(image), sharpness_factor);
}

torch::Tensor autocontrast(const torch::Tensor& image) {
  check_channels("autocontrast", image);
  const auto type = blending_type(image);
  const auto bound = detail::largest_pixel(image.scalar_type());
  auto least = image.amin({-2, -1}, true).to(type);
  const auto most = image.amax({-2, -1}, true).to(type);
  auto scale = (most - least).reciprocal_().mul_(bound);
  const auto flat = scale.isfinite().logical_not_();
  least.masked_fill_(flat, 0);
  scale.masked_fill_(flat, 1);
  return ((image - least) * scale).clamp_(0, bound).to(image.scalar_type());
}

torch::Tensor posterize(const torch::Tensor& image, int64_t bits) {
  check_bytes("posterize", image);
  OPSIS_CHECK(bits >= 0 && bits <= 8, "posterize: bits must be from 0 to 8, got {}", bits);
  return image.bitwise_and(256 - (int64_t{1} << (8 - bits)));
}

torch::Tensor equalize(const torch::Tensor& image) {
  check_bytes("equalize", image);
  return transforms::functional::equalize(image);
}

}  // namespace opsis::inline v1::transforms::v1::functional
