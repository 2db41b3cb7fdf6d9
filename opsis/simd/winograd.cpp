#include "opsis/simd/winograd.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/winograd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

// The three matrices of F(4, 3) for the points 0, 1, -1, 2, -2 and infinity; here that of what is seen.
template <class D, class V>
HWY_INLINE void Factors(D d, const V* x, V* y) {
  const auto two = hn::Set(d, 2.0f), four = hn::Set(d, 4.0f), five = hn::Set(d, 5.0f);
  const auto even = hn::NegMulAdd(four, x[2], x[4]), odd = hn::NegMulAdd(four, x[1], x[3]);
  const auto near = hn::Sub(x[4], x[2]), far = hn::Mul(two, hn::Sub(x[3], x[1]));
  y[0] = hn::MulAdd(four, x[0], hn::NegMulAdd(five, x[2], x[4]));
  y[1] = hn::Add(even, odd);
  y[2] = hn::Sub(even, odd);
  y[3] = hn::Add(near, far);
  y[4] = hn::Sub(near, far);
  y[5] = hn::MulAdd(four, x[1], hn::NegMulAdd(five, x[3], x[5]));
}

// And that of the sums.
template <class D, class V>
HWY_INLINE void Results(D d, const V* x, V* y) {
  const auto sum = hn::Add(x[1], x[2]), difference = hn::Sub(x[1], x[2]);
  const auto far_sum = hn::Add(x[3], x[4]), far_difference = hn::Sub(x[3], x[4]);
  y[0] = hn::Add(hn::Add(x[0], sum), far_sum);
  y[1] = hn::MulAdd(hn::Set(d, 2.0f), far_difference, difference);
  y[2] = hn::MulAdd(hn::Set(d, 4.0f), far_sum, sum);
  y[3] = hn::Add(hn::MulAdd(hn::Set(d, 8.0f), far_difference, difference), x[5]);
}

struct Place {
  int64_t picture, y, x;  // of the first result
};

Place PlaceOf(const Winograd& conv, int64_t tile) {
  const auto across = conv.tiles_x(), down = conv.tiles_y();
  return {tile / (across * down), tile / across % down * 4, tile % across * 4};
}

void WinogradInput(const Winograd& conv, const float* pictures, int64_t tile, float* out, int64_t stride) {
  const auto place = PlaceOf(conv, tile);
  const auto* picture = pictures + place.picture * conv.height * conv.width * conv.channels;
  const float* seen[6][6];
  for (int64_t row = 0; row < 6; ++row) {
    for (int64_t column = 0; column < 6; ++column) {
      const auto y = place.y + row - conv.padding_y, x = place.x + column - conv.padding_x;
      const bool inside = y >= 0 && y < conv.height && x >= 0 && x < conv.width;
      seen[row][column] = inside ? picture + (y * conv.width + x) * conv.channels : nullptr;
    }
  }
  ForLanes<float>(0, conv.channels, [&](auto d, int64_t c) HWY_ATTR {
    using V = hn::Vec<decltype(d)>;
    V halfway[6][6];  // by column, then row
    for (int64_t column = 0; column < 6; ++column) {
      V x[6];
      for (int64_t row = 0; row < 6; ++row) x[row] = seen[row][column] ? hn::LoadU(d, seen[row][column] + c) : hn::Zero(d);
      Factors(d, x, halfway[column]);
    }
    for (int64_t row = 0; row < 6; ++row) {
      V x[6], y[6];
      for (int64_t column = 0; column < 6; ++column) x[column] = halfway[column][row];
      Factors(d, x, y);
      for (int64_t column = 0; column < 6; ++column) hn::StoreU(y[column], d, out + (row * 6 + column) * stride + c);
    }
  });
}

void WinogradOutput(const Winograd& conv, const float* sums, int64_t stride, const float* bias, const float* addend,
                    int64_t tile, float* out) {
  const auto place = PlaceOf(conv, tile);
  const auto rows = std::min<int64_t>(4, conv.out_height - place.y), columns = std::min<int64_t>(4, conv.out_width - place.x);
  const auto first = ((place.picture * conv.out_height + place.y) * conv.out_width + place.x) * conv.out_channels;
  ForLanes<float>(0, conv.out_channels, [&](auto d, int64_t c) HWY_ATTR {
    using V = hn::Vec<decltype(d)>;
    const auto low = hn::Set(d, conv.low), high = hn::Set(d, conv.high), shift = hn::LoadU(d, bias + c);
    V halfway[6][4];  // by column, then row
    for (int64_t column = 0; column < 6; ++column) {
      V x[6];
      for (int64_t row = 0; row < 6; ++row) x[row] = hn::LoadU(d, sums + (row * 6 + column) * stride + c);
      Results(d, x, halfway[column]);
    }
    for (int64_t row = 0; row < rows; ++row) {
      V x[6], y[4];
      for (int64_t column = 0; column < 6; ++column) x[column] = halfway[column][row];
      Results(d, x, y);
      for (int64_t column = 0; column < columns; ++column) {
        const auto at = first + (row * conv.out_width + column) * conv.out_channels + c;
        auto value = hn::Add(y[column], shift);
        if (addend) value = hn::Add(value, hn::LoadU(d, addend + at));
        hn::StoreU(Bounded(value, low, high), d, out + at);
      }
    }
  });
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(WinogradInput);
HWY_EXPORT(WinogradOutput);

void winograd_weights(int64_t out_channels, int64_t channels, const float* weights, float* out) {
  constexpr double kMatrix[6][3] = {{1.0 / 4, 0, 0},
                                    {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                    {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                    {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                    {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                    {0, 0, 1}};
  for (int64_t k = 0; k < out_channels; ++k, weights += 9 * channels) {
    for (int64_t c = 0; c < channels; ++c) {
      double halfway[6][3] = {};
      for (int64_t row = 0; row < 6; ++row) {
        for (int64_t i = 0; i < 3; ++i) {
          for (int64_t j = 0; j < 3; ++j)
            halfway[row][j] += kMatrix[row][i] * static_cast<double>(weights[(i * 3 + j) * channels + c]);
        }
      }
      for (int64_t row = 0; row < 6; ++row) {
        for (int64_t column = 0; column < 6; ++column) {
          double sum = 0;
          for (int64_t j = 0; j < 3; ++j) sum += halfway[row][j] * kMatrix[column][j];
          out[((row * 6 + column) * out_channels + k) * channels + c] = static_cast<float>(sum);
        }
      }
    }
  }
}

void winograd_input(const Winograd& conv, const float* pictures, int64_t tile, float* out, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(WinogradInput)(conv, pictures, tile, out, stride);
}

void winograd_output(const Winograd& conv, const float* sums, int64_t stride, const float* bias, const float* addend,
                     int64_t tile, float* out) {
  HWY_DYNAMIC_DISPATCH(WinogradOutput)(conv, sums, stride, bias, addend, tile, out);
}

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
