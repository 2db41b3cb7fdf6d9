// Rows by packed weights, with what follows, on all threads: what convolutions and linear layers of inference come down to.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "opsis/simd/activate.h"
#include "opsis/simd/matmul.h"
#include "opsis/simd/tiles.h"

namespace opsis::inline v1::models::detail {

/// What follows a sum. T: float, or uint16_t for bfloat16.
template <class T>
struct Finish {
  const T* addend = nullptr;  ///< of the result's shape
  simd::Activation activation = simd::Activation::None;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
};

/// What rows [first, end) see: to[tap * (end - first) + row - first].
template <class T>
using Look = std::function<void(int64_t first, int64_t end, const T** to)>;

/// Rows that need not be looked for, since they lie one after the other: row r sees `depth` numbers from begin + r * depth + tap of
/// each of the taps. They come in lines, and of each line, and of the lines of a picture, only the first are wanted.
struct Lying {
  const uint16_t* begin = nullptr;  ///< null: they do not
  std::vector<int64_t> taps{0};
  int64_t rows = 0;      ///< wanted or not
  int64_t readable = 0;  ///< as many may be read
  int64_t line = 0, width = 0;
  int64_t lines = 1, height = 1;
};

/// out: (rows, columns). Cut among threads by rows, or, where the weights are more than the rows, by columns, so that each reads only
/// its part of them.
void multiply_rows(const simd::Strips& strips, const float* packed, int64_t rows, int64_t taps, const Look<float>& look,
                   float* out, const Finish<float>& finish);
void multiply_rows(const simd::TileStrips& strips, const uint16_t* packed, int64_t rows, const Look<uint16_t>& look,
                   uint16_t* out, const Finish<uint16_t>& finish, Lying lying = {});

/// So many parts that each thread has some, but none is without work of a few microseconds.
int64_t parts_of(int64_t products, int64_t most);

}  // namespace opsis::inline v1::models::detail
