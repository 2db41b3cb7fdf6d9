// The inner part of matrix products and convolutions of bfloat16 for inference, on the tile registers of processors that have
// AMX, or by AVX-512's dot products. Plain pointers, no tensor. Numbers of bfloat16 are uint16_t.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"
#include "opsis/simd/activate.h"

namespace opsis::inline v1::simd {

/// Whether this machine has AMX for bfloat16, and the system lets this process use it, or else AVX-512's dot products of
/// bfloat16.
OPSIS_API bool has_tiles();

constexpr int64_t kTileRows = 32;     ///< of a product, and
constexpr int64_t kTileColumns = 32;  ///< its columns: two registers by two
constexpr int64_t kTileDepth = 32;    ///< numbers of a row in a register

/// Rows are read where they lie if they are as many numbers long, or a multiple of it.
OPSIS_API int64_t lying_depth();
/// Whether of a tile that has fewer rows the others are read too.
OPSIS_API bool reads_whole_tiles();

/// Weights (columns, taps, depth) and a bias are cut into strips of kTileColumns columns. A strip has its biases first, as
/// float32; then, for each kTileDepth numbers of a tap, two registers. What is missing is zero.
struct TileStrips {
  int64_t columns = 0, taps = 0, depth = 0;

  int64_t count() const { return (columns + kTileColumns - 1) / kTileColumns; }
  /// Of a strip, and of what a row sees.
  int64_t blocks() const { return taps * ((depth + kTileDepth - 1) / kTileDepth); }
  int64_t offset(int64_t strip) const { return strip * (2 * kTileColumns + blocks() * kTileColumns * kTileDepth); }
  int64_t size() const { return offset(count()); }
  /// What `rows` of a product see takes so many numbers as registers.
  int64_t panel(int64_t rows) const { return (rows + 15) / 16 * 16 * blocks() * kTileDepth; }
};

/// weights: (columns, taps, depth); bias: (columns) or null; packed: strips.size() numbers.
OPSIS_API void pack_tiles(const TileStrips& strips, const uint16_t* weights, const float* bias, uint16_t* packed);

/// What rows see, as registers: seen[tap * rows + row] points to `depth` numbers; panel: strips.panel(rows) numbers.
OPSIS_API void fill_panel(const TileStrips& strips, const uint16_t* const* seen, int64_t rows, uint16_t* panel);

/// This thread may multiply while it lives.
class OPSIS_API TilesInUse {
 public:
  TilesInUse();
  ~TilesInUse();
  TilesInUse(const TilesInUse&) = delete;
  TilesInUse& operator=(const TilesInUse&) = delete;
};

/// Where registers of what up to kTileRows rows see come from: `stride` numbers between rows, `step` between registers of a tap.
struct TileRows {
  const uint16_t *upper = nullptr, *lower = nullptr;  ///< the first 16 rows, and those after them
  int64_t stride = kTileDepth, step = 16 * kTileDepth;
  const int64_t* taps = nullptr;  ///< where each begins, from there; null: all follow each other
  int64_t count = 0;
};

/// sums[row][column], kTileColumns a row, count rounded up to 16: what the rows see by a strip. The bias is not added; what is
/// of no row and no column may be anything. Meanwhile what is wanted next of the weights is asked for.
OPSIS_API void multiply_tiles(const TileStrips& strips, const uint16_t* packed, int64_t strip, const TileRows& rows,
                              float* sums, const uint16_t* next, const uint16_t* next_end);

/// The same without AMX, where the machine has what it takes: multiply_tiles() comes here by itself.
OPSIS_API void multiply_by_dots(const TileStrips& strips, const uint16_t* packed, int64_t strip, const TileRows& rows,
                                float* sums, const uint16_t* next, const uint16_t* next_end);

/// Sums of multiply_tiles() with all that follows, stored as bfloat16: a bias, another tensor, bounds, an activation to as many
/// digits as are kept.
struct TileSums {
  const float* sums = nullptr;
  int64_t rows = 0, columns = 0;
  const float* bias = nullptr;       ///< kTileColumns
  const uint16_t* addend = nullptr;  ///< as `out`; null: none
  float low = 0, high = 0;
  Activation activation = Activation::None;
  uint16_t* out = nullptr;
  int64_t stride = 0;  ///< of `out` and the addend
};
OPSIS_API void finish_tiles(const TileSums& sums);

}  // namespace opsis::inline v1::simd
