// Sharpening, and its reverse. On uint8 by opsis/simd.
#include <ATen/ops/conv2d.h>
#include <ATen/ops/tensor.h>

#include "opsis/simd/sharpen.h"
#include "opsis/transforms/functional/bytes.h"
#include "opsis/transforms/functional/channels.h"
#include "opsis/transforms/functional/color.h"
#include "opsis/transforms/functional/type.h"

namespace opsis::inline v1::transforms::functional {
namespace {

// A blur of 3x3 that weighs the middle five times.
torch::Tensor smoothed(const torch::Tensor& image) {
  constexpr double side = 1.0 / 13.0, middle = 5.0 / 13.0;
  const auto channels = image.size(-3);
  const auto kernel = at::tensor({side, side, side, side, middle, side, side, side, side}, torch::kFloat64)
                          .to(image.device(), image.scalar_type())
                          .view({1, 1, 3, 3})
                          .expand({channels, 1, 3, 3});
  return at::conv2d(image, kernel, {}, 1, at::IntArrayRef{0}, 1, channels);
}

torch::Tensor sharpness_of_bytes(const detail::Bytes& in, double factor) {
  constexpr int64_t grain = int64_t{1} << 15;
  auto out = in.like();
  auto* const to = out.mutable_data_ptr<uint8_t>();
  for (int64_t i = 0; i < in.pictures(); ++i) {
    const auto picture = in.picture(i);
    const auto row = picture.width * picture.channels;
    parallel_for(0, picture.height, grain / row + 1, [&](int64_t first, int64_t last) {
      for (auto y = first; y < last; ++y) {
        simd::sharpen(picture, static_cast<float>(1.0 - factor), y, to + i * picture.height * row);
      }
    });
  }
  return out;
}

}  // namespace

torch::Tensor adjust_sharpness(const torch::Tensor& image, double sharpness_factor) {
  detail::check_gray_or_rgb("adjust_sharpness", image);
  detail::check_not_negative("adjust_sharpness", "sharpness_factor", sharpness_factor);
  const auto channels = image.size(-3), height = image.size(-2), width = image.size(-1);
  if (image.numel() == 0 || height <= 2 || width <= 2) return image;

  if (detail::is_bytes(image)) return sharpness_of_bytes(detail::Bytes(image), sharpness_factor);
  const auto type = image.scalar_type();
  const bool floating = image.is_floating_point();
  const auto images = image.dim() > 4 ? image.reshape({-1, channels, height, width}) : image;
  auto out = images.to(floating ? type : torch::kFloat32, /*non_blocking=*/false, /*copy=*/true);
  auto blurred = smoothed(out);
  if (!floating) blurred.round_();
  auto inner = out.slice(-2, 1, -1).slice(-1, 1, -1);
  inner.add_(blurred.sub_(inner), 1.0 - sharpness_factor);
  out = out.clamp_(0, detail::largest_pixel(type));
  if (!floating) out = out.to(type);
  return image.dim() > 4 ? out.reshape(image.sizes()) : out;
}

Image adjust_sharpness(const Image& image, double factor) { return wrap(adjust_sharpness(image.data, factor), image); }
Video adjust_sharpness(const Video& video, double factor) { return wrap(adjust_sharpness(video.data, factor), video); }

}  // namespace opsis::inline v1::transforms::functional
