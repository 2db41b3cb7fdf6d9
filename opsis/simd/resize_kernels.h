// What simd::Resizer does to rows of bytes: along themselves, and along their columns. Plain pointers, no tensor.
#pragma once

#include <cstdint>

namespace opsis::inline v1::simd {

/// Up to kMost rows that are resized along themselves. `out` may be written 16 bytes beyond the last pixel.
struct RowsToResize {
  static constexpr int64_t kMost = 32;
  int64_t bytes;         // of a row of the source
  int64_t channels;      // bytes next to each other that make a pixel
  const int32_t* first;  // the first pixel that each is made of
  const int32_t* takes;  // and how many, with it
  const int16_t* weights;
  const int32_t* pairs;  // the same two by two: those of taps 2 * k and 2 * k + 1 of all pixels, then those of the next k
  int64_t taps;          // weights that are kept for each pixel, an even number
  int64_t furthest;      // the first pixel of one of 16 numbers of the result, seen from that of the first of them
  int precision;
  int64_t width;       // pixels of the result
  uint8_t* columns;    // memory for 16 pixels of the result: columns of the source that they are made of,
  uint8_t* made;       // and their own
  int64_t wanted = 0;  // rows that are there
  int64_t count = 0;   // 16 or 32: a row that is not there is another once more
  const uint8_t* rows[kMost] = {};
  uint8_t* out[kMost] = {};
};

void resize_along_rows(const RowsToResize& job);

/// out[i] = the sum of weights[k] * rows[k][i] / 2^precision, rounded and clamped, for i in [begin, end); `count` is even. Rows may be read
/// a vector beyond `end`, and out written.
void resize_along_columns(const uint8_t* const* rows, const int16_t* weights, int64_t count, int precision, int64_t begin,
                          int64_t end, uint8_t* out);

}  // namespace opsis::inline v1::simd
