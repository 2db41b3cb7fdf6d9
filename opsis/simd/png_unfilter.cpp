// Three of the filters guess from the pixel to the left, so that a row is one long chain of dependent steps, a pixel each. Two
// such rows are therefore undone together, the lower one a pixel behind: their chains run side by side in the processor.
#include "opsis/simd/png_unfilter.h"

#include <algorithm>
#include <cstring>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/png_unfilter.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/png_guesses.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

[[maybe_unused]] constexpr uint8_t filter_none = 0, filter_sub = 1, filter_up = 2, filter_average = 3;
constexpr uint8_t filter_paeth = 4;

#if HWY_TARGET == HWY_SCALAR  // vectors of a single lane, which g++ builds in place of emulated ones

template <size_t size>
bool unfilter_pixels(const uint8_t* filtered, int64_t height, size_t row_bytes, uint8_t* out, size_t out_stride) {
  for (int64_t y = 0; y < height; ++y, filtered += row_bytes + 1, out += out_stride) {
    const auto filter = filtered[0];
    if (filter > filter_paeth) return false;
    for (size_t x = 0; x < row_bytes; ++x) {
      const int left = x >= size ? out[x - size] : 0, above = y > 0 ? *(out + x - out_stride) : 0;
      const int above_left = x >= size && y > 0 ? *(out + x - size - out_stride) : 0;
      out[x] = static_cast<uint8_t>(filtered[1 + x] + png_guesses(left, above, above_left).at(filter));
    }
  }
  return true;
}

#else

// A pixel of up to 8 bytes, a lane each. Lanes of 16 bits hold the differences; their upper bytes are 0 otherwise.
const hn::FixedTag<uint8_t, 8> narrow_tag;
const hn::FixedTag<int16_t, 8> pixel_tag;
const hn::FixedTag<uint8_t, 16> pixel_bytes_tag;
using Pixel = hn::Vec<decltype(pixel_tag)>;

/// How many bytes to move for a pixel of so many: the next power of two is one instruction.
constexpr size_t moved(size_t bytes) { return bytes == 3 ? 4 : bytes == 6 ? 8 : bytes; }

template <size_t bytes>
HWY_INLINE Pixel load(const uint8_t* from) {
  uint64_t bits = 0;
  std::memcpy(&bits, from, bytes);
  return hn::PromoteTo(pixel_tag, hn::BitCast(narrow_tag, hn::Set(hn::FixedTag<uint64_t, 1>(), bits)));
}

template <size_t bytes>
HWY_INLINE void store(Pixel pixel, uint8_t* to) {
  const auto bits = hn::GetLane(hn::BitCast(hn::FixedTag<uint64_t, 1>(), hn::DemoteTo(narrow_tag, pixel)));
  std::memcpy(to, &bits, bytes);
}

/// The guess for a pixel, from those to its left, above it, and above its left.
template <uint8_t filter>
HWY_INLINE Pixel guess(Pixel left, Pixel above, Pixel above_left) {
  if constexpr (filter == filter_sub) return left;
  if constexpr (filter == filter_average) return hn::ShiftRight<1>(hn::Add(left, above));
  const auto down = hn::Sub(above, above_left), right = hn::Sub(left, above_left);
  const auto to_left = hn::Abs(down), to_above = hn::Abs(right), to_both = hn::Abs(hn::Add(down, right));
  const auto nearest = hn::Min(to_both, hn::Min(to_left, to_above));
  const auto other = hn::IfThenElse(hn::Eq(nearest, to_above), above, above_left);
  return hn::IfThenElse(hn::Eq(nearest, to_left), left, other);
}

/// Bytes are added with their carry dropped; so the upper ones stay 0.
HWY_INLINE Pixel add_bytes(Pixel a, Pixel b) {
  return hn::BitCast(pixel_tag, hn::Add(hn::BitCast(pixel_bytes_tag, a), hn::BitCast(pixel_bytes_tag, b)));
}

/// One row whose filter looks to the left.
template <size_t size, uint8_t filter>
void undo_row(const uint8_t* filtered, const uint8_t* above, uint8_t* out, size_t count) {
  auto left = hn::Zero(pixel_tag), above_left = left;
  // The last pixel is moved to the byte. Of the others more is stored than there is, so the next is loaded before.
  auto next = count > 1 ? load<moved(size)>(filtered) : load<size>(filtered);
  for (size_t x = 0; x + 1 < count; ++x) {
    const auto here = load<moved(size)>(above + x * size), difference = next;
    const auto* following = filtered + (x + 1) * size;
    next = x + 2 < count ? load<moved(size)>(following) : load<size>(following);
    left = add_bytes(difference, guess<filter>(left, here, above_left));
    above_left = here;
    store<moved(size)>(left, out + x * size);
  }
  const auto last = (count - 1) * size;
  left = add_bytes(next, guess<filter>(left, load<size>(above + last), above_left));
  store<size>(left, out + last);
}

/// Two such rows, the second of which stands below the first.
template <size_t size, uint8_t filter, uint8_t filter_below>
void undo_two_rows(const uint8_t* filtered, const uint8_t* filtered_below, const uint8_t* above, uint8_t* out,
                   uint8_t* out_below, size_t count) {
  if (count < 2) {
    undo_row<size, filter>(filtered, above, out, count);
    undo_row<size, filter_below>(filtered_below, out, out_below, count);
    return;
  }
  const auto zero = hn::Zero(pixel_tag);
  auto above_left = load<moved(size)>(above);
  auto first = load<moved(size)>(filtered), next_below = load<moved(size)>(filtered_below);
  auto next = count > 2 ? load<moved(size)>(filtered + size) : load<size>(filtered + size);
  auto left = add_bytes(first, guess<filter>(zero, above_left, zero));
  auto left_below = zero, left_of_left = zero;  // the latter is in the upper row
  store<moved(size)>(left, out);
  for (size_t x = 1; x < count; ++x) {
    const bool last = x + 1 == count, last_but_one = x + 2 == count;
    // Below, one to the left.
    const auto difference_below = next_below;
    const auto* following_below = filtered_below + x * size;
    next_below = last ? load<size>(following_below) : load<moved(size)>(following_below);
    left_below = add_bytes(difference_below, guess<filter_below>(left_below, left, left_of_left));
    left_of_left = left;
    store<moved(size)>(left_below, out_below + (x - 1) * size);
    // Here.
    const auto here = last ? load<size>(above + x * size) : load<moved(size)>(above + x * size);
    const auto difference = next;
    const auto* following = filtered + (x + 1) * size;
    if (!last) next = last_but_one ? load<size>(following) : load<moved(size)>(following);
    left = add_bytes(difference, guess<filter>(left, here, above_left));
    above_left = here;
    if (last) {
      store<size>(left, out + x * size);
    } else {
      store<moved(size)>(left, out + x * size);
    }
  }
  left_below = add_bytes(next_below, guess<filter_below>(left_below, left, left_of_left));
  store<size>(left_below, out_below + (count - 1) * size);
}

void undo_up(const uint8_t* filtered, const uint8_t* above, uint8_t* out, size_t bytes) {
  const hn::ScalableTag<uint8_t> tag;
  size_t i = 0;
  for (; i + hn::Lanes(tag) <= bytes; i += hn::Lanes(tag)) {
    hn::StoreU(hn::Add(hn::LoadU(tag, filtered + i), hn::LoadU(tag, above + i)), tag, out + i);
  }
  for (; i < bytes; ++i) out[i] = static_cast<uint8_t>(filtered[i] + above[i]);
}

/// Calls f.template operator()<filter>() for a filter that looks to the left.
template <class F>
void with_filter(uint8_t filter, F f) {
  switch (filter) {
    case filter_sub: f.template operator()<filter_sub>(); break;
    case filter_average: f.template operator()<filter_average>(); break;
    default: f.template operator()<filter_paeth>(); break;
  }
}

bool looks_left(uint8_t filter) { return filter == filter_sub || filter == filter_average || filter == filter_paeth; }

template <size_t size>
bool unfilter_pixels(const uint8_t* filtered, int64_t height, size_t row_bytes, uint8_t* out, size_t out_stride) {
  const std::vector<uint8_t> nothing(row_bytes);  // above the first row
  const auto* above = nothing.data();
  const auto count = row_bytes / size, stride = row_bytes + 1;
  for (int64_t y = 0; y < height; ++y, filtered += stride, out += out_stride) {
    const auto filter = filtered[0];
    if (filter > filter_paeth) return false;
    if (filter == filter_none) {
      std::memmove(out, filtered + 1, row_bytes);
    } else if (filter == filter_up) {
      undo_up(filtered + 1, above, out, row_bytes);
    } else if (y + 1 < height && looks_left(filtered[stride])) {
      with_filter(filter, [&]<uint8_t upper>() {
        with_filter(filtered[stride], [&]<uint8_t lower>() {
          undo_two_rows<size, upper, lower>(filtered + 1, filtered + stride + 1, above, out, out + out_stride, count);
        });
      });
      ++y;
      filtered += stride;
      out += out_stride;
    } else {
      with_filter(filter, [&]<uint8_t which>() { undo_row<size, which>(filtered + 1, above, out, count); });
    }
    above = out;
  }
  return true;
}

#endif

bool unfilter(const uint8_t* filtered, int64_t height, size_t row_bytes, size_t pixel_bytes, uint8_t* out, size_t out_stride) {
  if (row_bytes == 0) return true;
  switch (pixel_bytes) {
    case 1: return unfilter_pixels<1>(filtered, height, row_bytes, out, out_stride);
    case 2: return unfilter_pixels<2>(filtered, height, row_bytes, out, out_stride);
    case 3: return unfilter_pixels<3>(filtered, height, row_bytes, out, out_stride);
    case 4: return unfilter_pixels<4>(filtered, height, row_bytes, out, out_stride);
    case 6: return unfilter_pixels<6>(filtered, height, row_bytes, out, out_stride);
    default: return unfilter_pixels<8>(filtered, height, row_bytes, out, out_stride);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace opsis::inline v1::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace opsis::inline v1::simd {

HWY_EXPORT(unfilter);

bool png_unfilter(const uint8_t* filtered, int64_t height, size_t row_bytes, size_t pixel_bytes, uint8_t* out,
                  size_t out_stride) {
  return HWY_DYNAMIC_DISPATCH(unfilter)(filtered, height, row_bytes, pixel_bytes, out, out_stride);
}

}  // namespace opsis::inline v1::simd

#endif
