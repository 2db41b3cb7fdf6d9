// The inner part of matrix products and convolutions for inference: a few pixels, with all they see, by a strip of the weights'
// columns, summed in registers. Plain pointers, no tensor.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "opsis/core/api.h"
#include "opsis/simd/activate.h"

namespace opsis::inline v1::simd {

/// Weights (columns, taps, depth) and a bias are cut into strips of so many columns that the sums of a tile fit this machine's
/// registers. A strip has its biases first, then a row of weights for each number that a pixel sees.
struct Strips {
  int64_t columns = 0, depth = 0;  ///< depth: of all taps together
  int64_t lanes = 0, vectors = 0;  ///< numbers in a vector; vectors in a row of all strips
  int64_t count = 0;

  /// The first vector of a strip.
  int64_t begin(int64_t strip) const { return vectors * strip / count; }
  int64_t width(int64_t strip) const { return begin(strip + 1) - begin(strip); }
  /// Where a strip begins, and how many numbers all have.
  int64_t offset(int64_t strip) const { return begin(strip) * lanes * (depth + 1); }
  int64_t size() const { return offset(count); }
};

/// One of them, with what its tiles ask for again and again.
struct Strip {
  Strip(const Strips& strips, const float* packed, int64_t number)
      : weights(packed + strips.offset(number)),
        vectors(strips.width(number)),
        column(strips.begin(number) * strips.lanes),
        columns(std::min(vectors * strips.lanes, strips.columns - column)) {}

  const float* weights;  ///< its biases, then its weights
  int64_t vectors;       ///< in a row
  int64_t column;        ///< the first, among those of all strips
  int64_t columns;       ///< without what fills up the last vector
};

/// most: vectors in a strip, up to 4.
OPSIS_API Strips strips_of(int64_t columns, int64_t depth, int64_t most = 4);

/// weights: (columns, depth); bias: (columns) or null; packed: strips.size() numbers.
OPSIS_API void pack_strips(const Strips& strips, const float* weights, const float* bias, float* packed);

/// How many rows a tile of a strip of so many vectors may have.
OPSIS_API int64_t tile_rows(int64_t vectors);

/// Some rows of a result by the columns of a strip, or, where what they see is long, a piece of the sums: the first begins with
/// the bias and the addend, the others with what is in `out`.
struct Tile {
  int64_t rows = 0;
  const float* const* seen = nullptr;  ///< what row r sees at tap t are `depth` numbers from seen[t * rows + r] + offset
  int64_t taps = 1, depth = 0, offset = 0;
  int64_t begin = 0;     ///< of these numbers among all that a row sees
  float* out = nullptr;  ///< the first row of the tile, at the strip's first column
  int64_t stride = 0;
  const float* addend = nullptr;  ///< as `out`; may be the same
  int64_t addend_stride = 0;
  /// What is wanted next of the weights, which come from far: as many numbers are asked for meanwhile.
  const float* next = nullptr;
  int64_t next_count = 0;
  /// The sums are held between them before they are stored, and activated.
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
  Activation activation = Activation::None;
};
OPSIS_API void multiply(const Strip& strip, const Tile& tile);

/// Pixels beside each other that see numbers beside each other: any count of rows, by the columns of a strip whose weights are
/// few.
struct Line {
  int64_t pixels = 0;
  const float* const* seen = nullptr;  ///< what the first pixel sees at tap t are `depth` numbers from seen[t]
  int64_t taps = 1, depth = 0;
  int64_t step = 0;      ///< by how much the next pixel's are behind it
  float* out = nullptr;  ///< the first pixel, at the strip's first column
  const float* addend = nullptr;
  int64_t stride = 0;           ///< of both
  const float* next = nullptr;  ///< as a tile's
  int64_t next_count = 0;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
  Activation activation = Activation::None;
};
OPSIS_API void multiply(const Strip& strip, const Line& line);

}  // namespace opsis::inline v1::simd
