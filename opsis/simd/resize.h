// Resizing of 8-bit pixels: bilinear and bicubic in ATen's integers. Plain pointers, no tensor. nearest.h has nearest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/simd/resize_taps.h"

namespace opsis::inline v1::simd {

/// What to resize, and which part of the result is wanted.
struct ResizePlan {
  int64_t from_height, from_width;
  int64_t to_height, to_width;
  int64_t channels = 1;  ///< bytes next to each other that make a pixel: 1, 3 or 4. Planes are resized one by one
  ResizeFilter filter = ResizeFilter::Bilinear;
  bool antialias = true;
  /// The window of the result that is computed, bit for bit what the whole result has there; all by default.
  int64_t top = 0, left = 0, height = -1, width = -1;
};

/// Resizes row by row: along the rows first, rounded to 8 bits, then along the columns, as ATen does. Const after construction:
/// one serves many threads and pictures.
///     const simd::Resizer resizer({.from_height = 768, .from_width = 1024, .to_height = 224, .to_width = 299, .channels = 3});
///     resizer.resize(pixels, 3 * 1024, 0, resizer.height(), out, 3 * 299);
class OPSIS_API Resizer {
 public:
  /// Sizes must be positive, and the window within the result.
  explicit Resizer(const ResizePlan& plan);

  /// Of the window.
  int64_t height() const { return plan_.height; }
  int64_t width() const { return plan_.width; }
  int64_t channels() const { return plan_.channels; }

  struct Span {
    int64_t begin, end;
  };
  /// Rows of the source that rows [first, last) of the window are made of: [begin, end).
  Span source_rows(int64_t first, int64_t last) const;
  /// And its columns that the window is made of.
  Span source_columns() const;

  /// Where a row of the source is, and stays until all is done. Nothing beyond its width is read.
  using Source = std::function<const uint8_t*(int64_t row)>;
  /// Takes row y of the window: width() * channels() bytes, which stay until it returns.
  using Sink = std::function<void(int64_t y, const uint8_t* row)>;

  /// Hands rows [first, last) of the window, one after the other, to the sink.
  void rows(const Source& source, int64_t first, int64_t last, const Sink& sink) const;

  /// Writes rows [first, last) of the window: row y to out + (y - first) * out_stride.
  void resize(const uint8_t* pixels, ptrdiff_t row_stride, int64_t first, int64_t last, uint8_t* out,
              ptrdiff_t out_stride) const;

 private:
  void run(const Source& source, int64_t first, int64_t last, const std::function<uint8_t*(int64_t)>& place,
           const Sink* sink) const;

  ResizePlan plan_;
  bool along_rows_, along_columns_;  // ATen leaves a direction out whose size stays
  ResizeTaps horizontal_, vertical_;
  std::vector<int16_t> row_weights_;  // the horizontal weights, an even number for each pixel
  std::vector<int32_t> row_pairs_;    // the same, two by two: of all pixels the first two, then the next
  int64_t row_taps_ = 0;
  int64_t furthest_ = 0;      // pixels of the source from the first that one of 16 numbers takes to that of any of them
  int64_t most_columns_ = 0;  // of the source, for 16 pixels beside each other
};

}  // namespace opsis::inline v1::simd
