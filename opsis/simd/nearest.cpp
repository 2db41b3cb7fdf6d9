#include "opsis/simd/nearest.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/nearest.cpp"
#define HWY_WANT_AVX3_DL  // it moves bytes anywhere within 128
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Tables = NearestRows::Tables;

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || HWY_TARGET == HWY_SSE2  // which do not look bytes up

Tables MakeTables(const std::vector<int32_t>&, int64_t) { return {}; }
void CopyByTables(const Tables&, const uint8_t*, int64_t, uint8_t*) {}

#else

// Where each group's windows begin, and how many there are; no group when they are more than `most`, or longer than the row.
// `places` are the bytes of the row that the result takes.
Tables FindWindows(const std::vector<int32_t>& places, int64_t row_bytes, int64_t group, int64_t window, int64_t most) {
  const auto total = static_cast<int64_t>(places.size());
  if (total < group) return {};
  Tables tables;
  for (int64_t i = 0; i < total; i += group) {
    const auto begin = places.begin() + std::min(i, total - group);  // the last group takes some bytes once more
    const auto ends = std::minmax_element(begin, begin + group);
    tables.first.push_back(*ends.first);
    tables.windows = std::max(tables.windows, (*ends.second - *ends.first) / window + 1);
  }
  const int64_t reach = tables.windows * window;
  if (tables.windows > most || reach > row_bytes) return {};
  tables.group = group;
  for (auto& first : tables.first) first = static_cast<int32_t>(std::min<int64_t>(first, row_bytes - reach));
  return tables;
}

// body(group, where its bytes are in the result)
template <class Body>
HWY_INLINE void ForGroups(const Tables& tables, int64_t total, const Body& body) {
  for (size_t g = 0; g < tables.first.size(); ++g) {
    body(g, std::min(static_cast<int64_t>(g) * tables.group, total - tables.group));
  }
}

constexpr int64_t kBlock = 16;

// For each group and window the byte of the window, or one above 127 where it is of another.
void MakeBlockTables(const std::vector<int32_t>& places, Tables& tables) {
  ForGroups(tables, static_cast<int64_t>(places.size()), [&](size_t g, int64_t begin) {
    for (int64_t window = 0; window < tables.windows; ++window) {
      for (int64_t i = begin; i < begin + kBlock; ++i) {
        const int64_t at = places[static_cast<size_t>(i)] - tables.first[g] - window * kBlock;
        tables.bytes.push_back(static_cast<uint8_t>(at >= 0 && at < kBlock ? at : 0x80));
      }
    }
  });
}

template <int64_t kWindows>
HWY_INLINE void CopyBlocks(const Tables& tables, const uint8_t* row, int64_t total, uint8_t* out) {
  const hn::Full128<uint8_t> d;
  const auto* table = tables.bytes.data();
  ForGroups(tables, total, [&](size_t g, int64_t begin) HWY_ATTR {
    const uint8_t* const from = row + tables.first[g];
    auto bytes = hn::TableLookupBytesOr0(hn::LoadU(d, from), hn::LoadU(d, table));
    for (int64_t i = 1; i < kWindows; ++i) {
      bytes = hn::Or(bytes, hn::TableLookupBytesOr0(hn::LoadU(d, from + i * kBlock), hn::LoadU(d, table + i * kBlock)));
    }
    hn::StoreU(bytes, d, out + begin);
    table += kWindows * kBlock;
  });
}

void CopyByBlocks(const Tables& tables, const uint8_t* row, int64_t total, uint8_t* out) {
  switch (tables.windows) {
    case 1: return CopyBlocks<1>(tables, row, total, out);
    case 2: return CopyBlocks<2>(tables, row, total, out);
    case 3: return CopyBlocks<3>(tables, row, total, out);
    case 4: return CopyBlocks<4>(tables, row, total, out);
    case 5: return CopyBlocks<5>(tables, row, total, out);
    default: return CopyBlocks<6>(tables, row, total, out);
  }
}

#if HWY_TARGET <= HWY_AVX3_DL

// Of 64 bytes the places in a window of two vectors, and then, for each window but the first, 64 bits: which bytes are of it.
constexpr int64_t kGroup = 64, kPair = 128;
constexpr int64_t wide_table(int64_t windows) { return kGroup + 8 * (windows - 1); }

void MakeWideTables(const std::vector<int32_t>& places, Tables& tables) {
  tables.bytes.resize(tables.first.size() * static_cast<size_t>(wide_table(tables.windows)));
  auto* table = tables.bytes.data();
  ForGroups(tables, static_cast<int64_t>(places.size()), [&](size_t g, int64_t begin) {
    uint64_t of_window[4] = {};
    for (int64_t i = 0; i < kGroup; ++i) {
      const int64_t at = places[static_cast<size_t>(begin + i)] - tables.first[g];
      table[i] = static_cast<uint8_t>(at % kPair);
      of_window[at / kPair] |= uint64_t{1} << i;
    }
    std::memcpy(table + kGroup, of_window + 1, static_cast<size_t>(8 * (tables.windows - 1)));
    table += wide_table(tables.windows);
  });
}

template <int64_t kWindows>
HWY_INLINE void CopyPairs(const Tables& tables, const uint8_t* row, int64_t total, uint8_t* out) {
  const auto* table = tables.bytes.data();
  ForGroups(tables, total, [&](size_t g, int64_t begin) HWY_ATTR {
    const uint8_t* const from = row + tables.first[g];
    const auto places = _mm512_loadu_si512(table);
    auto bytes = _mm512_permutex2var_epi8(_mm512_loadu_si512(from), places, _mm512_loadu_si512(from + kPair / 2));
    for (int64_t i = 1; i < kWindows; ++i) {
      uint64_t is_of_window;
      std::memcpy(&is_of_window, table + kGroup + 8 * (i - 1), 8);
      const auto of_window = _mm512_permutex2var_epi8(_mm512_loadu_si512(from + i * kPair), places,
                                                      _mm512_loadu_si512(from + i * kPair + kPair / 2));
      bytes = _mm512_mask_mov_epi8(bytes, is_of_window, of_window);
    }
    _mm512_storeu_si512(out + begin, bytes);
    table += wide_table(kWindows);
  });
}

Tables MakeTables(const std::vector<int32_t>& places, int64_t row_bytes) {
  auto tables = FindWindows(places, row_bytes, kGroup, kPair, 4);
  if (tables.group != 0) {
    MakeWideTables(places, tables);
  } else {
    tables = FindWindows(places, row_bytes, kBlock, kBlock, 6);
    if (tables.group != 0) MakeBlockTables(places, tables);
  }
  return tables;
}

void CopyByTables(const Tables& tables, const uint8_t* row, int64_t total, uint8_t* out) {
  if (tables.group == kBlock) return CopyByBlocks(tables, row, total, out);
  switch (tables.windows) {
    case 1: return CopyPairs<1>(tables, row, total, out);
    case 2: return CopyPairs<2>(tables, row, total, out);
    case 3: return CopyPairs<3>(tables, row, total, out);
    default: return CopyPairs<4>(tables, row, total, out);
  }
}

#else

Tables MakeTables(const std::vector<int32_t>& places, int64_t row_bytes) {
  auto tables = FindWindows(places, row_bytes, kBlock, kBlock, 6);
  if (tables.group != 0) MakeBlockTables(places, tables);
  return tables;
}

void CopyByTables(const Tables& tables, const uint8_t* row, int64_t total, uint8_t* out) {
  CopyByBlocks(tables, row, total, out);
}

#endif
#endif

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(MakeTables);
HWY_EXPORT(CopyByTables);

std::vector<int32_t> nearest_indices(int64_t from, int64_t to, bool exact) {
  std::vector<int32_t> indices(static_cast<size_t>(to));
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  for (int64_t i = 0; i < to; ++i) {
    // Of the exact one, the centre is found in double, rounded to float, and brought back from there.
    const auto centre = std::max((static_cast<double>(i) + 0.5) * static_cast<double>(scale) - 0.5, 0.0);
    const float position =
        exact ? static_cast<float>(static_cast<double>(static_cast<float>(centre)) + 0.5) : static_cast<float>(i) * scale;
    indices[static_cast<size_t>(i)] = static_cast<int32_t>(std::min(static_cast<int64_t>(position), from - 1));
  }
  return indices;
}

namespace {

template <size_t kBytes>
void copy_pixels(const uint8_t* row, const int32_t* indices, int64_t size, uint8_t* out) {
  for (int64_t i = 0; i < size; ++i) {
    std::memcpy(out + i * static_cast<int64_t>(kBytes), row + indices[i] * static_cast<int64_t>(kBytes), kBytes);
  }
}

}  // namespace

void nearest_row(const uint8_t* row, const int32_t* indices, int64_t size, int64_t bytes, uint8_t* out) {
  switch (bytes) {
    case 1: return copy_pixels<1>(row, indices, size, out);
    case 2: return copy_pixels<2>(row, indices, size, out);
    case 3: return copy_pixels<3>(row, indices, size, out);
    case 4: return copy_pixels<4>(row, indices, size, out);
    case 6: return copy_pixels<6>(row, indices, size, out);
    case 8: return copy_pixels<8>(row, indices, size, out);
    case 12: return copy_pixels<12>(row, indices, size, out);
    default:
      for (int64_t i = 0; i < size; ++i) {
        std::memcpy(out + i * bytes, row + static_cast<int64_t>(indices[i]) * bytes, static_cast<size_t>(bytes));
      }
  }
}

NearestRows::NearestRows(std::vector<int32_t> indices, int64_t from, int64_t bytes)
    : indices_(std::move(indices)), bytes_(bytes) {
  if (bytes > 4 || from > std::numeric_limits<int32_t>::max() / bytes) return;  // a large pixel is copied as quickly by itself
  std::vector<int32_t> places;
  places.reserve(indices_.size() * static_cast<size_t>(bytes));
  for (const auto index : indices_) {
    for (int64_t i = 0; i < bytes; ++i) places.push_back(static_cast<int32_t>(index * bytes + i));
  }
  tables_ = HWY_DYNAMIC_DISPATCH(MakeTables)(places, from * bytes);
}

void NearestRows::copy(const uint8_t* row, uint8_t* out) const {
  const auto size = static_cast<int64_t>(indices_.size());
  if (tables_.group == 0) return nearest_row(row, indices_.data(), size, bytes_, out);
  HWY_DYNAMIC_DISPATCH(CopyByTables)(tables_, row, size * bytes_, out);
}

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
