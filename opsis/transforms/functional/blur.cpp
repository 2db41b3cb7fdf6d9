#include "opsis/transforms/functional/blur.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/reflection_pad2d.h>
#include <ATen/ops/softmax.h>

#include <algorithm>
#include <cmath>

#include "opsis/transforms/functional/bytes.h"
#include "opsis/transforms/functional/planes.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::functional {
namespace {

// A Gaussian of so many taps, whose sum is 1.
torch::Tensor gaussian(int64_t taps, double sigma, torch::TensorOptions options) {
  const double end = static_cast<double>(taps - 1) / (2.0 * std::sqrt(2.0));
  const auto x = at::linspace(-end, end, taps, options);
  return at::softmax(x.div(detail::python_number(sigma)).pow(2).neg(), 0);
}

torch::Tensor convolved(const torch::Tensor& image, torch::IntArrayRef taps, const std::vector<double>& sigma) {
  const auto channels = image.size(-3);
  const bool floating = image.is_floating_point();
  const auto type = floating ? image.scalar_type() : torch::kFloat32;
  const auto options = image.options().dtype(type);
  const auto kernel = gaussian(taps[1], sigma[1], options).unsqueeze(-1) * gaussian(taps[0], sigma[0], options);

  auto pixels = image.dim() == 3 ? image.unsqueeze(0) : image;
  if (image.dim() > 4) pixels = image.reshape({-1, channels, image.size(-2), image.size(-1)});
  pixels = at::reflection_pad2d(pixels.to(type), {taps[0] / 2, taps[0] / 2, taps[1] / 2, taps[1] / 2});
  pixels = at::conv2d(pixels, kernel.expand({channels, 1, taps[1], taps[0]}), {}, 1, at::IntArrayRef{0}, 1, channels);
  if (!floating) pixels = pixels.round_().to(image.scalar_type());
  return pixels.reshape(image.sizes());
}

// The middle of a Gaussian and what follows it.
std::vector<float> half_of_gaussian(int64_t taps, double sigma) {
  const auto whole = gaussian(taps, sigma, torch::TensorOptions(torch::kFloat32));
  const auto* const first = whole.const_data_ptr<float>();
  return {first + taps / 2, first + taps};
}

torch::Tensor blur_of_bytes(const detail::Bytes& in, torch::IntArrayRef taps, const std::vector<double>& sigma) {
  constexpr int64_t grain = int64_t{1} << 16;
  const auto along_rows = half_of_gaussian(taps[0], sigma[0]), along_columns = half_of_gaussian(taps[1], sigma[1]);
  auto out = in.like();
  auto* const to = out.mutable_data_ptr<uint8_t>();
  for (int64_t i = 0; i < in.pictures(); ++i) {
    const auto picture = in.picture(i);
    const auto row = picture.width * picture.channels;
    // A band begins with rows that it only reads: it should have many more.
    const auto rows = std::max(grain / row + 1, 4 * taps[1]);
    parallel_for(0, picture.height, rows, [&](int64_t first, int64_t last) {
      simd::blur(picture, along_rows, along_columns, first, last, to + i * picture.height * row);
    });
  }
  return out;
}

}  // namespace

torch::Tensor gaussian_blur(const torch::Tensor& image, torch::IntArrayRef kernel_size, const GaussianBlurOptions& options) {
  detail::check_dims("gaussian_blur", image, 3);
  OPSIS_CHECK(kernel_size.size() == 1 || kernel_size.size() == 2, "gaussian_blur: kernel_size must have 1 or 2 numbers, got {}",
              kernel_size.size());
  const int64_t taps[] = {kernel_size.front(), kernel_size.back()};
  for (const auto size : taps) {
    OPSIS_CHECK(size > 0 && size % 2 == 1, "gaussian_blur: kernel_size must be odd and positive, got {}", size);
  }
  auto sigma = options.sigma;
  OPSIS_CHECK(sigma.size() <= 2, "gaussian_blur: sigma must have 1 or 2 numbers, got {}", sigma.size());
  if (sigma.empty()) {
    for (const auto size : taps) sigma.push_back(static_cast<double>(size) * 0.15 + 0.35);
  }
  if (sigma.size() == 1) sigma.push_back(sigma[0]);
  for (const auto s : sigma) OPSIS_CHECK(!(s <= 0.0), "gaussian_blur: sigma must be positive, got {}", s);
  if (image.numel() == 0) return image;
  OPSIS_CHECK(taps[0] / 2 < image.size(-1) && taps[1] / 2 < image.size(-2),
              "gaussian_blur: half of the kernel {} must be less than the sides of the image {}", torch::IntArrayRef(taps),
              opsis::detail::shape(image));
  const bool numbers = !std::isnan(sigma[0]) && !std::isnan(sigma[1]);
  if (options.exact || !numbers || !detail::is_bytes(image)) return convolved(image, taps, sigma);
  auto out = blur_of_bytes(detail::Bytes(image), taps, sigma);
  const bool one_of_a_batch = image.dim() != 4 && image.numel() == c10::multiply_integers(image.sizes().slice(image.dim() - 3));
  return one_of_a_batch ? detail::in_planes(out) : out;
}

Image gaussian_blur(const Image& image, torch::IntArrayRef kernel_size, const GaussianBlurOptions& options) {
  return wrap(gaussian_blur(image.data, kernel_size, options), image);
}
Video gaussian_blur(const Video& video, torch::IntArrayRef kernel_size, const GaussianBlurOptions& options) {
  return wrap(gaussian_blur(video.data, kernel_size, options), video);
}

}  // namespace opsis::inline v1::transforms::functional
