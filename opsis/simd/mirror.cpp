#include "opsis/simd/mirror.h"

#include <array>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/mirror.cpp"
#define HWY_WANT_AVX3_DL  // it moves bytes anywhere within 64
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/near-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

// Bytes [first, last) of the result, which are whole pixels.
void MirrorPlainly(const uint8_t* row, int64_t total, int64_t bytes, int64_t first, int64_t last, uint8_t* out) {
  for (int64_t i = first; i < last; i += bytes) std::memcpy(out + i, row + total - bytes - i, static_cast<size_t>(bytes));
}

#if HWY_TARGET == HWY_SCALAR  // vectors of a single lane, which g++ builds in place of emulated ones

template <int kBytes>
void MirrorRow(const uint8_t* row, int64_t total, uint8_t* out) {
  MirrorPlainly(row, total, kBytes, 0, total, out);
}

#elif HWY_TARGET <= HWY_AVX3_DL

// Where each of 64 bytes comes from. Made beforehand: for a short row it would cost more than the row.
template <int64_t kBytes>
alignas(64) constexpr auto kMirroredBytes = [] {
  std::array<uint8_t, 64> order{};
  for (int64_t i = 0; i < 64; ++i) {
    order[static_cast<size_t>(i)] = static_cast<uint8_t>((64 - kBytes - i / kBytes * kBytes + i % kBytes) & 63);
  }
  return order;
}();

// As many pixels at a time as 64 bytes hold. What is left of those is covered by the next, and the last are masked.
template <int kBytes>
void MirrorRow(const uint8_t* row, int64_t total, uint8_t* out) {
  constexpr int64_t used = 64 / kBytes * kBytes;
  const auto order = _mm512_load_si512(kMirroredBytes<kBytes>.data());
  int64_t i = 0;
  for (; i + 64 <= total; i += used) {
    _mm512_storeu_si512(out + i, _mm512_permutexvar_epi8(order, _mm512_loadu_si512(row + total - 64 - i)));
  }
  if (const auto left = total - i; left > 0) {
    const auto last = _mm512_maskz_loadu_epi8(~0ull << (64 - left), row + left - 64);
    _mm512_mask_storeu_epi8(out + i, ~0ull >> (64 - left), _mm512_permutexvar_epi8(order, last));
  }
}

#else

// Where each byte of a block of 16 comes from, for up to four blocks. Made beforehand: for a short row it would cost more than the
// row.
template <int64_t kBytes>
alignas(64) constexpr auto kMirroredBlocks = [] {
  std::array<uint8_t, 64> order{};
  for (int64_t i = 0; i < 64; ++i) {
    order[static_cast<size_t>(i)] = static_cast<uint8_t>(16 - kBytes - i % 16 / kBytes * kBytes + i % kBytes);
  }
  return order;
}();

// Pixels that fill blocks of 16, and at least a vector of them. What is left at the end overlaps what was done.
template <int64_t kBytes, class D>
HWY_INLINE void MirrorVectors(D d, const uint8_t* row, int64_t total, uint8_t* out) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto table = hn::Load(d, kMirroredBlocks<kBytes>.data());
  const auto one = [&](int64_t i) HWY_ATTR {
    const auto pixels = hn::TableLookupBytes(hn::LoadU(d, row + total - lanes - i), table);
    hn::StoreU(hn::ReverseBlocks(d, pixels), d, out + i);
  };
  int64_t i = 0;
  for (; i + lanes <= total; i += lanes) one(i);
  if (i < total) one(total - lanes);
}

// Byte i of the result lies, in the mirrored blocks, where its pixel ends, and its channel decides how far from there.
constexpr NearTables kMirrored = MakeNearTables([](int64_t i) { return 15 - i % 16 + 2 * (i % 3) - 2; });

// Pixels of three bytes, and at least three vectors of them and a pixel more at either end, which is done plainly.
template <class D>
HWY_INLINE void MirrorTriples(D d, const uint8_t* row, int64_t total, uint8_t* out) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  // The blocks are put into their order last, so the tables are not in theirs.
  const auto reversed = [&](const uint8_t* table) HWY_ATTR { return hn::ReverseBlocks(d, hn::Load(d, table)); };
  const auto before0 = reversed(kMirrored.before), behind0 = reversed(kMirrored.behind);
  const auto before1 = reversed(kMirrored.before + lanes), behind1 = reversed(kMirrored.behind + lanes);
  const auto before2 = reversed(kMirrored.before + 2 * lanes), behind2 = reversed(kMirrored.behind + 2 * lanes);
  const auto three = [&](int64_t i) HWY_ATTR {
    const auto* const from = row + total - lanes - i;
    hn::StoreU(hn::ReverseBlocks(d, LookUpNear(d, from, before0, behind0)), d, out + i);
    hn::StoreU(hn::ReverseBlocks(d, LookUpNear(d, from - lanes, before1, behind1)), d, out + i + lanes);
    hn::StoreU(hn::ReverseBlocks(d, LookUpNear(d, from - 2 * lanes, before2, behind2)), d, out + i + 2 * lanes);
  };
  MirrorPlainly(row, total, 3, 0, 3, out);
  int64_t i = 3;
  for (; i + 3 * lanes + 3 <= total; i += 3 * lanes) three(i);
  if (i + 3 < total) three(total - 3 - 3 * lanes);
  MirrorPlainly(row, total, 3, total - 3, total, out);
}

template <int64_t kBytes>
void MirrorRow(const uint8_t* row, int64_t total, uint8_t* out) {
  const hn::CappedTag<uint8_t, 64> wide;
  const hn::Full128<uint8_t> narrow;
  const auto lanes = static_cast<int64_t>(hn::Lanes(wide));
  if constexpr (kBytes == 3) {
    if (total >= 3 * lanes + 6) return MirrorTriples(wide, row, total, out);
    if (total >= 3 * 16 + 6) return MirrorTriples(narrow, row, total, out);
  } else {
    if (total >= lanes) return MirrorVectors<kBytes>(wide, row, total, out);
    if (total >= 16) return MirrorVectors<kBytes>(narrow, row, total, out);
  }
  MirrorPlainly(row, total, kBytes, 0, total, out);
}

#endif

struct Rows {
  const uint8_t* from;
  int64_t from_stride, height, width;
  uint8_t* to;
  int64_t to_stride;
};

template <int kBytes>
void MirrorRows(const Rows& rows) {
  for (int64_t y = 0; y < rows.height; ++y) {
    MirrorRow<kBytes>(rows.from + y * rows.from_stride, rows.width * kBytes, rows.to + y * rows.to_stride);
  }
}

void Mirror(const uint8_t* from, int64_t from_stride, int64_t height, int64_t width, int64_t bytes, uint8_t* to,
            int64_t to_stride) {
  const Rows rows{from, from_stride, height, width, to, to_stride};
  switch (bytes) {
    case 1: return MirrorRows<1>(rows);
    case 2: return MirrorRows<2>(rows);
    case 3: return MirrorRows<3>(rows);
    case 4: return MirrorRows<4>(rows);
    case 8: return MirrorRows<8>(rows);
    default:
      for (int64_t y = 0; y < height; ++y) {
        MirrorPlainly(from + y * from_stride, width * bytes, bytes, 0, width * bytes, to + y * to_stride);
      }
  }
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace opsis::inline v1::simd {

HWY_EXPORT(Mirror);

void mirror_rows(const uint8_t* from, int64_t from_stride, int64_t height, int64_t width, int64_t bytes, uint8_t* to,
                 int64_t to_stride) {
  HWY_DYNAMIC_DISPATCH(Mirror)(from, from_stride, height, width, bytes, to, to_stride);
}

}  // namespace opsis::inline v1::simd

#endif  // HWY_ONCE
