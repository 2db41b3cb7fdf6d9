// Sizes, places, blurring and normalising: what goes by way of floating point in v1.
#include <torch/torch.h>

#include "opsis/core/check.h"
#include "opsis/transforms/v1/functional.h"
#include "opsis/transforms/v1/shared.h"

namespace opsis::inline v1::transforms::v1::functional {
namespace {

using torch::Tensor;

bool blends(InterpolationMode mode) { return mode == InterpolationMode::BILINEAR || mode == InterpolationMode::BICUBIC; }

// Integers resized with antialias by way of float32. A 12-megapixel photo is 144 MB of float32, and touching that much fresh
// memory takes longer than the resampling, so large images go in bands of rows that stay in the cache. ATen resamples along
// rows first and along columns then, so the bits are the same.
Tensor resize_by_float(std::string_view where, const Tensor& images, Size size, InterpolationMode mode) {
  constexpr int64_t large = int64_t{1} << 22, rows = 128;
  const auto resized = [&](const Tensor& pixels, Size to) {
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

Tensor resized(const Tensor& image, Size size, const ResizeOptions& options) {
  constexpr auto where = "resize";
  const auto type = image.scalar_type();
  const auto mode = options.interpolation;
  const bool antialias = options.antialias && blends(mode);
  const bool by_float = type != torch::kFloat32 && type != torch::kFloat64;
  auto pixels = image.dim() < 4 ? image.unsqueeze(0) : image;
  if (antialias && detail::is_rounded(type)) {
    pixels = resize_by_float(where, pixels, size, mode);
  } else {
    if (by_float) pixels = pixels.to(torch::kFloat32);
    pixels = detail::interpolate(where, pixels, size, mode, antialias);
  }
  if (mode == InterpolationMode::BICUBIC && type == torch::kUInt8) pixels.clamp_(0, 255);  // it overshoots at edges
  if (image.dim() < 4) pixels = pixels.squeeze(0);
  if (detail::is_rounded(type)) pixels.round_();
  return by_float ? pixels.to(type) : pixels;
}

// What v1 asks of an image whose borders are not constant.
void check_mirrored(const Tensor& image, const detail::Borders& b, PaddingMode mode) {
  const bool symmetric = mode == PaddingMode::Symmetric;
  OPSIS_CHECK(image.dim() <= 4 && image.dim() >= (symmetric ? 3 : 2), "pad: {} takes (C, H, W) and (N, C, H, W), got {}", mode,
              opsis::detail::shape(image));
  const int64_t height = image.size(-2), width = image.size(-1);
  const bool pixels = height > 0 && width > 0 && (symmetric || image.dim() < 3 || image.size(-3) > 0);
  OPSIS_CHECK(pixels && height + b.top + b.bottom > 0 && width + b.left + b.right > 0,
              "pad: {} needs pixels before and after, got {}", mode, opsis::detail::shape(image));
}

// A Gaussian of so many taps, whose sum is 1.
Tensor bell_of(int64_t taps, double sigma, const torch::TensorOptions& options) {
  const double end = static_cast<double>(taps - 1) * 0.5;
  const auto x = torch::linspace(-end, end, taps, options);
  const auto pdf = detail::times(x.div(detail::python_number(sigma)).pow(2), -0.5).exp();
  return pdf / pdf.sum();
}

}  // namespace

Tensor resize(const Tensor& image, torch::IntArrayRef wanted, const ResizeOptions& options) {
  detail::check_dims("resize", image, 2);
  OPSIS_CHECK(wanted.size() == 1 || wanted.size() == 2, "resize: size must have 1 or 2 numbers, got {}", wanted.size());
  const auto size = detail::resized_size({image.size(-2), image.size(-1)}, wanted, options.max_size);
  if (size == Size{image.size(-2), image.size(-1)}) return image;
  detail::check_batch("resize", image);
  OPSIS_CHECK(options.interpolation != InterpolationMode::LANCZOS, "resize: v1 has no lanczos for tensors");
  return detail::or_refuse("resize", [&] { return resized(image, size, options); });
}

Tensor crop(const Tensor& image, Region region) {
  detail::check_dims("crop", image, 2);
  return detail::with_channel(image, [&](const Tensor& whole) { return transforms::functional::crop(whole, region); });
}

Tensor center_crop(const Tensor& image, torch::IntArrayRef size) {
  detail::check_dims("center_crop", image, 2);
  if (image.numel() > 0) return transforms::functional::center_crop(image, size);
  OPSIS_CHECK(size.size() == 1 || size.size() == 2, "center_crop: size must have 1 or 2 numbers, got {}", size.size());
  // Without pixels: zeros, of which there may be some.
  return image.new_zeros(detail::shape_with(image, {size.front(), size.back()}));
}

Tensor resized_crop(const Tensor& image, Region region, torch::IntArrayRef size, const ResizedCropOptions& options) {
  return resize(functional::crop(image, region), size,
                {.interpolation = options.interpolation, .antialias = options.antialias});
}

Tensor pad(const Tensor& image, torch::IntArrayRef padding, const Fill& fill, PaddingMode padding_mode) {
  detail::check_dims("pad", image, 2);
  OPSIS_CHECK(!fill.is_list(), "pad: a tensor takes one fill, not a list, got {}", fill.repr());
  if (padding_mode != PaddingMode::Constant) check_mirrored(image, detail::borders("pad", padding), padding_mode);
  return detail::with_channel(image, [&](const Tensor& pixels) {
    return detail::or_refuse("pad", [&] { return transforms::functional::pad(pixels, padding, fill, padding_mode); });
  });
}

Tensor normalize(const Tensor& image, torch::ArrayRef<double> mean, torch::ArrayRef<double> std,
                 const NormalizeOptions& options) {
  detail::check_dims("normalize", image, 3);
  OPSIS_CHECK(image.size(-3) != 1 || (mean.size() == 1 && std.size() == 1),
              "normalize: mean and std must have 1 number for one channel, got {} and {}", mean.size(), std.size());
  return transforms::functional::normalize(image, mean, std, options);
}

Tensor gaussian_blur(const Tensor& image, torch::IntArrayRef kernel_size, const GaussianBlurOptions& options) {
  constexpr auto where = "gaussian_blur";
  OPSIS_CHECK(kernel_size.size() == 2, "gaussian_blur: kernel_size must have 2 numbers, got {}", kernel_size.size());
  for (const auto size : kernel_size) {
    OPSIS_CHECK(size > 0 && size % 2 == 1, "gaussian_blur: kernel_size must be odd and positive, got {}", size);
  }
  auto sigma = options.sigma;
  OPSIS_CHECK(sigma.size() <= 2, "gaussian_blur: sigma must have 1 or 2 numbers, got {}", sigma.size());
  if (sigma.empty()) {
    for (const auto size : kernel_size) sigma.push_back(static_cast<double>(size) * 0.15 + 0.35);
  }
  if (sigma.size() == 1) sigma.push_back(sigma[0]);
  for (const auto s : sigma) OPSIS_CHECK(!(s <= 0.0), "gaussian_blur: sigma must be positive, got {}", s);
  detail::check_batch(where, image);

  const auto type = detail::float_type(image);
  const auto wide = kernel_size[0], high = kernel_size[1], channels = image.size(-3);
  return detail::or_refuse(where, [&] {
    const auto options_of_bell = image.options().dtype(type);
    const auto kernel =
        bell_of(high, sigma[1], options_of_bell).unsqueeze(1).mm(bell_of(wide, sigma[0], options_of_bell).unsqueeze(0));
    return detail::in_float(image, type, [&](const Tensor& pixels) {
      const auto padded = torch::reflection_pad2d(pixels, {wide / 2, wide / 2, high / 2, high / 2});
      return torch::conv2d(padded, kernel.expand({channels, 1, high, wide}), Tensor(), 1, at::IntArrayRef{0}, 1, channels);
    });
  });
}

}  // namespace opsis::inline v1::transforms::v1::functional
