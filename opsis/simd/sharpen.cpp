#include "opsis/simd/sharpen.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/sharpen.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/rgb-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

using I32Bytes = hn::Rebind<uint8_t, I32>;

// One vector of samples: above, at and below `middle`, whose neighbours are `step` away. All fits 32 bits exactly, and a
// thirteenth of a whole number is never halfway between two: the order of the sum does not matter.
HWY_INLINE hn::Vec<F32> Sharpened(const uint8_t* above, const uint8_t* middle, const uint8_t* below, int64_t step,
                                  hn::Vec<F32> rest) {
  const I32 d;
  const auto load = [&](const uint8_t* at) HWY_ATTR { return hn::PromoteTo(d, hn::LoadU(I32Bytes(), at)); };
  const auto column = [&](int64_t x) HWY_ATTR { return hn::Add(hn::Add(load(above + x), load(below + x)), load(middle + x)); };
  const auto pixel = load(middle);
  const auto nine = hn::Add(hn::Add(column(-step), column(step)), column(0));
  const auto sum = hn::Add(nine, hn::ShiftLeft<2>(pixel));
  // (sum + 6) / 13: of up to 3321, the product shifted is exact
  const auto smooth = hn::ShiftRight<16>(hn::Mul(hn::Add(sum, hn::Set(d, 6)), hn::Set(d, 5042)));
  const auto difference = hn::ConvertTo(F32(), hn::Sub(smooth, pixel));
  return Clamped(FusedMulAdd(difference, rest, hn::ConvertTo(F32(), pixel)), 0.0f, 255.0f);
}

void Sharpen(const Picture& in, float rest, int64_t y, uint8_t* out) {
  const auto step = in.channels, samples = in.width * step;
  const auto* middle = in.data + y * samples;
  out += y * samples;
  if (y == 0 || y == in.height - 1) {
    std::memcpy(out, middle, static_cast<size_t>(samples));
    return;
  }
  std::memcpy(out, middle, static_cast<size_t>(step));
  std::memcpy(out + samples - step, middle + samples - step, static_cast<size_t>(step));
  const auto *above = middle - samples, *below = middle + samples;
  const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const auto rests = hn::Set(F32(), rest);
  int64_t i = step;
  const auto last = samples - step;
  for (; i + lanes <= last; i += lanes) StoreTruncated(Sharpened(above + i, middle + i, below + i, step, rests), out + i);
  if (i == last) return;
  // The rest by a vector of its own, lest it reach beyond the picture.
  alignas(64) uint8_t rows[3][3 * kStep] = {}, some[kStep];
  const auto left = last - i;
  for (int r = 0; r < 3; ++r) {
    std::memcpy(rows[r], middle + (r - 1) * samples + i - step, static_cast<size_t>(left + 2 * step));
  }
  StoreTruncated(Sharpened(rows[0] + step, rows[1] + step, rows[2] + step, step, rests), some);
  std::memcpy(out + i, some, static_cast<size_t>(left));
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(Sharpen);
void sharpen(const Picture& in, float rest, int64_t y, uint8_t* out) { HWY_DYNAMIC_DISPATCH(Sharpen)(in, rest, y, out); }

}  // namespace opsis::inline v1::simd
#endif
