#include "opsis/io/pixels.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "opsis/core/check.h"

namespace opsis::inline v1::io {
namespace {

int64_t channels_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::GRAY: return 1;
    case PixelFormat::RGBA:
    case PixelFormat::BGRA: return 4;
    default: return 3;
  }
}

bool is_yuv(PixelFormat format) { return format == PixelFormat::NV12 || format == PixelFormat::I420; }

/// A place in a picture that others hold.
struct Source {
  const uint8_t* pixels;
  int64_t height, width, stride;
};

void check_source(const Source& source, PixelFormat format) {
  OPSIS_CHECK(source.pixels && source.height > 0 && source.width > 0,
              "from_pixels: there must be pixels, got {} high and {} wide at {}", source.height, source.width,
              static_cast<const void*>(source.pixels));
  // I420's rows of chroma are half the stride, so an odd width needs an even stride.
  const auto row_bytes = is_yuv(format) ? (source.width + 1) / 2 * 2 : source.width * channels_of(format);
  OPSIS_CHECK(source.stride >= row_bytes, "from_pixels: stride must be {} bytes or more for a width of {}, got {}", row_bytes,
              source.width, source.stride);
}

void copy_reversed(const uint8_t* from, int64_t width, int64_t channels, uint8_t* to) {
  for (int64_t x = 0; x < width; ++x, from += channels, to += channels) {
    const uint8_t blue = from[0], green = from[1], red = from[2];
    to[0] = red;
    to[1] = green;
    to[2] = blue;
    if (channels == 4) to[3] = from[3];
  }
}

uint8_t to_byte(int value) { return static_cast<uint8_t>(std::clamp(value >> 20, 0, 255)); }

/// A row of BT.601 in the limited range as RGB, in fixed point with 20 bits, the constants rounded: OpenCV's results exactly.
/// `step` is from a sample of chroma to the next.
void convert_yuv(const uint8_t* luma, const uint8_t* u, const uint8_t* v, int64_t step, int64_t width, uint8_t* to) {
  constexpr int one = 1 << 20, half = one / 2;
  constexpr int per_luma = static_cast<int>(1.164 * one + 0.5), v_to_red = static_cast<int>(1.596 * one + 0.5);
  constexpr int u_to_green = static_cast<int>(0.391 * one + 0.5), v_to_green = static_cast<int>(0.813 * one + 0.5);
  constexpr int u_to_blue = static_cast<int>(2.018 * one + 0.5);
  for (int64_t x = 0; x < width; ++x, to += 3) {
    const int blueness = u[x / 2 * step] - 128, redness = v[x / 2 * step] - 128;
    const int light = std::max(luma[x] - 16, 0) * per_luma + half;
    to[0] = to_byte(light + v_to_red * redness);
    to[1] = to_byte(light - u_to_green * blueness - v_to_green * redness);
    to[2] = to_byte(light + u_to_blue * blueness);
  }
}

void copy_row(const Source& source, PixelFormat format, int64_t y, uint8_t* to) {
  const auto* row = source.pixels + y * source.stride;
  const auto* chroma = source.pixels + source.height * source.stride;
  switch (format) {
    case PixelFormat::BGR: return copy_reversed(row, source.width, 3, to);
    case PixelFormat::BGRA: return copy_reversed(row, source.width, 4, to);
    case PixelFormat::NV12: {
      const auto* pairs = chroma + y / 2 * source.stride;
      return convert_yuv(row, pairs, pairs + 1, 2, source.width, to);
    }
    case PixelFormat::I420: {
      const auto stride = source.stride / 2, rows = (source.height + 1) / 2;
      const auto* u = chroma + y / 2 * stride;
      return convert_yuv(row, u, u + rows * stride, 1, source.width, to);
    }
    default: std::copy_n(row, source.width * channels_of(format), to);
  }
}

tv_tensors::Image copied(const Source& source, PixelFormat format) {
  auto pixels = torch::empty({source.height, source.width, channels_of(format)}, torch::kUInt8);
  auto* const to = pixels.mutable_data_ptr<uint8_t>();
  for (int64_t y = 0; y < source.height; ++y) copy_row(source, format, y, to + y * source.width * channels_of(format));
  return tv_tensors::Image(pixels.permute({2, 0, 1}));
}

}  // namespace

tv_tensors::Image from_pixels(const uint8_t* pixels, int64_t height, int64_t width, int64_t stride, PixelFormat format) {
  const Source source{pixels, height, width, stride};
  check_source(source, format);
  return copied(source, format);
}

tv_tensors::Image from_pixels(uint8_t* pixels, int64_t height, int64_t width, int64_t stride, PixelFormat format,
                              std::function<void()> release) {
  const Source source{pixels, height, width, stride};
  check_source(source, format);
  if (format == PixelFormat::RGB || format == PixelFormat::RGBA || format == PixelFormat::GRAY) {
    const std::array<int64_t, 3> sizes{channels_of(format), height, width}, strides{1, stride, channels_of(format)};
    const auto deleter = [release = std::move(release)](void*) {
      if (release) release();
    };
    return tv_tensors::Image(torch::from_blob(pixels, sizes, strides, deleter, torch::kUInt8));
  }
  auto image = copied(source, format);
  if (release) release();
  return image;
}

}  // namespace opsis::inline v1::io
