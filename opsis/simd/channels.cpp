#include "opsis/simd/channels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/channels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

// kVectors next to each other, so that a pixel gives whole lines of the cache.
template <int64_t kVectors, class D, class T>
HWY_INLINE void SumVectors(D d, const T* pixels, int64_t count, int64_t channels, float* sums) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  hn::Vec<D> sum[kVectors];
  for (auto& one : sum) one = hn::Zero(d);
  for (int64_t p = 0; p < count; ++p, pixels += channels) {
    for (int64_t v = 0; v < kVectors; ++v) sum[v] = hn::Add(sum[v], LoadNumbers(d, pixels + v * lanes));
  }
  for (int64_t v = 0; v < kVectors; ++v) hn::StoreU(sum[v], d, sums + v * lanes);
}

template <class T>
void Sum(const T* pixels, int64_t count, int64_t channels, float* sums) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t c = 0;
  for (; c + 8 * lanes <= channels; c += 8 * lanes) SumVectors<8>(d, pixels + c, count, channels, sums + c);
  for (; c + 2 * lanes <= channels; c += 2 * lanes) SumVectors<2>(d, pixels + c, count, channels, sums + c);
  ForLanes<float>(c, channels,
                  [&](auto one, int64_t i) HWY_ATTR { SumVectors<1>(one, pixels + i, count, channels, sums + i); });
}

template <class T>
void Scale(const T* pixels, int64_t count, int64_t channels, const T* scale, T* out) {
  for (int64_t p = 0; p < count; ++p, pixels += channels, out += channels) {
    ForLanes<float>(0, channels, [&](auto d, int64_t c) HWY_ATTR {
      StoreNumbers(hn::Mul(LoadNumbers(d, pixels + c), LoadNumbers(d, scale + c)), d, out + c);
    });
  }
}

template <class T>
void Maxima(const T* pixels, int64_t height, int64_t width, int64_t stride, int64_t channels, T* out) {
  ForLanes<float>(0, channels, [&](auto d, int64_t c) HWY_ATTR {
    auto largest = LoadNumbers(d, pixels + c);
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t x = 0; x < width; ++x) {
        const auto value = LoadNumbers(d, pixels + y * stride + x * channels + c);
        largest = hn::IfThenElse(hn::Or(hn::Gt(value, largest), hn::Ne(value, value)), value, largest);
      }
    }
    StoreNumbers(largest, d, out + c);
  });
}

template <class T>
void Take(const T* pixels, int64_t count, int64_t step, int64_t channels, float* out) {
  for (int64_t p = 0; p < count; ++p, pixels += step, out += channels) {
    ForLanes<float>(0, channels, [&](auto d, int64_t c) HWY_ATTR { hn::StoreU(LoadNumbers(d, pixels + c), d, out + c); });
  }
}

void ChannelSums(const float* pixels, int64_t count, int64_t channels, float* sums) { Sum(pixels, count, channels, sums); }
void ChannelSums16(const uint16_t* pixels, int64_t count, int64_t channels, float* sums) { Sum(pixels, count, channels, sums); }
void ScaleChannels(const float* pixels, int64_t count, int64_t channels, const float* scale, float* out) {
  Scale(pixels, count, channels, scale, out);
}
void ScaleChannels16(const uint16_t* pixels, int64_t count, int64_t channels, const uint16_t* scale, uint16_t* out) {
  Scale(pixels, count, channels, scale, out);
}
void WindowMaxima(const float* pixels, int64_t height, int64_t width, int64_t stride, int64_t channels, float* out) {
  Maxima(pixels, height, width, stride, channels, out);
}
void WindowMaxima16(const uint16_t* pixels, int64_t height, int64_t width, int64_t stride, int64_t channels, uint16_t* out) {
  Maxima(pixels, height, width, stride, channels, out);
}

void TakeChannels(const float* pixels, int64_t count, int64_t step, int64_t channels, float* out) {
  Take(pixels, count, step, channels, out);
}
void TakeChannels16(const uint16_t* pixels, int64_t count, int64_t step, int64_t channels, float* out) {
  Take(pixels, count, step, channels, out);
}

void ToBfloat16(const float* rows, int64_t count, int64_t columns, int64_t stride, uint16_t* out, int64_t out_stride) {
  for (int64_t r = 0; r < count; ++r, rows += stride, out += out_stride) {
    ForLanes<float>(0, columns, [&](auto d, int64_t c) HWY_ATTR { StoreNumbers(hn::LoadU(d, rows + c), d, out + c); });
  }
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(ChannelSums);
HWY_EXPORT(ChannelSums16);
HWY_EXPORT(ScaleChannels);
HWY_EXPORT(ScaleChannels16);
HWY_EXPORT(WindowMaxima);
HWY_EXPORT(WindowMaxima16);
HWY_EXPORT(TakeChannels);
HWY_EXPORT(TakeChannels16);
HWY_EXPORT(ToBfloat16);

void channel_sums(const float* pixels, int64_t count, int64_t channels, float* sums) {
  HWY_DYNAMIC_DISPATCH(ChannelSums)(pixels, count, channels, sums);
}
void channel_sums(const uint16_t* pixels, int64_t count, int64_t channels, float* sums) {
  HWY_DYNAMIC_DISPATCH(ChannelSums16)(pixels, count, channels, sums);
}

void scale_channels(const float* pixels, int64_t count, int64_t channels, const float* scale, float* out) {
  HWY_DYNAMIC_DISPATCH(ScaleChannels)(pixels, count, channels, scale, out);
}
void scale_channels(const uint16_t* pixels, int64_t count, int64_t channels, const uint16_t* scale, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(ScaleChannels16)(pixels, count, channels, scale, out);
}

void window_maxima(const float* pixels, int64_t height, int64_t width, int64_t stride, int64_t channels, float* out) {
  HWY_DYNAMIC_DISPATCH(WindowMaxima)(pixels, height, width, stride, channels, out);
}
void window_maxima(const uint16_t* pixels, int64_t height, int64_t width, int64_t stride, int64_t channels, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(WindowMaxima16)(pixels, height, width, stride, channels, out);
}

void take_channels(const float* pixels, int64_t count, int64_t step, int64_t channels, float* out) {
  HWY_DYNAMIC_DISPATCH(TakeChannels)(pixels, count, step, channels, out);
}
void take_channels(const uint16_t* pixels, int64_t count, int64_t step, int64_t channels, float* out) {
  HWY_DYNAMIC_DISPATCH(TakeChannels16)(pixels, count, step, channels, out);
}

void to_bfloat16(const float* rows, int64_t count, int64_t columns, int64_t stride, uint16_t* out, int64_t out_stride) {
  HWY_DYNAMIC_DISPATCH(ToBfloat16)(rows, count, columns, stride, out, out_stride);
}

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
