#include "opsis/simd/interleave.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/interleave.cpp"
#define HWY_WANT_AVX3_DL  // it moves bytes anywhere within 128
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/pixels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
void interleave_planes(const T* const* planes, size_t count, T* out) {
  const hn::ScalableTag<T> tag;
  const auto vector = [&](size_t i) HWY_ATTR {
    StorePixels(hn::LoadU(tag, planes[0] + i), hn::LoadU(tag, planes[1] + i), hn::LoadU(tag, planes[2] + i), tag, out + 3 * i);
  };
  size_t i = 0;
  for (; i + hn::Lanes(tag) <= count; i += hn::Lanes(tag)) vector(i);
  if (i == count) return;
  if (i > 0) return vector(count - hn::Lanes(tag));  // some once more
  for (; i < count; ++i) {
    for (size_t c = 0; c < 3; ++c) out[3 * i + c] = planes[c][i];
  }
}

template <class T>
HWY_INLINE void separate_pixels(const T* pixels, size_t count, T* first, T* second, T* third) {
  const hn::ScalableTag<T> tag;
  const auto vector = [&](size_t i) HWY_ATTR {
    hn::Vec<decltype(tag)> a, b, c;
    LoadPixels(tag, pixels + 3 * i, a, b, c);
    hn::StoreU(a, tag, first + i);
    hn::StoreU(b, tag, second + i);
    hn::StoreU(c, tag, third + i);
  };
  size_t i = 0;
  for (; i + hn::Lanes(tag) <= count; i += hn::Lanes(tag)) vector(i);
  if (i == count) return;
  if (i > 0) return vector(count - hn::Lanes(tag));  // some once more
  for (; i < count; ++i) {
    first[i] = pixels[3 * i];
    second[i] = pixels[3 * i + 1];
    third[i] = pixels[3 * i + 2];
  }
}

// Whole vectors: the last one also sets some of what comes behind, at most a vector's bytes.
HWY_INLINE void fill_roughly(uint8_t* out, int64_t count, uint8_t value) {
  const hn::ScalableTag<uint8_t> tag;
  for (int64_t i = 0; i < count; i += static_cast<int64_t>(hn::Lanes(tag))) hn::StoreU(hn::Set(tag, value), tag, out + i);
}

// fill_gap(out, row, channel) sets what is left behind a row of pixels, in the channel's plane from `out` on.
template <class FillGap>
HWY_INLINE void separate_rows_by(const uint8_t* pixels, int64_t pixel_row, int64_t rows, int64_t count, uint8_t* const* planes,
                                 int64_t plane_row, bool fills, const FillGap& fill_gap) {
  // Not in an array, which the bytes that are written could be part of, for all that the compiler knows.
  uint8_t *first = planes[0], *second = planes[1], *third = planes[2];
  for (int64_t y = 0; y < rows; ++y) {
    separate_pixels(pixels, static_cast<size_t>(count), first, second, third);
    if (fills && y + 1 < rows) {
      fill_gap(first + count, pixels, 0);
      fill_gap(second + count, pixels, 1);
      fill_gap(third + count, pixels, 2);
    }
    pixels += pixel_row;
    first += plane_row;
    second += plane_row;
    third += plane_row;
  }
}

// Whole vectors may be filled: what is set too much is of the next row, and written again.
bool can_fill_roughly(int64_t count) { return count >= static_cast<int64_t>(hn::Lanes(hn::ScalableTag<uint8_t>())); }

HWY_INLINE void fill_bytes(uint8_t* out, int64_t count, uint8_t value, bool roughly) {
  if (roughly) return fill_roughly(out, count, value);
  std::memset(out, value, static_cast<size_t>(count));
}

void separate_rows(const uint8_t* pixels, int64_t pixel_row, int64_t rows, int64_t count, uint8_t* const* planes,
                   int64_t plane_row, const uint8_t* fill) {
  const int64_t gap = plane_row - count;
  const bool roughly = can_fill_roughly(count);
  const uint8_t one = fill ? fill[0] : 0, two = fill ? fill[1] : 0, three = fill ? fill[2] : 0;
  separate_rows_by(pixels, pixel_row, rows, count, planes, plane_row, fill != nullptr,
                   [&](uint8_t* out, const uint8_t*, int channel) HWY_ATTR {
                     fill_bytes(out, gap, channel == 0 ? one : channel == 1 ? two : three, roughly);
                   });
}

void separate_rows_between_edges(const uint8_t* pixels, int64_t pixel_row, int64_t rows, int64_t count, uint8_t* const* planes,
                                 int64_t plane_row, int64_t behind) {
  const int64_t before = plane_row - count - behind, last = 3 * (count - 1);
  const bool roughly = can_fill_roughly(count);
  separate_rows_by(pixels, pixel_row, rows, count, planes, plane_row, plane_row > count,
                   [&](uint8_t* out, const uint8_t* row, int channel) HWY_ATTR {
                     fill_bytes(out, behind, row[last + channel], roughly);
                     fill_bytes(out + behind, before, row[pixel_row + channel], roughly);
                   });
}

void interleave_bytes(const uint8_t* const* planes, size_t count, uint8_t* out) { interleave_planes(planes, count, out); }
void interleave_words(const uint16_t* const* planes, size_t count, uint16_t* out) { interleave_planes(planes, count, out); }
void interleave_floats(const float* const* planes, size_t count, float* out) { interleave_planes(planes, count, out); }
void separate_bytes(const uint8_t* pixels, size_t count, uint8_t* const* planes) {
  separate_pixels(pixels, count, planes[0], planes[1], planes[2]);
}
void separate_floats(const float* pixels, size_t count, float* const* planes) {
  separate_pixels(pixels, count, planes[0], planes[1], planes[2]);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace opsis::inline v1::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace opsis::inline v1::simd {

HWY_EXPORT(interleave_bytes);
HWY_EXPORT(interleave_words);
HWY_EXPORT(interleave_floats);
HWY_EXPORT(separate_bytes);
HWY_EXPORT(separate_floats);
HWY_EXPORT(separate_rows);
HWY_EXPORT(separate_rows_between_edges);

void interleave3(const uint8_t* const planes[3], size_t count, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(interleave_bytes)(planes, count, out);
}

void interleave3(const uint16_t* const planes[3], size_t count, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(interleave_words)(planes, count, out);
}

void interleave3(const float* const planes[3], size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(interleave_floats)(planes, count, out);
}

void separate3(const uint8_t* pixels, size_t count, uint8_t* const planes[3]) {
  HWY_DYNAMIC_DISPATCH(separate_bytes)(pixels, count, planes);
}

void separate3(const float* pixels, size_t count, float* const planes[3]) {
  HWY_DYNAMIC_DISPATCH(separate_floats)(pixels, count, planes);
}

void separate3_rows(const uint8_t* pixels, int64_t pixel_row, int64_t rows, int64_t count, uint8_t* const planes[3],
                    int64_t plane_row, const uint8_t fill[3]) {
  HWY_DYNAMIC_DISPATCH(separate_rows)(pixels, pixel_row, rows, count, planes, plane_row, fill);
}

void separate3_rows_between_edges(const uint8_t* pixels, int64_t pixel_row, int64_t rows, int64_t count,
                                  uint8_t* const planes[3], int64_t plane_row, int64_t behind) {
  HWY_DYNAMIC_DISPATCH(separate_rows_between_edges)(pixels, pixel_row, rows, count, planes, plane_row, behind);
}

}  // namespace opsis::inline v1::simd

#endif
