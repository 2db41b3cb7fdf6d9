#include "opsis/simd/shuffle.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/shuffle.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/rgb-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

void Shuffle(const uint8_t* pixels, int64_t count, std::array<int64_t, 3> order, uint8_t* out) {
  Block block;
  const uint8_t* const planes[] = {block.r, block.g, block.b};
  for (int64_t first = 0; first < count; first += kBlock) {
    const auto some = std::min(kBlock, count - first);
    Deinterleave(pixels + 3 * first, some, block.r, block.g, block.b);
    Interleave(planes[order[0]], planes[order[1]], planes[order[2]], some, out + 3 * first);
  }
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(Shuffle);
void shuffle(const uint8_t* pixels, int64_t count, std::array<int64_t, 3> order, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(Shuffle)(pixels, count, order, out);
}

}  // namespace opsis::inline v1::simd
#endif
