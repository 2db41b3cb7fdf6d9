// Brightness, contrast, saturation and gamma. On uint8 by opsis/simd, on other types by torchvision's operations in its order.
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>

#include "opsis/simd/luma.h"
#include "opsis/transforms/functional/bytes.h"
#include "opsis/transforms/functional/channels.h"
#include "opsis/transforms/functional/color.h"
#include "opsis/transforms/functional/type.h"

namespace opsis::inline v1::transforms::functional {
namespace {

// image * ratio + other * (1 - ratio), within the range of pixels.
torch::Tensor blend(const torch::Tensor& image, const torch::Tensor& other, double ratio) {
  const auto type = image.scalar_type();
  auto out = detail::times(image, ratio).add_(other, 1.0 - ratio).clamp_(0, detail::largest_pixel(type));
  return image.is_floating_point() ? out : out.to(type);
}

// What `level` makes of each, in [0, 255].
template <class Level>
simd::Levels table_of(const Level& level) {
  simd::Levels out;
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = detail::cut_to_byte(std::clamp(level(static_cast<float>(i)), 0.0f, 255.0f));
  }
  return out;
}

// The mean gray of each image, by ATen: its order of summation rounds as torchvision's does.
torch::Tensor mean_gray(const detail::Bytes& in) {
  auto gray = at::empty({in.images, 1, in.height, in.width}, torch::kFloat32);
  auto* const to = gray.mutable_data_ptr<float>();
  for (int64_t i = 0; i < in.images; ++i) {
    parallel_for(0, in.plane(), int64_t{1} << 15, [&](int64_t first, int64_t last) {
      simd::luma(in.rgb(i).from(first), last - first, to + i * in.plane() + first);
    });
  }
  return gray.mean({-3, -2, -1});
}

torch::Tensor contrast_of_bytes(const torch::Tensor& image, double factor) {
  const detail::Bytes in(image);
  const auto means = in.channels == 3 ? mean_gray(in) : image.to(torch::kFloat32).mean({-3, -2, -1}).reshape({-1});
  const auto ratio = static_cast<float>(factor), rest = static_cast<float>(1.0 - factor);
  const auto* const mean = means.const_data_ptr<float>();
  std::vector<simd::Levels> tables;
  for (int64_t i = 0; i < in.images; ++i) {
    const auto table = table_of([&](float level) { return std::fma(mean[i], rest, level * ratio); });
    if (in.images == 1) return detail::map_levels(image, table);
    tables.insert(tables.end(), static_cast<size_t>(in.channels), table);
  }
  return detail::map_levels(in, tables);
}

}  // namespace

torch::Tensor adjust_brightness(const torch::Tensor& image, double brightness_factor) {
  detail::check_gray_or_rgb("adjust_brightness", image);
  detail::check_not_negative("adjust_brightness", "brightness_factor", brightness_factor);
  if (detail::is_bytes(image)) {
    const auto factor = static_cast<float>(brightness_factor);
    return detail::map_levels(image, table_of([&](float level) { return level * factor; }));
  }
  const auto type = image.scalar_type();
  auto out = detail::times(image, brightness_factor).clamp_(0, detail::largest_pixel(type));
  return image.is_floating_point() ? out : out.to(type);
}

torch::Tensor adjust_contrast(const torch::Tensor& image, double contrast_factor) {
  detail::check_gray_or_rgb("adjust_contrast", image);
  detail::check_not_negative("adjust_contrast", "contrast_factor", contrast_factor);
  if (detail::is_bytes(image)) return contrast_of_bytes(image, contrast_factor);
  const bool floating = image.is_floating_point();
  torch::Tensor gray;
  if (image.size(-3) == 3) {
    gray = detail::luma(image);
    if (!floating) gray.floor_();
  } else {
    gray = floating ? image : image.to(torch::kFloat32);
  }
  return blend(image, gray.mean({-3, -2, -1}, /*keepdim=*/true), contrast_factor);
}

torch::Tensor adjust_saturation(const torch::Tensor& image, double saturation_factor) {
  detail::check_gray_or_rgb("adjust_saturation", image);
  detail::check_not_negative("adjust_saturation", "saturation_factor", saturation_factor);
  if (image.size(-3) == 1) return image;
  if (detail::is_bytes(image)) {
    const auto ratio = static_cast<float>(saturation_factor), rest = static_cast<float>(1.0 - saturation_factor);
    const detail::Bytes in(image);
    return detail::map_rgb(in, in.like(), [&](const simd::Rgb& rgb, int64_t count, const simd::RgbOut& out) {
      simd::blend_with_luma(rgb, count, ratio, rest, out);
    });
  }
  auto gray = detail::luma(image);
  if (!image.is_floating_point()) gray.floor_();
  return blend(image, gray, saturation_factor);
}

torch::Tensor adjust_gamma(const torch::Tensor& image, double gamma, double gain) {
  OPSIS_CHECK(image.defined(), "adjust_gamma: the tensor is undefined");
  detail::check_not_negative("adjust_gamma", "gamma", gamma);
  if (detail::is_bytes(image) && image.numel() > 256) {
    const auto levels = adjust_gamma(at::arange(256, torch::kUInt8), gamma, gain);  // all that there can be
    simd::Levels table;
    std::copy_n(levels.const_data_ptr<uint8_t>(), table.size(), table.begin());
    return detail::map_levels(image, table);
  }
  detail::check_held_by_float("adjust_gamma", image.scalar_type());
  auto out = image.is_floating_point() ? image.pow(gamma) : to_dtype(image, torch::kFloat32, {.scale = true}).pow_(gamma);
  if (gain != 1.0) out.mul_(detail::python_number(gain)).clamp_(0.0, 1.0);
  return to_dtype(out, image.scalar_type(), {.scale = true});
}

Image adjust_brightness(const Image& image, double factor) { return wrap(adjust_brightness(image.data, factor), image); }
Video adjust_brightness(const Video& video, double factor) { return wrap(adjust_brightness(video.data, factor), video); }
Image adjust_contrast(const Image& image, double factor) { return wrap(adjust_contrast(image.data, factor), image); }
Video adjust_contrast(const Video& video, double factor) { return wrap(adjust_contrast(video.data, factor), video); }
Image adjust_saturation(const Image& image, double factor) { return wrap(adjust_saturation(image.data, factor), image); }
Video adjust_saturation(const Video& video, double factor) { return wrap(adjust_saturation(video.data, factor), video); }
Image adjust_gamma(const Image& image, double gamma, double gain) { return wrap(adjust_gamma(image.data, gamma, gain), image); }
Video adjust_gamma(const Video& video, double gamma, double gain) { return wrap(adjust_gamma(video.data, gamma, gain), video); }

}  // namespace opsis::inline v1::transforms::functional
