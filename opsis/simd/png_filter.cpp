// A row is gone through twice: once for the sums of all filters together, once to write that of the least. Unlike undoing them,
// no filter waits for the pixel before. Paeth's guess stays in 8 bits: with p = left + above - above_left, p's distance to
// above_left is the sum of its distances to the other two where above_left is not between those, so that it is not the least,
// and else their difference.
#include "opsis/simd/png_filter.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/png_filter.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/png_guesses.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Zeros in front of a row, for the neighbors of its first pixel.
constexpr size_t in_front = 8;
constexpr size_t filter_count = 5;

/// The number of the smallest, of the first of several.
size_t least(const std::array<uint64_t, filter_count>& sums) {
  return static_cast<size_t>(std::min_element(sums.begin(), sums.end()) - sums.begin());
}

#if HWY_TARGET == HWY_SCALAR  // vectors of a single lane, which g++ builds in place of emulated ones

constexpr size_t lanes() { return 1; }

uint8_t filtered(size_t filter, const uint8_t* row, const uint8_t* above_row, size_t x, size_t pixel_bytes) {
  const auto guesses = png_guesses(*(row + x - pixel_bytes), above_row[x], *(above_row + x - pixel_bytes));
  return static_cast<uint8_t>(row[x] - guesses.at(filter));
}

void filter_row(const uint8_t* row, const uint8_t* above, size_t row_bytes, size_t pixel_bytes, uint8_t* out) {
  std::array<uint64_t, filter_count> sums{};
  for (size_t filter = 0; filter < filter_count; ++filter) {
    for (size_t x = 0; x < row_bytes; ++x) {
      const int byte = filtered(filter, row, above, x, pixel_bytes);
      sums[filter] += static_cast<uint64_t>(std::min(byte, 256 - byte));
    }
  }
  const auto filter = least(sums);
  out[0] = static_cast<uint8_t>(filter);
  for (size_t x = 0; x < row_bytes; ++x) out[1 + x] = filtered(filter, row, above, x, pixel_bytes);
}

#else

const hn::ScalableTag<uint8_t> tag;
const hn::Repartition<uint64_t, decltype(tag)> sum_tag;
using Vector = hn::Vec<decltype(tag)>;
using Sum = hn::Vec<decltype(sum_tag)>;

size_t lanes() { return hn::Lanes(tag); }

HWY_INLINE Vector difference(Vector a, Vector b) { return hn::Sub(hn::Max(a, b), hn::Min(a, b)); }

HWY_INLINE Vector average(Vector a, Vector b) {
  return hn::Sub(hn::AverageRound(a, b), hn::And(hn::Xor(a, b), hn::Set(tag, 1)));
}

HWY_INLINE Vector paeth(Vector left, Vector above, Vector above_left) {
  const auto to_left = difference(above, above_left), to_above = difference(left, above_left);
  const auto between = hn::Eq(hn::Min(hn::Max(above_left, hn::Min(left, above)), hn::Max(left, above)), above_left);
  const auto to_both = hn::IfThenElse(between, difference(to_left, to_above), hn::Set(tag, 255));
  const auto nearest = hn::Min(to_both, hn::Min(to_left, to_above));
  const auto other = hn::IfThenElse(hn::Eq(nearest, to_above), above, above_left);
  return hn::IfThenElse(hn::Eq(nearest, to_left), left, other);
}

/// The row's bytes from x on, filtered.
template <size_t filter>
HWY_INLINE Vector filtered(const uint8_t* row, const uint8_t* above_row, size_t x, size_t pixel_bytes) {
  const auto here = hn::LoadU(tag, row + x);
  if constexpr (filter == 0) return here;
  if constexpr (filter == 1) return hn::Sub(here, hn::LoadU(tag, row + x - pixel_bytes));
  if constexpr (filter == 2) return hn::Sub(here, hn::LoadU(tag, above_row + x));
  const auto left = hn::LoadU(tag, row + x - pixel_bytes), above = hn::LoadU(tag, above_row + x);
  if constexpr (filter == 3) return hn::Sub(here, average(left, above));
  return hn::Sub(here, paeth(left, above, hn::LoadU(tag, above_row + x - pixel_bytes)));
}

template <size_t filter>
void write_row(const uint8_t* row, const uint8_t* above, size_t row_bytes, size_t pixel_bytes, uint8_t* out) {
  *out++ = filter;
  size_t x = 0;
  for (; x + lanes() <= row_bytes; x += lanes()) hn::StoreU(filtered<filter>(row, above, x, pixel_bytes), tag, out + x);
  if (x == row_bytes) return;
  HWY_ALIGN uint8_t last[HWY_MAX_BYTES];
  hn::Store(filtered<filter>(row, above, x, pixel_bytes), tag, last);
  std::memcpy(out + x, last, row_bytes - x);
}

HWY_INLINE Sum magnitudes(Vector bytes) { return hn::SumsOf8(hn::Min(bytes, hn::Sub(hn::Zero(tag), bytes))); }

void filter_row(const uint8_t* row, const uint8_t* above, size_t row_bytes, size_t pixel_bytes, uint8_t* out) {
  auto none = hn::Zero(sum_tag), sub = none, up = none, averaged = none, by_paeth = none;
  const auto add = [&](size_t x, const auto& counted) HWY_ATTR {
    none = hn::Add(none, magnitudes(counted(filtered<0>(row, above, x, pixel_bytes))));
    sub = hn::Add(sub, magnitudes(counted(filtered<1>(row, above, x, pixel_bytes))));
    up = hn::Add(up, magnitudes(counted(filtered<2>(row, above, x, pixel_bytes))));
    averaged = hn::Add(averaged, magnitudes(counted(filtered<3>(row, above, x, pixel_bytes))));
    by_paeth = hn::Add(by_paeth, magnitudes(counted(filtered<4>(row, above, x, pixel_bytes))));
  };
  size_t x = 0;
  for (; x + lanes() <= row_bytes; x += lanes()) add(x, [](Vector bytes) HWY_ATTR { return bytes; });
  if (x < row_bytes) {
    const auto rest = hn::FirstN(tag, row_bytes - x);
    add(x, [&](Vector bytes) HWY_ATTR { return hn::IfThenElseZero(rest, bytes); });
  }
  const auto total = [](Sum sum) { return hn::GetLane(hn::SumOfLanes(sum_tag, sum)); };
  switch (least({total(none), total(sub), total(up), total(averaged), total(by_paeth)})) {
    case 0: return write_row<0>(row, above, row_bytes, pixel_bytes, out);
    case 1: return write_row<1>(row, above, row_bytes, pixel_bytes, out);
    case 2: return write_row<2>(row, above, row_bytes, pixel_bytes, out);
    case 3: return write_row<3>(row, above, row_bytes, pixel_bytes, out);
    default: return write_row<4>(row, above, row_bytes, pixel_bytes, out);
  }
}

#endif

void filter(const uint8_t* pixels, int64_t height, size_t row_bytes, size_t pixel_bytes, uint8_t* out) {
  if (row_bytes == 0) {
    std::fill(out, out + height, uint8_t{0});
    return;
  }
  // Copies of two rows, around which there is something to load.
  const auto line = in_front + row_bytes + lanes();
  std::vector<uint8_t> lines(2 * line);
  auto *row = lines.data() + in_front, *above = row + line;
  for (int64_t y = 0; y < height; ++y, pixels += row_bytes, out += row_bytes + 1) {
    std::memcpy(row, pixels, row_bytes);
    filter_row(row, above, row_bytes, pixel_bytes, out);
    std::swap(row, above);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace opsis::inline v1::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace opsis::inline v1::simd {

HWY_EXPORT(filter);

void png_filter(const uint8_t* pixels, int64_t height, size_t row_bytes, size_t pixel_bytes, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(filter)(pixels, height, row_bytes, pixel_bytes, out);
}

}  // namespace opsis::inline v1::simd

#endif
