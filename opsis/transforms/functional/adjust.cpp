// Brightness, contrast, saturation and gamma.
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

}  // namespace

torch::Tensor adjust_brightness(const torch::Tensor& image, double brightness_factor) {
  detail::check_gray_or_rgb("adjust_brightness", image);
  detail::check_not_negative("adjust_brightness", "brightness_factor", brightness_factor);
  const auto type = image.scalar_type();
  auto out = detail::times(image, brightness_factor).clamp_(0, detail::largest_pixel(type));
  return image.is_floating_point() ? out : out.to(type);
}

torch::Tensor adjust_contrast(const torch::Tensor& image, double contrast_factor) {
  detail::check_gray_or_rgb("adjust_contrast", image);
  detail::check_not_negative("adjust_contrast", "contrast_factor", contrast_factor);
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
  auto gray = detail::luma(image);
  if (!image.is_floating_point()) gray.floor_();
  return blend(image, gray, saturation_factor);
}

torch::Tensor adjust_gamma(const torch::Tensor& image, double gamma, double gain) {
  OPSIS_CHECK(image.defined(), "adjust_gamma: the tensor is undefined");
  detail::check_not_negative("adjust_gamma", "gamma", gamma);
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
