#include "opsis/models/line_products.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "opsis/core/team.h"
#include "opsis/models/bordered_lines.h"

namespace opsis::inline v1::models::detail {
namespace {

// Pixels of a line by all strips, with what follows.
void multiply_line(const simd::Strips& strips, const float* packed, const simd::Line& all, const Finish<float>& finish) {
  for (int64_t number = 0; number < strips.count; ++number) {
    const simd::Strip strip(strips, packed, number);
    auto line = all;
    line.out += strip.column;
    if (line.addend) line.addend += strip.column;
    line.low = finish.low;
    line.high = finish.high;
    line.activation = finish.activation;
    simd::multiply(strip, line);
  }
}

// Each pixel sees itself: the picture is one line. images: channels last.
void multiply_pixels(const torch::Tensor& images, const simd::Strips& strips, const float* packed, const torch::Tensor& out,
                     const Finish<float>& finish) {
  constexpr int64_t kPixels = 90;  // whole tiles of any strip's, whose results stay in the first cache
  const auto columns = strips.columns, depth = strips.depth, pixels = out.numel() / columns;
  const auto pieces = (pixels + kPixels - 1) / kPixels;
  const auto cut = parts_of(pixels * depth * columns, pieces);
  on_team(cut, [&](int64_t part) {
    const auto end = std::min(pieces * (part + 1) / cut * kPixels, pixels);
    for (auto first = pieces * part / cut * kPixels; first < end; first += kPixels) {
      const auto* seen = read<float>(images) + first * depth;
      multiply_line(strips, packed,
                    {.pixels = std::min(kPixels, end - first),
                     .seen = &seen,
                     .depth = depth,
                     .step = depth,
                     .out = write<float>(out) + first * columns,
                     .addend = finish.addend ? finish.addend + first * columns : nullptr,
                     .stride = columns},
                    finish);
    }
  });
}

}  // namespace

bool has_few_channels(int64_t channels, int64_t window_width, int64_t dilation_x) {
  constexpr int64_t kFew = 64, kFewOfOne = 32;
  return channels * window_width < (window_width == 1 ? kFewOfOne : kFew) && dilation_x == 1;
}

void convolve_lines(const torch::Tensor& images, const Window& window, const simd::Strips& strips, const float* packed,
                    const torch::Tensor& out, const Finish<float>& finish) {
  const bool itself = window.height * window.width == 1 && window.stride_y * window.stride_x == 1;
  if (itself && window.padding_y + window.padding_x == 0)
    return multiply_pixels(images.contiguous(kLast), strips, packed, out, finish);
  const BorderedLines<float> lines(images, window);
  const auto height = out.size(2), width = out.size(3), rows = out.size(0) * height, columns = strips.columns;
  const auto reach = (window.height - 1) * window.dilation_y + 1;  // of a row of the result, in lines
  const auto cut = parts_of(rows * width * strips.depth * columns, rows);
  on_team(cut, [&](int64_t part) {
    // The last lines, each in its place until it is no longer within reach.
    const auto room = std::make_unique_for_overwrite<float[]>(static_cast<size_t>(reach * lines.numbers()));
    const auto place = [&](int64_t line) { return room.get() + line % reach * lines.numbers(); };
    std::vector<const float*> seen(static_cast<size_t>(window.height));
    const auto begin = rows * part / cut;
    int64_t next = 0;  // line to be written
    for (auto row = begin; row < rows * (part + 1) / cut; ++row) {
      const auto n = row / height, y = row % height, top = y * window.stride_y;
      next = row == begin || y == 0 ? top : std::max(next, top);
      for (; next < top + reach; ++next) lines.write(n, next, place(next));
      for (int64_t tap = 0; tap < window.height; ++tap) seen[static_cast<size_t>(tap)] = place(top + tap * window.dilation_y);
      const auto at = row * width * columns;
      multiply_line(strips, packed,
                    {.pixels = width,
                     .seen = seen.data(),
                     .taps = window.height,
                     .depth = images.size(1) * window.width,
                     .step = images.size(1) * window.stride_x,
                     .out = write<float>(out) + at,
                     .addend = finish.addend ? finish.addend + at : nullptr,
                     .stride = columns},
                    finish);
    }
  });
}

}  // namespace opsis::inline v1::models::detail
