#include "opsis/simd/depthwise.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/depthwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

// The rows of the window at row y that are within the picture: [first, end).
struct Rows {
  int64_t top, first, end;
};

Rows RowsAt(const Depthwise& conv, int64_t y) {
  Rows rows{y * conv.stride_y - conv.padding_y, 0, conv.kernel_height};
  while (rows.first < rows.end && rows.top + rows.first * conv.dilation_y < 0) ++rows.first;
  while (rows.end > rows.first && rows.top + (rows.end - 1) * conv.dilation_y >= conv.height) --rows.end;
  return rows;
}

// kPixels neighbours in a row of the result, of as many channels as `d` has lanes. Where not all the window is within the
// picture, a pixel at a time.
template <int64_t kPixels, bool kInside, class D, class T>
HWY_INLINE void Pixels(D d, const Depthwise& conv, const Rows& rows, const T* picture, const float* weights, const float* bias,
                       int64_t x, float* out) {
  using V = hn::Vec<D>;
  const auto step = conv.stride_x * conv.channels;
  V sums[kPixels];
  for (int64_t p = 0; p < kPixels; ++p) sums[p] = hn::LoadU(d, bias);
  const auto left = x * conv.stride_x - conv.padding_x;
  for (int64_t row = rows.first; row < rows.end; ++row) {
    const auto* line = picture + (rows.top + row * conv.dilation_y) * conv.width * conv.channels;
    const auto* weight = weights + row * conv.kernel_width * conv.channels;
    for (int64_t column = 0; column < conv.kernel_width; ++column, weight += conv.channels) {
      const auto at = left + column * conv.dilation_x;
      if constexpr (!kInside) {
        if (at < 0 || at >= conv.width) continue;
      }
      const auto w = hn::LoadU(d, weight);
      const auto* seen = line + at * conv.channels;
      for (int64_t p = 0; p < kPixels; ++p) sums[p] = hn::MulAdd(LoadNumbers(d, seen + p * step), w, sums[p]);
    }
  }
  const auto low = hn::Set(d, conv.low), high = hn::Set(d, conv.high);
  for (int64_t p = 0; p < kPixels; ++p) hn::StoreU(Bounded(sums[p], low, high), d, out + p * conv.channels);
}

template <class T>
void DepthwiseRowOf(const Depthwise& conv, const T* picture, const float* weights, const float* bias, int64_t y, float* out) {
  const auto rows = RowsAt(conv, y);
  const auto reach = (conv.kernel_width - 1) * conv.dilation_x;
  // Pixels [first, end) of the row see only what is within the picture.
  const auto first = std::min((conv.padding_x + conv.stride_x - 1) / conv.stride_x, conv.out_width);
  const auto most = conv.width - 1 - reach + conv.padding_x;  // of x * stride
  const auto end = std::clamp(most < 0 ? 0 : most / conv.stride_x + 1, first, conv.out_width);
  ForLanes<float>(0, conv.channels, [&](auto d, int64_t c) HWY_ATTR {
    const auto run = [&]<int64_t kPixels, bool kInside>(int64_t x) HWY_ATTR {
      Pixels<kPixels, kInside>(d, conv, rows, picture + c, weights + c, bias + c, x, out + x * conv.channels + c);
    };
    int64_t x = 0;
    for (; x < first; ++x) run.template operator()<1, false>(x);
    for (; x + 8 <= end; x += 8) run.template operator()<8, true>(x);
    for (; x + 4 <= end; x += 4) run.template operator()<4, true>(x);
    for (; x + 2 <= end; x += 2) run.template operator()<2, true>(x);
    for (; x < end; ++x) run.template operator()<1, true>(x);
    for (; x < conv.out_width; ++x) run.template operator()<1, false>(x);
  });
}

void DepthwiseRow(const Depthwise& conv, const float* picture, const float* weights, const float* bias, int64_t y, float* out) {
  DepthwiseRowOf(conv, picture, weights, bias, y, out);
}
void DepthwiseRow16(const Depthwise& conv, const uint16_t* picture, const float* weights, const float* bias, int64_t y,
                    float* out) {
  DepthwiseRowOf(conv, picture, weights, bias, y, out);
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(DepthwiseRow);
HWY_EXPORT(DepthwiseRow16);

void depthwise_row(const Depthwise& conv, const float* picture, const float* weights, const float* bias, int64_t y,
                   float* out) {
  HWY_DYNAMIC_DISPATCH(DepthwiseRow)(conv, picture, weights, bias, y, out);
}

void depthwise_row(const Depthwise& conv, const uint16_t* picture, const float* weights, const float* bias, int64_t y,
                   float* out) {
  HWY_DYNAMIC_DISPATCH(DepthwiseRow16)(conv, picture, weights, bias, y, out);
}

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
