// Kernels that map levels to levels: posterize, solarize, invert, autocontrast, equalize. On uint8 by tables of opsis/simd.
#include <ATen/ops/rsub.h>
#include <ATen/ops/where.h>

#include <algorithm>

#include "opsis/transforms/functional/bytes.h"
#include "opsis/transforms/functional/channels.h"
#include "opsis/transforms/functional/color.h"
#include "opsis/transforms/functional/type.h"

namespace opsis::inline v1::transforms::functional {
namespace {

// What `level` makes of each of the 256.
template <class Level>
torch::Tensor by_level(const torch::Tensor& image, const Level& level) {
  simd::Levels table;
  for (size_t i = 0; i < table.size(); ++i) table[i] = level(static_cast<uint8_t>(i));
  return detail::map_levels(image, table);
}

simd::Levels stretched(simd::Range range) {
  simd::Levels out;
  const float low = range.least == range.most ? 0.0f : range.least;
  const float step =
      range.least == range.most ? 1.0f : static_cast<float>(range.most - range.least) * static_cast<float>(1.0 / 255);
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = detail::cut_to_byte(std::clamp((static_cast<float>(i) - low) / step, 0.0f, 255.0f));
  }
  return out;
}

// Pillow's scheme: the pixels of the highest level there is do not count.
simd::Levels equalized(const simd::Histogram& histogram, int64_t pixels) {
  size_t top = 255;
  while (histogram[top] == 0) --top;
  const auto step = (pixels - static_cast<int64_t>(histogram[top])) / 255;
  simd::Levels out;
  int64_t sum = step / 2;
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<uint8_t>(step == 0 ? static_cast<int64_t>(i) : std::min<int64_t>(sum / step, 255));
    sum += static_cast<int64_t>(histogram[i]);
  }
  return out;
}

// In the words of the function `where`.
torch::Tensor inverted(std::string_view where, const torch::Tensor& image) {
  if (image.is_floating_point()) return at::rsub(image, 1.0);
  if (detail::is_bytes(image)) return by_level(image, [](uint8_t level) { return static_cast<uint8_t>(255 - level); });
  if (image.scalar_type() == torch::kUInt8) return image.bitwise_not();
  const auto bits = detail::value_bits(where, image.scalar_type());
  return image.bitwise_xor(static_cast<int64_t>((uint64_t{1} << bits) - 1));  // not the bit of the sign
}

torch::Tensor autocontrast_of_bytes(const detail::Bytes& in) {
  std::vector<simd::Levels> tables;
  for (int64_t i = 0; i < in.pictures(); ++i) {
    const auto* const pixels = in.picture(i).data;
    if (in.interleaved) {
      for (const auto& range : simd::ranges(pixels, in.plane())) tables.push_back(stretched(range));
    } else {
      tables.push_back(stretched(simd::range(pixels, in.plane())));
    }
  }
  return detail::map_levels(in, tables);
}

torch::Tensor equalize_of_bytes(const detail::Bytes& in) {
  std::vector<simd::Levels> tables;
  for (int64_t i = 0; i < in.pictures(); ++i) {
    const auto* const pixels = in.picture(i).data;
    if (in.interleaved) {
      for (const auto& histogram : simd::histograms(pixels, in.plane())) tables.push_back(equalized(histogram, in.plane()));
    } else {
      tables.push_back(equalized(simd::histogram(pixels, in.plane()), in.plane()));
    }
  }
  return detail::map_levels(in, tables, in.planes());
}

}  // namespace

torch::Tensor posterize(const torch::Tensor& image, int64_t bits) {
  OPSIS_CHECK(image.defined(), "posterize: the tensor is undefined");
  OPSIS_CHECK(bits >= 0 && bits <= 8, "posterize: bits must be in [0, 8], got {}", bits);
  if (image.is_floating_point()) {
    const auto levels = int64_t{1} << bits;
    return image.mul(levels).floor_().clamp_(0, levels - 1).mul_(detail::python_number(1.0 / static_cast<double>(levels)));
  }
  const auto all = detail::value_bits("posterize", image.scalar_type());
  if (bits >= all) return image;
  if (detail::is_bytes(image)) {
    return by_level(image, [&](uint8_t level) { return static_cast<uint8_t>(level & 255 << (8 - bits)); });
  }
  return image.bitwise_and(((int64_t{1} << bits) - 1) << (all - bits));
}

torch::Tensor invert(const torch::Tensor& image) {
  OPSIS_CHECK(image.defined(), "invert: the tensor is undefined");
  return inverted("invert", image);
}

torch::Tensor solarize(const torch::Tensor& image, double threshold) {
  OPSIS_CHECK(image.defined(), "solarize: the tensor is undefined");
  const auto most = detail::largest_pixel(image.scalar_type());
  OPSIS_CHECK(!(threshold > most), "solarize: threshold must be at most {}, the largest pixel of {}, got {}", most,
              image.scalar_type(), threshold);
  if (detail::is_bytes(image)) {
    const auto bound = static_cast<float>(threshold);
    return by_level(image, [&](uint8_t level) { return static_cast<uint8_t>(level >= bound ? 255 - level : level); });
  }
  return at::where(image.ge(threshold), inverted("solarize", image), image);
}

torch::Tensor autocontrast(const torch::Tensor& image) {
  detail::check_gray_or_rgb("autocontrast", image);
  if (image.numel() == 0) return image;
  if (detail::is_bytes(image)) return autocontrast_of_bytes(detail::Bytes(image));
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
  if (!image.is_floating_point()) detail::value_bits("equalize", image.scalar_type());  // throws for others
  const auto levels = to_dtype(image, torch::kUInt8, {.scale = true});
  // On the CPU whatever the image is on: the tables are made there.
  const auto flat = levels.cpu();
  const auto out = equalize_of_bytes(detail::Bytes(flat.dim() == 2 ? flat.unsqueeze(0) : flat));
  return to_dtype(out.view_as(levels).to(image.device()), image.scalar_type(), {.scale = true});
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
