#include "opsis/simd/hue.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/hue.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/rgb-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

// Levels out of [0, 1].
HWY_INLINE void StoreLevels(hn::Vec<F32> v, uint8_t* bytes) {
  StoreTruncated(hn::Mul(v, hn::Set(F32(), static_cast<float>(255 + 1.0 - 1e-3))), bytes);
}

// One vector of pixels. torchvision computes the hue as if red, green and blue were each the largest, and adds up what masks
// leave of it: here the operands are chosen first, which spares a division and changes no bit.
HWY_INLINE void TurnSome(const uint8_t* red, const uint8_t* green, const uint8_t* blue, hn::Vec<F32> turn, uint8_t* to_red,
                         uint8_t* to_green, uint8_t* to_blue) {
  const F32 d;
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  const auto scale = hn::Set(d, static_cast<float>(1.0 / 255));
  const auto r = hn::Mul(LoadFloats(red), scale), g = hn::Mul(LoadFloats(green), scale), b = hn::Mul(LoadFloats(blue), scale);

  const auto most = hn::Max(hn::Max(r, g), b), least = hn::Min(hn::Min(r, g), b);
  const auto range = hn::Sub(most, least);
  const auto gray = hn::Eq(most, least);
  const auto s = hn::Div(range, hn::IfThenElse(gray, one, most));
  const auto divisor = hn::IfThenElse(gray, one, range);

  const auto is_red = hn::Eq(most, r), is_green = hn::Eq(most, g);
  const auto plus = hn::Sub(most, hn::IfThenElse(is_red, b, hn::IfThenElse(is_green, r, g)));
  const auto minus = hn::Sub(most, hn::IfThenElse(is_red, g, hn::IfThenElse(is_green, b, r)));
  const auto base = hn::IfThenElse(is_red, zero, hn::IfThenElse(is_green, hn::Set(d, 2.0f), hn::Set(d, 4.0f)));
  auto h = hn::Sub(hn::Add(hn::Div(plus, divisor), base), hn::Div(minus, divisor));
  h = hn::Add(hn::Mul(h, hn::Set(d, static_cast<float>(1.0 / 6.0))), one);
  h = hn::Sub(h, hn::Trunc(h));

  h = hn::Add(h, turn);
  h = hn::Sub(h, hn::Trunc(h));
  h = hn::IfThenElse(hn::Lt(h, zero), hn::Add(h, one), h);

  const auto sixth = hn::Mul(h, hn::Set(d, 6.0f));
  auto sector = hn::Floor(sixth);
  const auto part = hn::Mul(s, hn::Sub(sixth, sector));
  sector = hn::IfThenElseZero(hn::Lt(sector, hn::Set(d, 6.0f)), sector);  // a hue of 1 is one of 0
  const auto rest = hn::Sub(one, s);
  const auto v = most;
  const auto q = Clamped(hn::Mul(hn::Sub(one, part), v), 0.0f, 1.0f);
  const auto t = Clamped(hn::Mul(hn::Add(part, rest), v), 0.0f, 1.0f);
  const auto p = Clamped(hn::Mul(rest, v), 0.0f, 1.0f);

  const auto in0 = hn::Eq(sector, zero), in1 = hn::Eq(sector, one), in2 = hn::Eq(sector, hn::Set(d, 2.0f));
  const auto in3 = hn::Eq(sector, hn::Set(d, 3.0f)), in4 = hn::Eq(sector, hn::Set(d, 4.0f));
  const auto in5 = hn::Eq(sector, hn::Set(d, 5.0f));
  //            sector  0 1 2 3 4 5
  //            red     v q p p t v
  //            green   t v v q p p
  //            blue    p p t v v q
  const auto r_out = hn::IfThenElse(in1, q, hn::IfThenElse(hn::Or(in2, in3), p, hn::IfThenElse(in4, t, v)));
  const auto g_out = hn::IfThenElse(in0, t, hn::IfThenElse(hn::Or(in1, in2), v, hn::IfThenElse(in3, q, p)));
  const auto b_out = hn::IfThenElse(in2, t, hn::IfThenElse(hn::Or(in3, in4), v, hn::IfThenElse(in5, q, p)));
  StoreLevels(r_out, to_red);
  StoreLevels(g_out, to_green);
  StoreLevels(b_out, to_blue);
}

void TurnHue(const Rgb& in, int64_t count, float turn, const RgbOut& out) {
  ForRgb(in, out, count,
         [=](const uint8_t* r, const uint8_t* g, const uint8_t* b, int64_t n, uint8_t* to_r, uint8_t* to_g, uint8_t* to_b)
             HWY_ATTR {
               const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
               const auto turns = hn::Set(F32(), turn);
               for (int64_t i = 0; i < n; i += lanes) TurnSome(r + i, g + i, b + i, turns, to_r + i, to_g + i, to_b + i);
             });
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(TurnHue);
void turn_hue(const Rgb& in, int64_t count, float turn, const RgbOut& out) {
  HWY_DYNAMIC_DISPATCH(TurnHue)(in, count, turn, out);
}

}  // namespace opsis::inline v1::simd
#endif
