#include "opsis/simd/blur.h"

#include <hwy/aligned_allocator.h>

#include <cstddef>
#include <new>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/blur.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/rgb-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

constexpr int64_t kAnyRadius = -1;

// Four vectors, whose sums do not wait for one another.
struct FourSums {
  hn::Vec<F32> v0, v1, v2, v3;
};

// Of pair(k, i), where pair(0, i) is the middle and the others are the sums of two at the same distance from it.
template <int64_t kRadius, class Pair>
HWY_INLINE FourSums SumsOf(const Pair& pair, const float* taps, int64_t any_radius) {
  const F32 d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t radius = kRadius == kAnyRadius ? any_radius : kRadius;
  const auto middle = hn::Set(d, taps[0]);
  FourSums sums{hn::Mul(pair(0, 0), middle), hn::Mul(pair(0, lanes), middle), hn::Mul(pair(0, 2 * lanes), middle),
                hn::Mul(pair(0, 3 * lanes), middle)};
  for (int64_t k = 1; k <= radius; ++k) {
    const auto tap = hn::Set(d, taps[k]);
    sums.v0 = hn::MulAdd(pair(k, 0), tap, sums.v0);
    sums.v1 = hn::MulAdd(pair(k, lanes), tap, sums.v1);
    sums.v2 = hn::MulAdd(pair(k, 2 * lanes), tap, sums.v2);
    sums.v3 = hn::MulAdd(pair(k, 3 * lanes), tap, sums.v3);
  }
  return sums;
}

// out[i] = taps[0] * middle[i] + sum of taps[k] * (middle[i - k * step] + middle[i + k * step]), for a multiple of kStep.
template <int64_t kRadius>
HWY_INLINE void AlongRow(const float* middle, int64_t count, int64_t step, const float* taps, int64_t any_radius, float* out) {
  const F32 d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < count; i += 4 * lanes) {
    const auto pair = [=](int64_t k, int64_t at) HWY_ATTR {
      const float* const here = middle + i + at;
      return k == 0 ? hn::Load(d, here) : hn::Add(hn::LoadU(d, here - k * step), hn::LoadU(d, here + k * step));
    };
    const auto sums = SumsOf<kRadius>(pair, taps, any_radius);
    hn::Store(sums.v0, d, out + i);
    hn::Store(sums.v1, d, out + i + lanes);
    hn::Store(sums.v2, d, out + i + 2 * lanes);
    hn::Store(sums.v3, d, out + i + 3 * lanes);
  }
}

// The same across rows, of which rows[radius] is the middle: store(sums, i), one vector at a time.
template <int64_t kRadius, class Store>
HWY_INLINE void AlongColumns(const float* const* rows, int64_t count, const float* taps, int64_t any_radius,
                             const Store& store) {
  const F32 d;
  const int64_t radius = kRadius == kAnyRadius ? any_radius : kRadius;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < count; i += 4 * lanes) {
    const auto pair = [=](int64_t k, int64_t at) HWY_ATTR {
      const auto above = hn::Load(d, rows[radius - k] + i + at);
      return k == 0 ? above : hn::Add(above, hn::Load(d, rows[radius + k] + i + at));
    };
    const auto sums = SumsOf<kRadius>(pair, taps, any_radius);
    store(sums.v0, i);
    store(sums.v1, i + lanes);
    store(sums.v2, i + 2 * lanes);
    store(sums.v3, i + 3 * lanes);
  }
}

// The one of radius 0 to 3 that is unrolled, or the general one.
#define OPSIS_BY_RADIUS(function, radius, ...)         \
  switch (radius) {                                    \
    case 1: function<1>(__VA_ARGS__); break;           \
    case 2: function<2>(__VA_ARGS__); break;           \
    case 3: function<3>(__VA_ARGS__); break;           \
    default: function<kAnyRadius>(__VA_ARGS__); break; \
  }

int64_t Reflected(int64_t i, int64_t size) { return i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i; }

HWY_INLINE hn::Vec<F32> LoadSamples(const uint8_t* from) { return LoadFloats(from); }
HWY_INLINE hn::Vec<F32> LoadSamples(const float* from) { return hn::LoadU(F32(), from); }

// What is blurred: rows of pixels of `step` samples.
template <class T>
struct Samples {
  const T* data;
  int64_t height, width, step;
};

// Samples [first, last) of a row as floats, with what is reflected beyond its ends; they begin and end with a pixel.
template <class T>
void LoadReflected(const Samples<T>& in, const T* row, int64_t first, int64_t last, float* out) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const auto end = std::min(last, in.width * in.step);
  auto i = std::max<int64_t>(first, 0);
  for (; i + lanes <= end; i += lanes) hn::StoreU(LoadSamples(row + i), F32(), out + i - first);
  for (; i < end; ++i) out[i - first] = static_cast<float>(row[i]);
  for (int64_t x = 1; - x * in.step >= first; ++x) {
    for (int64_t c = 0; c < in.step; ++c) out[-x * in.step + c - first] = static_cast<float>(row[x * in.step + c]);
  }
  for (int64_t x = in.width; x * in.step < last; ++x) {
    const auto* const from = row + Reflected(x, in.width) * in.step;
    for (int64_t c = 0; c < in.step; ++c) out[x * in.step + c - first] = static_cast<float>(from[c]);
  }
}

// Rows [first, last), in strips so narrow that the rows in work stay in the nearest caches. store(sums, place, lanes to store)
template <class T, class Store>
void BlurStrips(const Samples<T>& in, const std::vector<float>& along_rows, const std::vector<float>& along_columns,
                int64_t first, int64_t last, const Store& store) {
  constexpr int64_t cached = 12 << 10;  // floats
  const auto step = in.step, samples = in.width * step;
  const auto x_radius = static_cast<int64_t>(along_rows.size()) - 1, y_radius = static_cast<int64_t>(along_columns.size()) - 1;
  const auto y_taps = 2 * y_radius + 1;
  const auto unit = kStep * step;  // whole vectors of whole pixels
  const auto strip = std::min(std::max<int64_t>(cached / y_taps / unit, 1) * unit, RoundUp(samples));

  // A row in floats with its reflected borders, and the last rows that were blurred along.
  const auto border = RoundUp(x_radius * step);
  const auto wide = hwy::AllocateAligned<float>(static_cast<size_t>(border + strip + border));
  const auto ring = hwy::AllocateAligned<float>(static_cast<size_t>(y_taps * strip));
  if (!wide || !ring) throw std::bad_alloc();
  std::fill_n(wide.get(), border + strip + border, 0.0f);
  std::vector<const float*> rows(static_cast<size_t>(y_taps));
  auto* const middle = wide.get() + border;
  const auto row_of = [&](int64_t y) { return ring.get() + y % y_taps * strip; };

  for (int64_t left = 0; left < samples; left += strip) {
    const auto right = std::min(left + strip, samples), count = RoundUp(right - left);
    auto next = std::max<int64_t>(0, first - y_radius);
    for (auto y = first; y < last; ++y) {
      for (; next <= std::min(in.height - 1, y + y_radius); ++next) {
        const auto reach = x_radius * step;
        LoadReflected(in, in.data + next * samples, left - reach, right + reach, middle - reach);
        OPSIS_BY_RADIUS(AlongRow, x_radius, middle, count, step, along_rows.data(), x_radius, row_of(next));
      }
      for (int64_t k = 0; k < y_taps; ++k) rows[static_cast<size_t>(k)] = row_of(Reflected(y + k - y_radius, in.height));
      const auto to = y * samples + left;
      const auto store_here = [&](hn::Vec<F32> sums, int64_t i) HWY_ATTR { store(sums, to + i, right - left - i); };
      OPSIS_BY_RADIUS(AlongColumns, y_radius, rows.data(), count, along_columns.data(), y_radius, store_here);
    }
  }
}
#undef OPSIS_BY_RADIUS

void BlurBytes(const Picture& in, const std::vector<float>& along_rows, const std::vector<float>& along_columns, int64_t first,
               int64_t last, uint8_t* out) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const auto store = [=](hn::Vec<F32> sums, int64_t place, int64_t count) HWY_ATTR {
    const auto bytes = hn::DemoteTo(U8Quarter(), hn::NearestInt(sums));
    if (HWY_LIKELY(count >= lanes)) {
      hn::StoreU(bytes, U8Quarter(), out + place);
    } else if (count > 0) {
      alignas(64) uint8_t some[kStep];
      hn::StoreU(bytes, U8Quarter(), some);
      std::memcpy(out + place, some, static_cast<size_t>(count));
    }
  };
  BlurStrips(Samples<uint8_t>{in.data, in.height, in.width, in.channels}, along_rows, along_columns, first, last, store);
}

void BlurFloats(const Plane& in, const std::vector<float>& along_rows, const std::vector<float>& along_columns, int64_t first,
                int64_t last, float* out) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const auto factor = hn::Set(F32(), in.factor), divisor = hn::Set(F32(), in.divisor);
  const auto store = [=](hn::Vec<F32> sums, int64_t place, int64_t count) HWY_ATTR {
    const auto scaled = hn::Div(hn::Mul(sums, factor), divisor);
    if (HWY_LIKELY(count >= lanes)) {
      hn::StoreU(scaled, F32(), out + place);
    } else if (count > 0) {
      alignas(64) float some[kStep];
      hn::StoreU(scaled, F32(), some);
      std::memcpy(out + place, some, static_cast<size_t>(count) * sizeof(float));
    }
  };
  BlurStrips(Samples<float>{in.data, in.height, in.width, 1}, along_rows, along_columns, first, last, store);
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(BlurBytes);
HWY_EXPORT(BlurFloats);

void blur(const Picture& in, const std::vector<float>& along_rows, const std::vector<float>& along_columns, int64_t first,
          int64_t last, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(BlurBytes)(in, along_rows, along_columns, first, last, out);
}
void blur(const Plane& in, const std::vector<float>& along_rows, const std::vector<float>& along_columns, int64_t first,
          int64_t last, float* out) {
  HWY_DYNAMIC_DISPATCH(BlurFloats)(in, along_rows, along_columns, first, last, out);
}

}  // namespace opsis::inline v1::simd
#endif
