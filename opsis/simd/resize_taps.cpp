#include "opsis/simd/resize_taps.h"

#include <algorithm>
#include <cmath>

namespace opsis::inline v1::simd {
namespace {

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
  while (out.precision < 22 && static_cast<int>(0.5 + greatest * (1 << (out.precision + 1))) < (1 << 15)) ++out.precision;

  for (int64_t i = begin; i < begin + size; ++i) {
    out.first.push_back(static_cast<int32_t>(pixels[static_cast<size_t>(i)].first));
    out.count.push_back(static_cast<int32_t>(pixels[static_cast<size_t>(i)].count));
    out.taps = std::max(out.taps, static_cast<int>(out.count.back()));
  }
  out.taps = std::max(out.taps, 1);
  out.weights.assign(static_cast<size_t>(size * out.taps), 0);
  for (int64_t i = 0; i < size; ++i) {
    for (int64_t j = 0; j < out.count[static_cast<size_t>(i)]; ++j) {
      const double weight = weights[static_cast<size_t>((begin + i) * most + j)] * (1 << out.precision);
      out.weights[static_cast<size_t>(i * out.taps + j)] =
          static_cast<int16_t>(static_cast<int>(weight < 0 ? weight - 0.5 : weight + 0.5));
    }
  }
  return out;
}

}  // namespace

ResizeTaps resize_taps(int64_t from, int64_t to, ResizeFilter filter, bool antialias, int64_t begin, int64_t size) {
  if (filter == ResizeFilter::Bilinear) return taps_with(from, to, 2, antialias, begin, size, triangle);
  const double a = antialias ? -0.5 : -0.75;
  return taps_with(from, to, 4, antialias, begin, size, [a](double x) { return cubic(x, a); });
}

}  // namespace opsis::inline v1::simd
