#include "opsis/models/row_products.h"

#include <ATen/Parallel.h>
#include <c10/util/SmallVector.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "opsis/core/team.h"

namespace opsis::inline v1::models::detail {
namespace {

// What rows see, in pieces of so many numbers that a strip's weights for them stay in the second cache with the rows' own
// numbers.
constexpr int64_t kPiece = 512;
constexpr int64_t kRowsNumbers = 1 << 17;
constexpr int64_t kFewRows = 8;

// Whether threads share a product's rows among them, so that each reads all weights; else they share the columns, in strips. Rows
// are what most of the steps before and after have been cut by: a thread finds there what it wrote. Weights come from far.
bool is_cut_by_rows(int64_t rows, int64_t columns, int64_t strips, int64_t weights) {
  constexpr int64_t kManyRows = 128, kFewWeights = 1 << 17;
  constexpr int64_t kEnoughRows = 16, kEvenStrips = 4;  // for each thread
  const auto threads = static_cast<int64_t>(at::get_num_threads());
  if (rows >= columns || strips < threads || (rows >= kManyRows && weights <= kFewWeights)) return true;
  return strips % threads > 0 && strips < threads * kEvenStrips && rows >= threads * kEnoughRows;
}

}  // namespace

int64_t parts_of(int64_t products, int64_t most) {
  constexpr int64_t kWorthAPart = 1 << 17;
  const auto threads = static_cast<int64_t>(at::get_num_threads());
  return threads == 1 ? 1 : std::clamp<int64_t>(products / kWorthAPart, 1, std::max<int64_t>(1, std::min(most, threads * 4)));
}

void multiply_rows(const simd::Strips& strips, const float* packed, int64_t rows, int64_t taps, const Look<float>& look,
                   float* out, const Finish<float>& finish) {
  const auto depth = strips.depth / taps;
  const auto columns = strips.columns;
  const auto most = simd::tile_rows((strips.vectors + strips.count - 1) / strips.count);
  const auto block = std::clamp<int64_t>(kRowsNumbers / std::min(strips.depth, kPiece), most, 512);
  // Of one tap, some of its numbers; of many, some of the taps.
  const auto length = taps == 1 ? depth : taps, longest = taps == 1 ? kPiece : std::max<int64_t>(kPiece / depth, 1);
  const auto pieces = (length + longest - 1) / longest;
  // Of a piece of a strip, where its weights begin; where the piece ends, the next begins.
  const auto weights_of = [&](int64_t strip, int64_t piece) {
    const auto row = 1 + length * piece / pieces * (taps == 1 ? 1 : depth);
    return packed + strips.offset(strip) + row * strips.width(strip) * strips.lanes;
  };

  const auto work = [&](int64_t first_row, int64_t end_row, int64_t first_strip, int64_t end_strip) {
    c10::SmallVector<const float*, 512> seen;
    c10::SmallVector<int64_t, 64> begins;  // of tiles
    for (; first_row < end_row; first_row += block) {
      const auto count = std::min(block, end_row - first_row), tiles = (count + most - 1) / most;
      seen.resize(static_cast<size_t>(count * taps));
      begins.resize(static_cast<size_t>(tiles + 1));
      for (int64_t t = 0; t <= tiles; ++t) begins[static_cast<size_t>(t)] = first_row + count * t / tiles;
      for (size_t t = 0; t + 1 < begins.size(); ++t)
        look(begins[t], begins[t + 1], seen.data() + (begins[t] - first_row) * taps);
      for (int64_t piece = 0; piece < pieces; ++piece) {
        const auto begin = length * piece / pieces, end = length * (piece + 1) / pieces;
        const bool ends = piece + 1 == pieces;
        for (auto number = first_strip; number < end_strip; ++number) {
          const simd::Strip strip(strips, packed, number);
          const bool last = number + 1 == end_strip;
          const auto next_strip = last ? first_strip : number + 1, next_piece = piece + last;
          const auto* next = next_piece < pieces ? weights_of(next_strip, next_piece) : nullptr;
          const auto part = next ? (weights_of(next_strip, next_piece + 1) - next) / tiles : 0;
          for (size_t t = 0; t + 1 < begins.size(); ++t, next += part) {
            const auto row = begins[t], height = begins[t + 1] - row;
            simd::Tile tile{.rows = height,
                            .seen = seen.data() + (row - first_row) * taps,
                            .depth = depth,
                            .out = out + row * columns + strip.column,
                            .stride = columns,
                            .addend = finish.addend ? finish.addend + row * columns + strip.column : nullptr,
                            .addend_stride = columns,
                            .next = next,
                            .next_count = part};
            if (taps == 1) {
              tile.depth = end - begin;
              tile.offset = tile.begin = begin;
            } else {
              tile.taps = end - begin;
              tile.seen += begin * height;
              tile.begin = begin * depth;
            }
            if (ends) {
              tile.low = finish.low;
              tile.high = finish.high;
              tile.activation = finish.activation;
            }
            simd::multiply(strip, tile);
          }
        }
      }
    }
  };

  const bool by_rows = is_cut_by_rows(rows, columns, strips.count, strips.size());
  // A few rows take as long as the weights take to come.
  const auto cut =
      parts_of(std::max(rows, kFewRows) * strips.depth * columns, by_rows ? (rows + most - 1) / most : strips.count);
  on_team(cut, [&](int64_t part) {
    if (by_rows) {
      work(rows * part / cut, rows * (part + 1) / cut, 0, strips.count);
    } else {
      work(0, rows, strips.count * part / cut, strips.count * (part + 1) / cut);
    }
  });
}

namespace {

// A product of bfloat16, in pieces: rows become registers, and tiles of them are multiplied by strips.
class TileProduct {
 public:
  TileProduct(const simd::TileStrips& strips, const uint16_t* packed, int64_t rows, const Look<uint16_t>& look, uint16_t* out,
              const Finish<uint16_t>& finish, Lying lying)
      : strips_(strips), packed_(packed), look_(look), out_(out), finish_(finish), lying_(std::move(lying)) {
    const bool fits = strips.depth % simd::lying_depth() == 0 && static_cast<int64_t>(lying_.taps.size()) == strips.taps;
    if (!lying_.begin || !fits) lying_ = {.rows = rows, .line = rows, .width = rows};
  }

  int64_t tiles() const { return (lying_.rows + simd::kTileRows - 1) / simd::kTileRows; }
  int64_t panel() const { return strips_.panel(simd::kTileRows); }

  // What tiles [first, end) see, where it does not lie there.
  void fill(int64_t first, int64_t end, uint16_t* panels) const {
    c10::SmallVector<const uint16_t*, 512> seen(static_cast<size_t>(simd::kTileRows * strips_.taps));
    for (; first < end; ++first, panels += panel()) {
      if (lies(first)) continue;
      const auto row = first * simd::kTileRows;
      look_(row, row + height(first), seen.data());
      simd::fill_panel(strips_, seen.data(), height(first), panels);
    }
  }

  // Tiles [first, end), whose panels are there, by strips [first_strip, end_strip).
  void multiply(int64_t first, int64_t end, int64_t first_strip, int64_t end_strip, const uint16_t* panels) const {
    const simd::TilesInUse here;
    // Either a strip's weights stay in the first cache and the rows pass by, or, where there are few weights, the rows stay.
    constexpr int64_t kFewNumbers = 1 << 14;
    if (strips_.size() <= kFewNumbers) {
      for (auto tile = first; tile < end; ++tile) {
        for (auto strip = first_strip; strip < end_strip; ++strip)
          multiply(tile, strip, panels + (tile - first) * panel(), nullptr, nullptr);
      }
      return;
    }
    for (auto strip = first_strip; strip < end_strip; ++strip) {
      const auto next = strip + 1 < end_strip ? strip + 1 : first_strip;
      const auto *weights = packed_ + strips_.offset(next), *weights_end = packed_ + strips_.offset(next + 1);
      const auto part = (weights_end - weights) / (end - first) / 32 * 32;
      for (auto tile = first; tile < end; ++tile, weights += part)
        multiply(tile, strip, panels + (tile - first) * panel(), weights, weights + part);
    }
  }

 private:
  int64_t height(int64_t tile) const { return std::min(simd::kTileRows, lying_.rows - tile * simd::kTileRows); }
  bool lies(int64_t tile) const {
    const auto end = (tile + 1) * simd::kTileRows;
    return (simd::reads_whole_tiles() ? end : std::min(end, lying_.rows)) <= lying_.readable;
  }

  void multiply(int64_t tile, int64_t strip, const uint16_t* panel, const uint16_t* next, const uint16_t* next_end) const {
    constexpr int64_t kHalf = simd::kTileRows / 2;
    alignas(64) float sums[simd::kTileRows * simd::kTileColumns];
    simd::TileRows rows{.upper = panel, .lower = panel + kHalf * strips_.blocks() * simd::kTileDepth, .count = height(tile)};
    if (lies(tile)) {
      rows.upper = lying_.begin + tile * simd::kTileRows * strips_.depth;
      rows.lower = rows.upper + kHalf * strips_.depth;
      rows.stride = strips_.depth;
      rows.step = simd::kTileDepth;
      rows.taps = lying_.taps.data();
    }
    simd::multiply_tiles(strips_, packed_, strip, rows, sums, next, next_end);
    finish(tile, strip, sums);
  }

  // Those of the rows that are wanted.
  void finish(int64_t tile, int64_t strip, const float* sums) const {
    const auto column = strip * simd::kTileColumns, first = tile * simd::kTileRows, end = first + height(tile);
    for (auto row = first; row < end;) {
      const auto line = row / lying_.line, place = row % lying_.line;
      const auto picture = line / lying_.lines, y = line % lying_.lines;
      const auto wanted = y < lying_.height ? std::min(lying_.width - place, end - row) : 0;
      if (wanted > 0) {
        const auto at = ((picture * lying_.height + y) * lying_.width + place) * strips_.columns + column;
        simd::finish_tiles({.sums = sums + (row - first) * simd::kTileColumns,
                            .rows = wanted,
                            .columns = std::min(simd::kTileColumns, strips_.columns - column),
                            .bias = reinterpret_cast<const float*>(packed_ + strips_.offset(strip)),
                            .addend = finish_.addend ? finish_.addend + at : nullptr,
                            .low = finish_.low,
                            .high = finish_.high,
                            .activation = finish_.activation,
                            .out = out_ + at,
                            .stride = strips_.columns});
      }
      row += lying_.line - place;
    }
  }

  const simd::TileStrips& strips_;
  const uint16_t* packed_;
  const Look<uint16_t>& look_;
  uint16_t* out_;
  const Finish<uint16_t>& finish_;
  Lying lying_;  // all rows, in a line, where they do not
};

}  // namespace

void multiply_rows(const simd::TileStrips& strips, const uint16_t* packed, int64_t rows, const Look<uint16_t>& look,
                   uint16_t* out, const Finish<uint16_t>& finish, Lying lying) {
  if (rows == 0) return;
  const TileProduct product(strips, packed, rows, look, out, finish, std::move(lying));
  const auto tiles = product.tiles(), count = strips.count();
  const auto room = [&](int64_t some) {
    return std::make_unique_for_overwrite<uint16_t[]>(static_cast<size_t>(some * product.panel()));
  };
  const auto work = rows * strips.blocks() * simd::kTileDepth * strips.columns / 8;
  if (is_cut_by_rows(rows, strips.columns, count, strips.size())) {
    // By rows. What some of them see is turned into registers once, for all strips, and stays in the second cache; the weights
    // pass by it.
    constexpr int64_t kPanelNumbers = 1 << 18;
    const auto most = std::clamp<int64_t>(kPanelNumbers / product.panel(), 1, 32);
    const auto cut = parts_of(work, tiles);
    on_team(cut, [&](int64_t part) {
      auto first = tiles * part / cut;
      const auto end = tiles * (part + 1) / cut;
      const auto panels = room(std::min(most, end - first));
      for (; first < end; first += most) {
        product.fill(first, std::min(first + most, end), panels.get());
        product.multiply(first, std::min(first + most, end), 0, count, panels.get());
      }
    });
    return;
  }
  // By columns: the weights are the most.
  const auto panels = room(tiles);
  const auto fills = parts_of(rows * strips.blocks() * 256, tiles);
  on_team(fills, [&](int64_t part) {
    const auto first = tiles * part / fills;
    product.fill(first, tiles * (part + 1) / fills, panels.get() + first * product.panel());
  });
  const auto cut = parts_of(work, count);
  on_team(cut, [&](int64_t part) { product.multiply(0, tiles, count * part / cut, count * (part + 1) / cut, panels.get()); });
}

}  // namespace opsis::inline v1::models::detail
