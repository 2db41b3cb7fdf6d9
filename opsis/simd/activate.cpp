#include "opsis/simd/activate.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/activate.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <hwy/contrib/math/math-inl.h>

#include "opsis/simd/activate-inl.h"
#include "opsis/simd/exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

// One by a number that is neither huge nor tiny: an estimate of 12 bits, on ARM 8, and Newton's steps; quicker than a division.
template <class D, class V>
HWY_INLINE V Inverse(D d, V x) {
  auto estimate = hn::ApproximateReciprocal(x);
  for (int step = 0; step < (HWY_ARCH_ARM ? 2 : 1); ++step) {
    estimate = hn::Mul(estimate, hn::NegMulAdd(x, estimate, hn::Set(d, 2.0f)));
  }
  return estimate;
}

template <class D, class V>
HWY_INLINE V ForExponential(D d, V x) {
  return Bounded(x, hn::Set(d, -87.0f), hn::Set(d, 87.0f));
}

template <class D, class V>
HWY_INLINE V Sigmoid(D d, V x) {
  return Inverse(d, hn::Add(hn::Set(d, 1.0f), Exponential(d, ForExponential(d, x), -1.0f)));
}

// Far below zero, where a sigmoid is held at its least, so is what it is a factor of.
template <class D, class V>
HWY_INLINE V Silu(D d, V x) {
  return hn::Mul(Bounded(x, hn::Set(d, -87.0f), hn::Inf(d)), Sigmoid(d, x));
}

// x times the normal distribution's function. Its tail by Abramowitz and Stegun, Handbook of Mathematical Functions (1964),
// 7.1.26: to 1.5e-7, that is, a rounding or two of float32.
template <class D, class V>
HWY_INLINE V Gelu(D d, V x) {
  const auto set = [d](float value) HWY_ATTR { return hn::Set(d, value); };
  const auto z = hn::Mul(hn::Abs(x), set(0.70710678f));
  const auto t = Inverse(d, hn::MulAdd(set(0.3275911f), z, set(1.0f)));
  auto sum = set(1.061405429f);
  for (const float factor : {-1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f}) sum = hn::MulAdd(sum, t, set(factor));
  // Half of what is beyond |z|, on one side.
  const auto tail = hn::Mul(hn::Mul(hn::Mul(sum, t), set(0.5f)), Exponential(d, ForExponential(d, hn::Mul(z, z)), -1.0f));
  return hn::Mul(x, hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(set(1.0f), tail)));
}

// Highway's converts to whole numbers, which what is no number has not.
template <class D, class V>
HWY_INLINE V HyperbolicTangent(D d, V x) {
  const auto number = hn::Eq(x, x);
  return hn::IfThenElse(number, hn::Tanh(d, hn::IfThenElseZero(number, x)), x);
}

void Activate(Activation activation, float* rows, int64_t count, int64_t stride, int64_t columns) {
  const auto each = [&](const auto& function) {
    for (int64_t r = 0; r < count; ++r) {
      ForLanes<float>(0, columns, [&](auto d, int64_t i) HWY_ATTR {
        auto* at = rows + r * stride + i;
        hn::StoreU(function(d, hn::LoadU(d, at)), d, at);
      });
    }
  };
  switch (activation) {
    case Activation::None: return;
    case Activation::Sigmoid: return each([](auto d, auto x) HWY_ATTR { return Sigmoid(d, x); });
    case Activation::Silu: return each([](auto d, auto x) HWY_ATTR { return Silu(d, x); });
    case Activation::Hardsigmoid: return each([](auto d, auto x) HWY_ATTR { return Hardsigmoid(d, x); });
    case Activation::Hardswish: return each([](auto d, auto x) HWY_ATTR { return Hardswish(d, x); });
    case Activation::Gelu: return each([](auto d, auto x) HWY_ATTR { return Gelu(d, x); });
    case Activation::Tanh: return each([](auto d, auto x) HWY_ATTR { return HyperbolicTangent(d, x); });
  }
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(Activate);

void activate(Activation activation, float* rows, int64_t count, int64_t stride, int64_t columns) {
  HWY_DYNAMIC_DISPATCH(Activate)(activation, rows, count, stride, columns);
}

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
