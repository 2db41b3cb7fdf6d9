#include "opsis/simd/resize_taps.h"

#include <algorithm>
#include <cmath>

#ifndef OPSIS_SIMD_RESIZE_TAPS_LINE
#define OPSIS_SIMD_RESIZE_TAPS_LINE
namespace opsis::inline v1::simd {

// A line's pixels by antialiased bilinear filter. What is written has room for a multiple of eight pixels.
struct TriangleLine {
  int64_t from, to;
  double scale, support;
  int64_t most;     // taps that a pixel can have
  int64_t pitch;    // weights: those of the first taps, then as many behind them those of the second
  double* weights;  // 0 where a pixel has no such tap
  double* first;    // whole numbers
  double* count;
};

}  // namespace opsis::inline v1::simd
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/resize_taps.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_HAVE_FLOAT64

// The same as antialiased() below, operation by operation, with a pixel in each lane. Returns the greatest weight.
double triangle_line(const TriangleLine& line) {
  const hn::CappedTag<double, 8> d;
  const auto scale = hn::Set(d, line.scale), support = hn::Set(d, line.support);
  const auto squeeze = hn::Set(d, line.scale >= 1.0 ? 1.0 / line.scale : 1.0);
  const auto zero = hn::Zero(d), half = hn::Set(d, 0.5), one = hn::Set(d, 1.0),
             last_pixel = hn::Set(d, static_cast<double>(line.to - 1));
  auto greatest = zero;
  for (int64_t i = 0; i < line.to; i += static_cast<int64_t>(hn::Lanes(d))) {
    const auto pixel = hn::Min(hn::Add(hn::Set(d, static_cast<double>(i)), hn::Iota(d, 0)), last_pixel);
    const auto centre = hn::Mul(scale, hn::Add(pixel, half));
    const auto first = hn::Max(hn::Trunc(hn::Add(hn::Sub(centre, support), half)), zero);
    const auto last = hn::Min(hn::Trunc(hn::Add(hn::Add(centre, support), half)), hn::Set(d, static_cast<double>(line.from)));
    const auto count = hn::Min(hn::Max(hn::Sub(last, first), zero), hn::Set(d, static_cast<double>(line.most)));
    hn::StoreU(first, d, line.first + i);
    hn::StoreU(count, d, line.count + i);
    auto total = zero;
    for (int64_t j = 0; j < line.most; ++j) {
      const auto tap = hn::Set(d, static_cast<double>(j));
      const auto x = hn::Abs(hn::Mul(hn::Add(hn::Sub(hn::Add(tap, first), centre), half), squeeze));
      const auto weight = hn::IfThenElseZero(hn::And(hn::Lt(x, one), hn::Lt(tap, count)), hn::Sub(one, x));
      total = hn::Add(total, weight);
      hn::StoreU(weight, d, line.weights + j * line.pitch + i);
    }
    total = hn::IfThenElse(hn::Eq(total, zero), one, total);
    for (int64_t j = 0; j < line.most; ++j) {
      double* const place = line.weights + j * line.pitch + i;
      const auto weight = hn::Div(hn::LoadU(d, place), total);
      greatest = hn::Max(greatest, weight);
      hn::StoreU(weight, d, place);
    }
  }
  return hn::GetLane(hn::MaxOfLanes(d, greatest));
}

// out[i * stride] = numbers[i] rounded; none of them is negative. Numbers may be read seven further.
void round_to_16_bits(const double* numbers, int64_t count, double digits, int16_t* out, int64_t stride) {
  const hn::CappedTag<double, 8> d;
  const hn::Rebind<int32_t, decltype(d)> d32;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < count; i += lanes) {
    int32_t some[8];
    const auto number = hn::Add(hn::Mul(hn::LoadU(d, numbers + i), hn::Set(d, digits)), hn::Set(d, 0.5));
    hn::StoreU(hn::DemoteTo(d32, number), d32, some);
    for (int64_t k = 0; k < std::min(lanes, count - i); ++k) out[(i + k) * stride] = static_cast<int16_t>(some[k]);
  }
}

#else

double triangle_line(const TriangleLine&) { return -1; }
void round_to_16_bits(const double*, int64_t, double, int16_t*, int64_t) {}

#endif

}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {
namespace {

HWY_EXPORT(triangle_line);
HWY_EXPORT(round_to_16_bits);

double triangle(double x) {
  x = std::abs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

// Keys' cubic: a is -0.5 with antialias, as Pillow has it, and -0.75 without, as OpenCV has it.
double cubic(double x, double a) {
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a;
  return 0.0;
}

// The weights of one pixel of the result, in double.
struct PixelTaps {
  int64_t first, count;
  double greatest;
};

// The filter is stretched by the scale, cut at the line's ends, and made to add up to 1.
template <class Filter>
PixelTaps antialiased(int64_t i, int64_t from, double scale, double support, int64_t most, const Filter& filter,
                      double* weights) {
  const double centre = scale * (static_cast<double>(i) + 0.5);
  const double squeeze = scale >= 1.0 ? 1.0 / scale : 1.0;
  const int64_t first = std::max<int64_t>(static_cast<int64_t>(centre - support + 0.5), 0);
  const int64_t last = std::min<int64_t>(static_cast<int64_t>(centre + support + 0.5), from);
  const int64_t count = std::clamp<int64_t>(last - first, 0, most);
  double total = 0.0, greatest = 0.0;
  for (int64_t j = 0; j < count; ++j) {
    weights[j] = filter((static_cast<double>(j + first) - centre + 0.5) * squeeze);
    total += weights[j];
  }
  if (total != 0.0) {
    for (int64_t j = 0; j < count; ++j) {
      weights[j] /= total;
      greatest = std::max(greatest, weights[j]);
    }
  }
  return {first, count, greatest};
}

// `most` neighbours, whatever the scale; the weights of those beyond the line's ends go to its last pixels.
template <class Filter>
PixelTaps aliased(int64_t i, int64_t from, double scale, int64_t most, const Filter& filter, double* weights) {
  double position = scale * (static_cast<double>(i) + 0.5) - 0.5;
  if (most == 2) position = std::max(position, 0.0);
  const int64_t index = std::min<int64_t>(static_cast<int64_t>(std::floor(static_cast<float>(position))), from - 1);
  const double beyond = std::min(std::max(position - static_cast<double>(index), 0.0), 1.0);
  const int64_t support = most / 2;
  const int64_t begin = index - support + 1;
  const int64_t first = std::max<int64_t>(begin, 0);
  const int64_t count = std::clamp<int64_t>(std::min<int64_t>(index + support + 1, from) - first, 0, most);
  double greatest = 0.0;
  int64_t slot = 0;
  for (int64_t j = 0; j < most; ++j) {
    if (begin + j <= 0) {
      slot = 0;
    } else if (begin + j >= from - 1) {
      slot = count - 1;
    }
    weights[slot] += filter(static_cast<double>(j + 1 - support) - beyond);
    greatest = std::max(greatest, weights[slot]);
    ++slot;
  }
  return {first, count, greatest};
}

// As many digits as the greatest weight leaves room for in 16 bits.
int precision_of(double greatest) {
  int precision = 0;
  while (precision < 22 && static_cast<int>(0.5 + greatest * (1 << (precision + 1))) < (1 << 15)) ++precision;
  return precision;
}

template <class Filter>
ResizeTaps taps_with(int64_t from, int64_t to, int64_t reach, bool antialias, int64_t begin, int64_t size,
                     const Filter& filter) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double support = static_cast<double>(reach) * 0.5 * (scale >= 1.0 ? scale : 1.0);
  const int64_t most = antialias ? static_cast<int64_t>(std::ceil(support)) * 2 + 1 : reach;

  // All pixels of the line are looked at: the greatest weight decides the precision.
  ResizeTaps out;
  std::vector<double> weights(static_cast<size_t>(to * most), 0.0);
  std::vector<PixelTaps> pixels(static_cast<size_t>(to));
  double greatest = 0.0;
  for (int64_t i = 0; i < to; ++i) {
    double* own = weights.data() + i * most;
    const auto pixel =
        antialias ? antialiased(i, from, scale, support, most, filter, own) : aliased(i, from, scale, most, filter, own);
    pixels[static_cast<size_t>(i)] = pixel;
    greatest = std::max(greatest, pixel.greatest);
  }
  out.precision = precision_of(greatest);

  out.first.resize(static_cast<size_t>(size));
  out.count.resize(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i) {
    const auto& pixel = pixels[static_cast<size_t>(begin + i)];
    out.first[static_cast<size_t>(i)] = static_cast<int32_t>(pixel.first);
    out.count[static_cast<size_t>(i)] = static_cast<int32_t>(pixel.count);
    out.taps = std::max(out.taps, static_cast<int>(pixel.count));
  }
  out.taps = std::max(out.taps, 1);
  out.weights.assign(static_cast<size_t>(size * out.taps), 0);
  const double digits = 1 << out.precision;
  for (int64_t i = 0; i < size; ++i) {
    const double* const own = weights.data() + (begin + i) * most;
    int16_t* const place = out.weights.data() + i * out.taps;
    for (int64_t j = 0; j < out.count[static_cast<size_t>(i)]; ++j) {
      const double weight = own[j] * digits;
      place[j] = static_cast<int16_t>(static_cast<int>(weight + (weight < 0 ? -0.5 : 0.5)));
    }
  }
  return out;
}

}  // namespace

namespace {

// Bilinear with antialias, by vectors. False where the machine has none of doubles.
bool triangle_taps(int64_t from, int64_t to, int64_t begin, int64_t size, ResizeTaps& out) {
  const double scale = static_cast<double>(from) / static_cast<double>(to), support = scale >= 1.0 ? scale : 1.0;
  const int64_t most = static_cast<int64_t>(std::ceil(support)) * 2 + 1, pitch = (to + 7) / 8 * 8 + 8;
  std::vector<double> memory(static_cast<size_t>((most + 2) * pitch));
  const TriangleLine line{.from = from,
                          .to = to,
                          .scale = scale,
                          .support = support,
                          .most = most,
                          .pitch = pitch,
                          .weights = memory.data() + 2 * pitch,
                          .first = memory.data(),
                          .count = memory.data() + pitch};
  const double greatest = HWY_DYNAMIC_DISPATCH(triangle_line)(line);
  if (greatest < 0) return false;
  out.precision = precision_of(greatest);
  out.first.resize(static_cast<size_t>(size));
  out.count.resize(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i) {
    out.first[static_cast<size_t>(i)] = static_cast<int32_t>(line.first[begin + i]);
    out.count[static_cast<size_t>(i)] = static_cast<int32_t>(line.count[begin + i]);
    out.taps = std::max(out.taps, static_cast<int>(out.count[static_cast<size_t>(i)]));
  }
  out.taps = std::max(out.taps, 1);
  out.weights.resize(static_cast<size_t>(size * out.taps));
  for (int64_t j = 0; j < out.taps; ++j) {
    HWY_DYNAMIC_DISPATCH(round_to_16_bits)
    (line.weights + j * pitch + begin, size, 1 << out.precision, out.weights.data() + j, out.taps);
  }
  return true;
}

}  // namespace

ResizeTaps resize_taps(int64_t from, int64_t to, ResizeFilter filter, bool antialias, int64_t begin, int64_t size) {
  if (ResizeTaps out; filter == ResizeFilter::Bilinear && antialias && triangle_taps(from, to, begin, size, out)) return out;
  if (filter == ResizeFilter::Bilinear) return taps_with(from, to, 2, antialias, begin, size, triangle);
  const double a = antialias ? -0.5 : -0.75;
  return taps_with(from, to, 4, antialias, begin, size, [a](double x) { return cubic(x, a); });
}

}  // namespace opsis::inline v1::simd

#endif  // HWY_ONCE
