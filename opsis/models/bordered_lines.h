// The lines of a picture with a border of zeros, pixels' channels side by side, however the picture lies.
#pragma once

#include <torch/types.h>

#include <algorithm>
#include <array>

#include "opsis/models/inference_tensors.h"
#include "opsis/simd/interleave.h"

namespace opsis::inline v1::models::detail {

/// T: float, or uint16_t for bfloat16.
template <class T>
class BorderedLines {
 public:
  /// x: (N, C, H, W). It must stay.
  BorderedLines(const torch::Tensor& x, const Window& window)
      : x_(read<T>(x)),
        channels_(x.size(1)),
        height_(x.size(2)),
        width_(x.size(3)),
        padding_y_(window.padding_y),
        padding_x_(window.padding_x),
        strides_{x.stride(0), x.stride(1), x.stride(2), x.stride(3)} {}

  /// In a line.
  int64_t numbers() const { return (width_ + 2 * padding_x_) * channels_; }

  /// Line y, counted from the border's first, of picture n: numbers() of them.
  void write(int64_t n, int64_t y, T* to) const {
    y -= padding_y_;
    if (y < 0 || y >= height_) {
      std::fill_n(to, numbers(), T{0});
      return;
    }
    const auto side = padding_x_ * channels_;
    to = std::fill_n(to, side, T{0});
    write_pixels(x_ + n * strides_[0] + y * strides_[2], to);
    std::fill_n(to + width_ * channels_, side, T{0});
  }

 private:
  void write_pixels(const T* line, T* to) const {
    if (strides_[1] == 1 && strides_[3] == channels_) {
      std::copy_n(line, width_ * channels_, to);
    } else if (channels_ == 3 && strides_[3] == 1) {
      const std::array<const T*, 3> planes{line, line + strides_[1], line + 2 * strides_[1]};
      simd::interleave3(planes.data(), static_cast<size_t>(width_), to);
    } else {
      for (int64_t i = 0; i < width_; ++i) {
        for (int64_t c = 0; c < channels_; ++c) *to++ = line[i * strides_[3] + c * strides_[1]];
      }
    }
  }

  const T* x_;
  int64_t channels_, height_, width_, padding_y_, padding_x_;
  std::array<int64_t, 4> strides_;
};

}  // namespace opsis::inline v1::models::detail
