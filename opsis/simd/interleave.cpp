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

void interleave_planes(const uint8_t* const* planes, size_t count, uint8_t* out) {
  const hn::ScalableTag<uint8_t> tag;
  size_t i = 0;
  for (; i + hn::Lanes(tag) <= count; i += hn::Lanes(tag)) {
    hn::StoreInterleaved3(hn::LoadU(tag, planes[0] + i), hn::LoadU(tag, planes[1] + i), hn::LoadU(tag, planes[2] + i), tag,
                          out + 3 * i);
  }
  for (; i < count; ++i) {
    for (size_t c = 0; c < 3; ++c) out[3 * i + c] = planes[c][i];
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace opsis::inline v1::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace opsis::inline v1::simd {

HWY_EXPORT(interleave_planes);

void interleave3(const uint8_t* const planes[3], size_t count, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(interleave_planes)(planes, count, out);
}

}  // namespace opsis::inline v1::simd

#endif
