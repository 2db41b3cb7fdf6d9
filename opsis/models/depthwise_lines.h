// A depthwise convolution, a few rows of some channels at a time, whose lines stay in the first cache.
#pragma once

#include <c10/util/SmallVector.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include "opsis/models/inference_tensors.h"
#include "opsis/models/row_products.h"
#include "opsis/simd/channels.h"
#include "opsis/simd/depthwise.h"

namespace opsis::inline v1::models::detail {

/// Lines of a picture that follow each other: where the first pixel is, and by how much the next is behind it. T: float, or
/// uint16_t for bfloat16.
template <class T>
struct PictureLines {
  const T* begin;
  int64_t step;
};

struct DepthwiseLines {
  const Window& window;
  int64_t height, width;          ///< of the picture
  int64_t out_height, out_width;  ///< of the result
  int64_t channels;
  const float *weights, *bias;  ///< (window.height, window.width, channels), (channels)
  Finish<float> finish{};

  /// How many of the picture's lines a row of the result spans.
  int64_t reach() const { return (window.height - 1) * window.dilation_y + 1; }

  /// Rows are made so many at once that they need whole tiles of a product before them.
  int64_t rows_at_once() const {
    constexpr int64_t kPixels = 48;
    return std::clamp<int64_t>(kPixels / (width * window.stride_y), 1, out_height);
  }
  /// For which so many of the picture's lines are there at once.
  int64_t lines_at_once() const { return reach() + (rows_at_once() - 1) * window.stride_y; }

  /// How many vectors of channels, of at most four, have their lines in the first cache.
  int64_t vectors_at_once(int64_t lanes) const {
    constexpr int64_t kNumbers = 1 << 14;
    return std::clamp<int64_t>(kNumbers / (lines_at_once() * (width + 2 * window.padding_x) * lanes), 1, 4);
  }

  /// Rows [first, end) of the results of all pictures, of channels [channel, channel + count). lines(n, y, some) gives the
  /// PictureLines of these channels from y on, of picture n; out: the results, channels last.
  template <class T, class Lines>
  void make(int64_t first, int64_t end, int64_t channel, int64_t count, const Lines& lines, T* out) const {
    const auto kept = lines_at_once(), border = window.padding_x * count, line = width * count + 2 * border;
    std::vector<float> room(static_cast<size_t>(kept * line));  // zeros, which stay in the border
    const auto place = [&](int64_t y) { return room.data() + y % kept * line; };
    std::vector<float> sums(std::is_same_v<T, float> ? 0 : static_cast<size_t>(out_width * count));
    c10::SmallVector<const float*, 16> seen(static_cast<size_t>(window.height));
    int64_t next = 0;  // line that is not there yet
    for (auto row = first; row < end;) {
      const auto n = row / out_height, y = row % out_height;
      const auto rows = std::min({rows_at_once(), out_height - y, end - row});
      const auto top = y * window.stride_y - window.padding_y;
      const auto bottom = std::min(top + (rows - 1) * window.stride_y + reach(), height);
      next = std::max<int64_t>(row == first || y == 0 ? 0 : next, top);
      if (next < bottom) {
        const auto more = lines(n, next, bottom - next);
        for (auto from = more.begin; next < bottom; ++next, from += width * more.step)
          simd::take_channels(from, width, more.step, count, place(next) + border);
      }
      for (const auto last = row + rows; row < last; ++row) make_row(row, channel, count, place, seen.data(), sums.data(), out);
    }
  }

 private:
  template <class T, class Place>
  void make_row(int64_t row, int64_t channel, int64_t count, const Place& place, const float** seen, float* sums,
                T* out) const {
    const auto top = row % out_height * window.stride_y - window.padding_y;
    // Those of the window's rows that are within the picture.
    int64_t begin = 0, end = window.height;
    while (begin < end && top + begin * window.dilation_y < 0) ++begin;
    while (end > begin && top + (end - 1) * window.dilation_y >= height) --end;
    for (auto i = begin; i < end; ++i) seen[i - begin] = place(top + i * window.dilation_y);
    auto* const to = out + row * out_width * channels + channel;
    float* at = sums;
    auto step = count;
    if constexpr (std::is_same_v<T, float>) {
      at = to;
      step = channels;
    }
    simd::depthwise_line({.pixels = out_width,
                          .channels = count,
                          .lines = seen,
                          .rows = end - begin,
                          .columns = window.width,
                          .stride = window.stride_x,
                          .dilation = window.dilation_x,
                          .weights = weights + begin * window.width * channels + channel,
                          .weights_step = channels,
                          .bias = bias + channel,
                          .low = finish.low,
                          .high = finish.high,
                          .activation = finish.activation,
                          .out = at,
                          .out_step = step});
    if constexpr (!std::is_same_v<T, float>) simd::to_bfloat16(at, out_width, count, step, to, channels);
  }
};

}  // namespace opsis::inline v1::models::detail
