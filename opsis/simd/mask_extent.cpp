#include "opsis/simd/mask_extent.h"

#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/mask_extent.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<uint8_t>;

HWY_INLINE bool AllZero(const uint8_t* bytes) {
  const D d;
  return hn::AllTrue(d, hn::Eq(hn::LoadU(d, bytes), hn::Zero(d)));
}
HWY_INLINE bool AllZeroInFour(const uint8_t* bytes) {
  const D d;
  const auto n = hn::Lanes(d);
  const auto a = hn::Or(hn::LoadU(d, bytes), hn::LoadU(d, bytes + n));
  const auto b = hn::Or(hn::LoadU(d, bytes + 2 * n), hn::LoadU(d, bytes + 3 * n));
  return hn::AllTrue(d, hn::Eq(hn::Or(a, b), hn::Zero(d)));
}

// The first byte that is not 0; count when there is none.
int64_t First(const uint8_t* bytes, int64_t count) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(D()));
  int64_t i = 0;
  while (i + 4 * lanes <= count && AllZeroInFour(bytes + i)) i += 4 * lanes;
  while (i + lanes <= count && AllZero(bytes + i)) i += lanes;
  while (i < count && bytes[i] == 0) ++i;
  return i;
}

// The last one; -1 when there is none.
int64_t Last(const uint8_t* bytes, int64_t count) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(D()));
  while (count >= 4 * lanes && AllZeroInFour(bytes + count - 4 * lanes)) count -= 4 * lanes;
  while (count >= lanes && AllZero(bytes + count - lanes)) count -= lanes;
  while (count > 0 && bytes[count - 1] == 0) --count;
  return count - 1;
}

bool Extent(const uint8_t* mask, int64_t height, int64_t width, MaskExtent* out) {
  const auto first = First(mask, height * width);
  if (first == height * width) return false;
  const auto last = Last(mask, height * width);
  *out = {first % width, first / width, last % width, last / width};
  if (out->right < out->left) std::swap(out->left, out->right);
  for (auto row = out->top; row <= out->bottom; ++row) {
    const auto* const bytes = mask + row * width;
    out->left = First(bytes, out->left);
    out->right += 1 + Last(bytes + out->right + 1, width - out->right - 1);
  }
  return true;
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(Extent);

std::optional<MaskExtent> mask_extent(const uint8_t* mask, int64_t height, int64_t width) {
  MaskExtent extent{};
  if (!HWY_DYNAMIC_DISPATCH(Extent)(mask, height, width, &extent)) return {};
  return extent;
}

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
