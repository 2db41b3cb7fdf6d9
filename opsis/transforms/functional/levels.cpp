// Kernels that map levels to levels: posterize, solarize, invert, autocontrast, equalize.
#include <ATen/ops/cat.h>
#include <ATen/ops/rsub.h>
#include <ATen/ops/where.h>

#include "opsis/transforms/functional/channels.h"
#include "opsis/transforms/functional/color.h"
#include "opsis/transforms/functional/type.h"

namespace opsis::inline v1::transforms::functional {

torch::Tensor posterize(const torch::Tensor& image, int64_t bits) {
  OPSIS_CHECK(image.defined(), "posterize: the tensor is undefined");
  OPSIS_CHECK(bits >= 0 && bits <= 8, "posterize: bits must be in [0, 8], got {}", bits);
  if (image.is_floating_point()) {
    const auto levels = int64_t{1} << bits;
    return image.mul(levels).floor_().clamp_(0, levels - 1).mul_(detail::python_number(1.0 / static_cast<double>(levels)));
  }
  const auto all = detail::value_bits("posterize", image.scalar_type());
  if (bits >= all) return image;
  return image.bitwise_and(((int64_t{1} << bits) - 1) << (all - bits));
}

torch::Tensor invert(const torch::Tensor& image) {
  OPSIS_CHECK(image.defined(), "invert: the tensor is undefined");
  if (image.is_floating_point()) return at::rsub(image, 1.0);
  if (image.scalar_type() == torch::kUInt8) return image.bitwise_not();
  const auto bits = detail::value_bits("invert", image.scalar_type());
  return image.bitwise_xor(static_cast<int64_t>((uint64_t{1} << bits) - 1));  // not the bit of the sign
}

torch::Tensor solarize(const torch::Tensor& image, double threshold) {
  OPSIS_CHECK(image.defined(), "solarize: the tensor is undefined");
  const auto most = detail::largest_pixel(image.scalar_type());
  OPSIS_CHECK(!(threshold > most), "solarize: threshold must be at most {}, the largest pixel of {}, got {}", most,
              image.scalar_type(), threshold);
  return at::where(image.ge(threshold), invert(image), image);
}

torch::Tensor autocontrast(const torch::Tensor& image) {
  detail::check_gray_or_rgb("autocontrast", image);
  if (image.numel() == 0) return image;
  const auto type = image.scalar_type();
  const auto most = detail::largest_pixel(type);
  const auto pixels = image.is_floating_point() ? image : image.to(torch::kFloat32);
  auto low = pixels.amin({-2, -1}, true), high = pixels.amax({-2, -1}, true);
  const auto flat = high.eq(low);
  auto step = high.sub_(low).mul_(detail::python_number(1.0 / most));
  low.masked_fill_(flat, 0.0);
  step.masked_fill_(flat, 1.0);
  return pixels.sub(low).div_(step).clamp_(0, most).to(type);
}

torch::Tensor equalize(const torch::Tensor& image) {
  detail::check_dims("equalize", image, 2);
  if (image.numel() == 0) return image;
  const auto pixels = to_dtype(image, torch::kUInt8, {.scale = true});
  const auto flat = pixels.flatten(-2).to(torch::kInt64);
  auto histogram_shape = pixels.sizes().slice(0, pixels.dim() - 2).vec();
  histogram_shape.push_back(256);
  auto histogram = flat.new_zeros(histogram_shape, torch::kInt32);
  histogram.scatter_add_(-1, flat, histogram.new_ones({1}).expand_as(flat));
  auto sums = histogram.cumsum(-1);
  // Pillow's scheme: the pixels of the highest level there is do not count.
  const auto top = histogram.gather(-1, sums.argmax(-1, /*keepdim=*/true));
  auto step = top.neg().add_(flat.size(-1)).div_(255, "floor");
  const auto valid = step.ne(0).unsqueeze_(-1);
  sums = sums.slice(-1, 0, -1);
  sums.add_(step.div(2, "floor")).div_(step.clamp_min_(1), "floor").clamp_(0, 255);
  histogram_shape.back() = 1;
  const auto table = at::cat({at::zeros(histogram_shape, sums.options().dtype(torch::kUInt8)), sums.to(torch::kUInt8)}, -1);
  const auto equalized = table.gather(-1, flat).view(pixels.sizes());
  return to_dtype(at::where(valid, equalized, pixels), image.scalar_type(), {.scale = true});
}

Image posterize(const Image& image, int64_t bits) { return wrap(posterize(image.data, bits), image); }
Video posterize(const Video& video, int64_t bits) { return wrap(posterize(video.data, bits), video); }
Image solarize(const Image& image, double threshold) { return wrap(solarize(image.data, threshold), image); }
Video solarize(const Video& video, double threshold) { return wrap(solarize(video.data, threshold), video); }
Image autocontrast(const Image& image) { return wrap(autocontrast(image.data), image); }
Video autocontrast(const Video& video) { return wrap(autocontrast(video.data), video); }
Image equalize(const Image& image) { return wrap(equalize(image.data), image); }
Video equalize(const Video& video) { return wrap(equalize(video.data), video); }
Image invert(const Image& image) { return wrap(invert(image.data), image); }
Video invert(const Video& video) { return wrap(invert(video.data), video); }

}  // namespace opsis::inline v1::transforms::functional
