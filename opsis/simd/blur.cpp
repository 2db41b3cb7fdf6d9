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

// out[i] = taps[0] * middle[i] + sum of taps[k] * (middle[i - k * step] + middle[i + k * step])
template <int64_t kRadius>
HWY_INLINE void AlongRow(const float* middle, int64_t count, int64_t step, const float* taps, int64_t any_radius, float* out) {
  const F32 d;
  const int64_t radius = kRadius == kAnyRadius ? any_radius : kRadius;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < count; i += lanes) {
    auto sum = hn::Mul(hn::Load(d, middle + i), hn::Set(d, taps[0]));
    for (int64_t k = 1; k <= radius; ++k) {
      const auto pair = hn::Add(hn::LoadU(d, middle + i - k * step), hn::LoadU(d, middle + i + k * step));
      sum = hn::MulAdd(pair, hn::Set(d, taps[k]), sum);
    }
    hn::Store(sum, d, out + i);
  }
}

// The same across rows, of which rows[radius] is the middle; rounded to bytes. out has room for a whole last vector.
template <int64_t kRadius>
HWY_INLINE void AlongColumns(const float* const* rows, int64_t count, const float* taps, int64_t any_radius, uint8_t* out) {
  const F32 d;
  const int64_t radius = kRadius == kAnyRadius ? any_radius : kRadius;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < count; i += lanes) {
    auto sum = hn::Mul(hn::Load(d, rows[radius] + i), hn::Set(d, taps[0]));
    for (int64_t k = 1; k <= radius; ++k) {
      const auto pair = hn::Add(hn::Load(d, rows[radius - k] + i), hn::Load(d, rows[radius + k] + i));
      sum = hn::MulAdd(pair, hn::Set(d, taps[k]), sum);
    }
    hn::StoreU(hn::DemoteTo(U8Quarter(), hn::NearestInt(sum)), U8Quarter(), out + i);
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

void Blur(const Picture& in, const std::vector<float>& along_rows, const std::vector<float>& along_columns, int64_t first,
          int64_t last, uint8_t* out) {
  const auto step = in.channels, samples = in.width * step, padded = RoundUp(samples);
  const auto x_radius = static_cast<int64_t>(along_rows.size()) - 1, y_radius = static_cast<int64_t>(along_columns.size()) - 1;
  const auto y_taps = 2 * y_radius + 1;

  // A row in floats with its reflected borders, and the last rows that were blurred along.
  const auto border = RoundUp(x_radius * step);
  const auto wide = hwy::AllocateAligned<float>(static_cast<size_t>(border + padded + border));
  const auto ring = hwy::AllocateAligned<float>(static_cast<size_t>(y_taps * padded));
  if (!wide || !ring) throw std::bad_alloc();
  std::fill_n(wide.get(), border + padded + border, 0.0f);
  std::vector<const float*> rows(static_cast<size_t>(y_taps));
  std::vector<uint8_t> whole(static_cast<size_t>(padded));
  auto* const middle = wide.get() + border;
  const auto row_of = [&](int64_t y) { return ring.get() + y % y_taps * padded; };
  const auto lanes = static_cast<int64_t>(hn::Lanes(F32()));

  auto next = std::max<int64_t>(0, first - y_radius);
  for (auto y = first; y < last; ++y) {
    for (; next <= std::min(in.height - 1, y + y_radius); ++next) {
      const auto* from = in.data + next * samples;
      int64_t i = 0;
      for (; i + lanes <= samples; i += lanes) hn::Store(LoadFloats(from + i), F32(), middle + i);
      for (; i < samples; ++i) middle[i] = from[i];
      for (int64_t x = 1; x <= x_radius; ++x) {
        for (int64_t c = 0; c < step; ++c) {
          middle[-x * step + c] = middle[x * step + c];
          middle[(in.width - 1 + x) * step + c] = middle[(in.width - 1 - x) * step + c];
        }
      }
      OPSIS_BY_RADIUS(AlongRow, x_radius, middle, samples, step, along_rows.data(), x_radius, row_of(next));
    }
    for (int64_t k = 0; k < y_taps; ++k) rows[static_cast<size_t>(k)] = row_of(Reflected(y + k - y_radius, in.height));
    // The last vector may write beyond the row: that is the next row, which is yet to come, unless there is none.
    auto* to = out + y * samples;
    const bool room = y + 1 < last && padded <= 2 * samples;
    OPSIS_BY_RADIUS(AlongColumns, y_radius, rows.data(), samples, along_columns.data(), y_radius, room ? to : whole.data());
    if (!room) std::memcpy(to, whole.data(), static_cast<size_t>(samples));
  }
}
#undef OPSIS_BY_RADIUS

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(Blur);
void blur(const Picture& in, const std::vector<float>& along_rows, const std::vector<float>& along_columns, int64_t first,
          int64_t last, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(Blur)(in, along_rows, along_columns, first, last, out);
}

}  // namespace opsis::inline v1::simd
#endif
