#include "opsis/simd/shuffle.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/shuffle.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/near-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

void ShuffleOne(const uint8_t* pixel, const std::array<int64_t, 3>& order, uint8_t* out) {
  for (size_t c = 0; c < 3; ++c) out[c] = pixel[order[c]];
}

#if HWY_TARGET == HWY_SCALAR

int64_t ShuffleMost(const uint8_t*, int64_t, const std::array<int64_t, 3>&, uint8_t*) { return 1; }

#else

// All but the first and the last pixels; returns where it ended.
int64_t ShuffleMost(const uint8_t* pixels, int64_t count, const std::array<int64_t, 3>& order, uint8_t* out) {
  const hn::CappedTag<uint8_t, 64> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto tables = MakeNearTables([&](int64_t i) { return i % 16 + order[static_cast<size_t>(i % 3)] - i % 3; });
  const auto before = [&](int64_t i) HWY_ATTR { return hn::Load(d, tables.before + i * lanes); };
  const auto behind = [&](int64_t i) HWY_ATTR { return hn::Load(d, tables.behind + i * lanes); };
  const auto before0 = before(0), before1 = before(1), before2 = before(2);
  const auto behind0 = behind(0), behind1 = behind(1), behind2 = behind(2);
  // First up to a pixel from where vectors are stored to whole cache lines: 43 is 1/3 modulo 64.
  int64_t i = 1;
  const auto unaligned = static_cast<int64_t>(-reinterpret_cast<uintptr_t>(out + 3) * 43 % 64);
  if (i + unaligned + lanes + 1 <= count) {
    for (; i <= unaligned; ++i) ShuffleOne(pixels + 3 * i, order, out + 3 * i);
  }
  for (; i + lanes + 1 <= count; i += lanes) {
    const auto* const from = pixels + 3 * i;
    auto* const to = out + 3 * i;
    hn::StoreU(LookUpNear(d, from, before0, behind0), d, to);
    hn::StoreU(LookUpNear(d, from + lanes, before1, behind1), d, to + lanes);
    hn::StoreU(LookUpNear(d, from + 2 * lanes, before2, behind2), d, to + 2 * lanes);
  }
  return i;
}

#endif

void Shuffle(const uint8_t* pixels, int64_t count, const std::array<int64_t, 3>& order, uint8_t* out) {
  if (count <= 0) return;
  ShuffleOne(pixels, order, out);
  for (int64_t i = ShuffleMost(pixels, count, order, out); i < count; ++i) ShuffleOne(pixels + 3 * i, order, out + 3 * i);
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
