#include "opsis/simd/interleave.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/interleave.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
void interleave_planes(const T* const* planes, size_t count, T* out) {
  const hn::ScalableTag<T> tag;
  size_t i = 0;
  for (; i + hn::Lanes(tag) <= count; i += hn::Lanes(tag)) {
    hn::StoreInterleaved3(hn::LoadU(tag, planes[0] + i), hn::LoadU(tag, planes[1] + i), hn::LoadU(tag, planes[2] + i), tag,
                          out + 3 * i);
  }
  for (; i < count; ++i) {
    for (size_t c = 0; c < 3; ++c) out[3 * i + c] = planes[c][i];
  }
}

template <class T>
void separate_pixels(const T* pixels, size_t count, T* const* planes) {
  const hn::ScalableTag<T> tag;
  const auto vector = [&](size_t i) HWY_ATTR {
    hn::Vec<decltype(tag)> a, b, c;
    hn::LoadInterleaved3(tag, pixels + 3 * i, a, b, c);
    hn::StoreU(a, tag, planes[0] + i);
    hn::StoreU(b, tag, planes[1] + i);
    hn::StoreU(c, tag, planes[2] + i);
  };
  size_t i = 0;
  for (; i + hn::Lanes(tag) <= count; i += hn::Lanes(tag)) vector(i);
  if (i == count) return;
  if (i > 0) return vector(count - hn::Lanes(tag));  // some once more
  for (; i < count; ++i) {
    for (size_t c = 0; c < 3; ++c) planes[c][i] = pixels[3 * i + c];
  }
}

void interleave_bytes(const uint8_t* const* planes, size_t count, uint8_t* out) { interleave_planes(planes, count, out); }
void interleave_words(const uint16_t* const* planes, size_t count, uint16_t* out) { interleave_planes(planes, count, out); }
void interleave_floats(const float* const* planes, size_t count, float* out) { interleave_planes(planes, count, out); }
void separate_bytes(const uint8_t* pixels, size_t count, uint8_t* const* planes) { separate_pixels(pixels, count, planes); }
void separate_floats(const float* pixels, size_t count, float* const* planes) { separate_pixels(pixels, count, planes); }

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

}  // namespace opsis::inline v1::simd

#endif
