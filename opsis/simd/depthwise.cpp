#include "opsis/simd/depthwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/depthwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/activate-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int64_t kMostPixels = 8;
#else
constexpr int64_t kMostPixels = 4;  // there are 16 registers for them, what they see, and a weight
#endif

// A window of a width and stride that is known here: what neighbours see together is read once.
template <int64_t kColumns, int64_t kStride>
struct Known {
  template <int64_t kPixels, class D>
  static HWY_INLINE void AddRow(D d, const DepthwiseLine& line, const float* seen, const float* weights,
                                hn::Vec<D> (&sums)[kPixels]) {
    constexpr auto kSeen = (kPixels - 1) * kStride + kColumns;
    hn::Vec<D> numbers[kSeen];
    for (int64_t i = 0; i < kSeen; ++i) numbers[i] = hn::LoadU(d, seen + i * line.channels);
    for (int64_t column = 0; column < kColumns; ++column) {
      const auto weight = hn::LoadU(d, weights + column * line.weights_step);
      for (int64_t p = 0; p < kPixels; ++p) sums[p] = hn::MulAdd(numbers[p * kStride + column], weight, sums[p]);
    }
  }
};

struct Any {
  template <int64_t kPixels, class D>
  static HWY_INLINE void AddRow(D d, const DepthwiseLine& line, const float* seen, const float* weights,
                                hn::Vec<D> (&sums)[kPixels]) {
    for (int64_t column = 0; column < line.columns; ++column, seen += line.dilation * line.channels) {
      const auto weight = hn::LoadU(d, weights + column * line.weights_step);
      for (int64_t p = 0; p < kPixels; ++p)
        sums[p] = hn::MulAdd(hn::LoadU(d, seen + p * line.stride * line.channels), weight, sums[p]);
    }
  }
};

// kPixels from x on, of as many channels from `c` on as `d` has lanes.
template <class Window, int64_t kPixels, class D>
HWY_INLINE void Pixels(D d, const DepthwiseLine& line, int64_t x, int64_t c) {
  hn::Vec<D> sums[kPixels];
  for (int64_t p = 0; p < kPixels; ++p) sums[p] = hn::LoadU(d, line.bias + c);
  const auto* weights = line.weights + c;
  for (int64_t row = 0; row < line.rows; ++row, weights += line.columns * line.weights_step)
    Window::template AddRow<kPixels>(d, line, line.lines[row] + x * line.stride * line.channels + c, weights, sums);
  const auto low = hn::Set(d, line.low), high = hn::Set(d, line.high);
  for (int64_t p = 0; p < kPixels; ++p) sums[p] = Bounded(sums[p], low, high);
  if (line.activation == Activation::Hardswish) {
    for (int64_t p = 0; p < kPixels; ++p) sums[p] = Hardswish(d, sums[p]);
  }
  for (int64_t p = 0; p < kPixels; ++p) hn::StoreU(sums[p], d, line.out + (x + p) * line.out_step + c);
}

template <class Window>
void LineOf(const DepthwiseLine& line) {
  ForLanes<float>(0, line.channels, [&](auto d, int64_t c) HWY_ATTR {
    // The last ones once more, with some that were there before.
    const auto run = [&]<int64_t kPixels>() HWY_ATTR {
      int64_t x = 0;
      for (; x + kPixels <= line.pixels; x += kPixels) Pixels<Window, kPixels>(d, line, x, c);
      if (x < line.pixels) Pixels<Window, kPixels>(d, line, line.pixels - kPixels, c);
    };
    if (line.pixels >= kMostPixels) return run.template operator()<kMostPixels>();
    if (line.pixels >= kMostPixels / 2) return run.template operator()<kMostPixels / 2>();
    run.template operator()<1>();
  });
}

void Line(const DepthwiseLine& line) {
  const auto is = [&line](int64_t columns, int64_t stride) {
    return line.columns == columns && line.stride == stride && line.dilation == 1;
  };
  if (is(3, 1)) return LineOf<Known<3, 1>>(line);
  if (is(3, 2)) return LineOf<Known<3, 2>>(line);
  if (is(5, 1)) return LineOf<Known<5, 1>>(line);
  if (is(5, 2)) return LineOf<Known<5, 2>>(line);
  if (is(7, 1)) return LineOf<Known<7, 1>>(line);
  LineOf<Any>(line);
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(Line);

void depthwise_line(const DepthwiseLine& line) {
  HWY_DYNAMIC_DISPATCH(Line)(line);
  if (!is_short(line.activation)) activate(line.activation, line.out, line.pixels, line.out_step, line.channels);
}

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
