#include "opsis/simd/resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#ifndef OPSIS_SIMD_RESIZE_JOB
#define OPSIS_SIMD_RESIZE_JOB
namespace opsis::inline v1::simd {

// Pixels [begin, end) of one or two rows of the result. The rows may be read 16 bytes from the first byte of each group of 4
// (interleaved) or 8 taps on; `out` written 4 bytes beyond `end`.
struct RowsToResize {
  const uint8_t* rows[2];  // the second is null for a single one
  uint8_t* out[2];
  int64_t channels;
  const int32_t* offsets;  // of each pixel's first tap, in bytes
  const int16_t* weights;
  int64_t taps;    // that a pixel has, at most
  int64_t blocks;  // of 8 weights, a pixel
  int precision;
  int64_t begin, end;
};

}  // namespace opsis::inline v1::simd
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/resize.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR  // vectors of a single lane, which g++ builds in place of emulated ones

uint8_t to_byte(int32_t sum, int precision) {
  return static_cast<uint8_t>(std::clamp((sum + (1 << (precision - 1))) >> precision, 0, 255));
}

void horizontal(const RowsToResize& job) {
  const bool plane = job.channels == 1;
  const int64_t taps = job.blocks * (plane ? 8 : 2);
  for (int row = 0; row < 2 && job.rows[row]; ++row) {
    for (int64_t x = job.begin; x < job.end; ++x) {
      const int16_t* weights = job.weights + x * job.blocks * 8;
      for (int64_t channel = 0; channel < job.channels; ++channel) {
        int32_t sum = 0;
        for (int64_t k = 0; k < taps; ++k) {
          const int16_t weight = plane ? weights[k] : weights[k / 2 * 8 + 2 * channel + k % 2];
          if (weight != 0) sum += weight * job.rows[row][job.offsets[x] + k * job.channels + channel];  // others may be beyond
        }
        job.out[row][x * job.channels + channel] = to_byte(sum, job.precision);
      }
    }
  }
}

void vertical(const uint8_t* const* rows, const int16_t* weights, int64_t count, int precision, int64_t begin, int64_t end,
              uint8_t* out) {
  for (int64_t i = begin; i < end; ++i) {
    int32_t sum = 0;
    for (int64_t k = 0; k < count; ++k) sum += weights[k] * rows[k][i];
    out[i] = to_byte(sum, precision);
  }
}

#else

// Two vectors of 32-bit sums as one of 16-bit numbers, shifted down and saturated. On x86 the 128-bit blocks of the two alternate.
template <class D16, class V32>
HWY_INLINE hn::Vec<D16> narrowed(D16 d16, V32 low, V32 high, const hn::Vec<hn::RepartitionToWide<D16>> half, int precision) {
  return hn::ReorderDemote2To(d16, hn::ShiftRightSame(hn::Add(low, half), precision),
                              hn::ShiftRightSame(hn::Add(high, half), precision));
}

// sum + the products of each pair of neighbours. Targets without that instruction spread them over two sums.
template <class D32, class V16>
HWY_INLINE hn::Vec<D32> add_products(D32 d32, V16 a, V16 b, hn::Vec<D32> sum) {
  auto second = hn::Zero(d32);
  const auto first = hn::ReorderWidenMulAccumulate(d32, a, b, hn::Zero(d32), second);
  return hn::Add(sum, hn::RearrangeToOddPlusEven(first, second));
}

// ---- Along a row ----
// The job is taken by value: bytes that are written might else be part of it, and it would be read again for each pixel.

// The tables that bring two taps' channels together: byte 2 * (2 * channel + tap) of a block; 0x80 gives 0.
constexpr std::array<uint8_t, 32> pair_table(int channels) {
  std::array<uint8_t, 32> table{};
  for (auto& byte : table) byte = 0x80;
  for (int block = 0; block < 2; ++block) {
    for (int channel = 0; channel < channels; ++channel) {
      for (int tap = 0; tap < 2; ++tap) {
        table[static_cast<size_t>(16 * block + 2 * (2 * channel + tap))] =
            static_cast<uint8_t>(channels * (2 * block + tap) + channel);
      }
    }
  }
  return table;
}

HWY_ALIGN constexpr std::array<uint8_t, 32> pairs_of_3 = pair_table(3);
HWY_ALIGN constexpr std::array<uint8_t, 32> pairs_of_4 = pair_table(4);
HWY_ALIGN constexpr std::array<uint8_t, 16> without_fourth{0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0x80, 0x80, 0x80, 0x80};

// Two rows of interleaved pixels with 3 or 4 channels (or one: weights are loaded once for both).
// For each pixel of the result: 16 bytes hold 4 of its taps (5 of 3 channels); a shuffle puts the taps 2k and 2k + 1 of a channel
// beside each other as 16-bit numbers, which one instruction multiplies by their weights and adds. With vectors of 32 bytes the
// second half does the next two taps.
template <int kRows, int kChannels, int kSteps>
HWY_NOINLINE void interleaved_pixels(const RowsToResize job) {
  const hn::CappedTag<uint8_t, 32> d8;
  const hn::Repartition<int16_t, decltype(d8)> d16;
  const hn::Repartition<int32_t, decltype(d8)> d32;
  const hn::Full128<uint8_t> block8;
  using V32 = hn::Vec<decltype(d32)>;
  constexpr int64_t vector_blocks = static_cast<int64_t>(hn::MaxLanes(d8)) / 16;
  const int64_t steps = kSteps > 0 ? kSteps : job.blocks / vector_blocks;
  const auto pairs = hn::LoadU(d8, kChannels == 3 ? pairs_of_3.data() : pairs_of_4.data());
  const auto half = hn::Set(d32, 1 << (job.precision - 1));
  const auto three = hn::LoadU(block8, without_fourth.data());
  const int precision = job.precision;

  const auto sums = [&](int64_t x, V32& sum0, V32& sum1) HWY_ATTR {
    const int64_t offset = job.offsets[x];
    const uint8_t* taps0 = job.rows[0] + offset;
    const uint8_t* taps1 = job.rows[kRows - 1] + offset;
    const int16_t* w = job.weights + x * job.blocks * 8;
    sum0 = sum1 = hn::Zero(d32);
    for (int64_t step = 0; step < steps; ++step) {
      const auto weights = hn::LoadU(d16, w + step * 8 * vector_blocks);
      const int64_t at = step * 2 * vector_blocks * kChannels;
      const auto pixels0 = hn::TableLookupBytesOr0(hn::LoadDup128(d8, taps0 + at), pairs);
      sum0 = add_products(d32, hn::BitCast(d16, pixels0), weights, sum0);
      if constexpr (kRows == 2) {
        const auto pixels1 = hn::TableLookupBytesOr0(hn::LoadDup128(d8, taps1 + at), pairs);
        sum1 = add_products(d32, hn::BitCast(d16, pixels1), weights, sum1);
      }
    }
  };
  // The sums of four pixels as 16 bytes, with a fourth channel each.
  const auto joined = [&](V32 a, V32 b, V32 c, V32 d) HWY_ATTR {
#if HWY_CAP_GE256
    const auto ac = hn::Add(hn::ConcatLowerLower(d32, c, a), hn::ConcatUpperUpper(d32, c, a));
    const auto bd = hn::Add(hn::ConcatLowerLower(d32, d, b), hn::ConcatUpperUpper(d32, d, b));
    return hn::DemoteTo(block8, narrowed(d16, ac, bd, half, precision));
#else
    const hn::Half<hn::Full128<uint8_t>> half8;
    return hn::Combine(block8, hn::DemoteTo(half8, narrowed(d16, c, d, half, precision)),
                       hn::DemoteTo(half8, narrowed(d16, a, b, half, precision)));
#endif
  };
  // The last pixels of a row repeat the very last one.
  const auto four = [&](int64_t x, int64_t last, hn::Vec<decltype(block8)>& bytes0, hn::Vec<decltype(block8)>& bytes1)
                        HWY_ATTR {
                          V32 a0, a1, b0, b1, c0, c1, d0, d1;
                          sums(x, a0, a1);
                          sums(std::min(x + 1, last), b0, b1);
                          sums(std::min(x + 2, last), c0, c1);
                          sums(std::min(x + 3, last), d0, d1);
                          bytes0 = joined(a0, b0, c0, d0);
                          if (kChannels == 3) bytes0 = hn::TableLookupBytesOr0(bytes0, three);
                          if (kRows == 1) return;
                          bytes1 = joined(a1, b1, c1, d1);
                          if (kChannels == 3) bytes1 = hn::TableLookupBytesOr0(bytes1, three);
                        };
  hn::Vec<decltype(block8)> bytes0, bytes1;
  int64_t x = job.begin;
  for (; x + 4 <= job.end; x += 4) {
    four(x, x + 3, bytes0, bytes1);
    hn::StoreU(bytes0, block8, job.out[0] + x * kChannels);
    if (kRows == 2) hn::StoreU(bytes1, block8, job.out[1] + x * kChannels);
  }
  if (x < job.end) {
    const auto rest = static_cast<size_t>((job.end - x) * kChannels);
    HWY_ALIGN uint8_t buffer[16];
    four(x, job.end - 1, bytes0, bytes1);
    hn::Store(bytes0, block8, buffer);
    std::memcpy(job.out[0] + x * kChannels, buffer, rest);
    if (kRows == 1) return;
    hn::Store(bytes1, block8, buffer);
    std::memcpy(job.out[1] + x * kChannels, buffer, rest);
  }
}

#if HWY_CAP_GE256

// A row of interleaved pixels that are made of two taps each: as above, but two pixels share a vector, in place of further taps.
template <int kChannels>
HWY_NOINLINE void pixels_of_two(const RowsToResize job, const uint8_t* row, uint8_t* out) {
  const hn::CappedTag<uint8_t, 32> d8;
  const hn::Repartition<int16_t, decltype(d8)> d16;
  const hn::Repartition<int32_t, decltype(d8)> d32;
  const hn::Full128<uint8_t> block8;
  const hn::Full128<int16_t> block16;
  const auto pairs = hn::LoadDup128(d8, kChannels == 3 ? pairs_of_3.data() : pairs_of_4.data());
  const auto half = hn::Set(d32, 1 << (job.precision - 1));
  const auto three = hn::LoadU(block8, without_fourth.data());

  const auto sums = [&](int64_t a, int64_t b) HWY_ATTR {
    const auto taps = [&](int64_t x) HWY_ATTR { return hn::LoadU(block8, row + job.offsets[x]); };
    const auto weights = [&](int64_t x) HWY_ATTR { return hn::LoadU(block16, job.weights + x * 16); };
    const auto pixels = hn::TableLookupBytesOr0(hn::Combine(d8, taps(b), taps(a)), pairs);
    return add_products(d32, hn::BitCast(d16, pixels), hn::Combine(d16, weights(b), weights(a)), hn::Zero(d32));
  };
  // Narrowing takes blocks in turns, hence this order.
  const auto four = [&](int64_t x, int64_t last) HWY_ATTR {
    const auto even = sums(x, std::min(x + 2, last)), odd = sums(std::min(x + 1, last), std::min(x + 3, last));
    const auto bytes = hn::DemoteTo(block8, narrowed(d16, even, odd, half, job.precision));
    return kChannels == 3 ? hn::TableLookupBytesOr0(bytes, three) : bytes;
  };
  int64_t x = job.begin;
  for (; x + 4 <= job.end; x += 4) hn::StoreU(four(x, x + 3), block8, out + x * kChannels);
  if (x < job.end) {
    HWY_ALIGN uint8_t buffer[16];
    hn::Store(four(x, job.end - 1), block8, buffer);
    std::memcpy(out + x * kChannels, buffer, static_cast<size_t>((job.end - x) * kChannels));
  }
}

bool resize_by_two(const RowsToResize& job) {
  if (job.taps > 2 || job.channels == 1) return false;
  for (int k = 0; k < 2 && job.rows[k]; ++k) {
    job.channels == 3 ? pixels_of_two<3>(job, job.rows[k], job.out[k]) : pixels_of_two<4>(job, job.rows[k], job.out[k]);
  }
  return true;
}

#else

bool resize_by_two(const RowsToResize&) { return false; }

#endif

// Rows of one channel: 8 taps at a time, four pixels whose sums are then added up crosswise.
template <int kRows, int kSteps>
HWY_NOINLINE void plane_pixels(const RowsToResize job) {
  const hn::Full128<int32_t> d32;
  const hn::Full128<int16_t> d16;
  const hn::Full128<int64_t> d64;
  const hn::Full64<uint8_t> d8;
  using V32 = hn::Vec<decltype(d32)>;
  const int64_t steps = kSteps > 0 ? kSteps : job.blocks;
  const auto half = hn::Set(d32, 1 << (job.precision - 1));

  const auto sums = [&](int64_t x, V32& sum0, V32& sum1) HWY_ATTR {
    const uint8_t* taps0 = job.rows[0] + job.offsets[x];
    const uint8_t* taps1 = job.rows[kRows - 1] + job.offsets[x];
    const int16_t* w = job.weights + x * job.blocks * 8;
    sum0 = sum1 = hn::Zero(d32);
    for (int64_t step = 0; step < steps; ++step) {
      const auto weights = hn::LoadU(d16, w + step * 8);
      sum0 = add_products(d32, hn::PromoteTo(d16, hn::LoadU(d8, taps0 + step * 8)), weights, sum0);
      if constexpr (kRows == 2) {
        sum1 = add_products(d32, hn::PromoteTo(d16, hn::LoadU(d8, taps1 + step * 8)), weights, sum1);
      }
    }
  };
  const auto added = [&](V32 a, V32 b, V32 c, V32 d) HWY_ATTR {
    const auto ab = hn::BitCast(d64, hn::Add(hn::InterleaveLower(d32, a, b), hn::InterleaveUpper(d32, a, b)));
    const auto cd = hn::BitCast(d64, hn::Add(hn::InterleaveLower(d32, c, d), hn::InterleaveUpper(d32, c, d)));
    return hn::Add(hn::BitCast(d32, hn::InterleaveLower(d64, ab, cd)), hn::BitCast(d32, hn::InterleaveUpper(d64, ab, cd)));
  };
  const auto four = [&](int64_t x, int64_t last, V32& sum0, V32& sum1) HWY_ATTR {
    V32 a0, a1, b0, b1, c0, c1, d0, d1;
    sums(std::min(x, last), a0, a1);
    sums(std::min(x + 1, last), b0, b1);
    sums(std::min(x + 2, last), c0, c1);
    sums(std::min(x + 3, last), d0, d1);
    sum0 = added(a0, b0, c0, d0);
    if (kRows == 2) sum1 = added(a1, b1, c1, d1);
  };
  V32 low0, low1, high0, high1;
  int64_t x = job.begin;
  for (; x + 8 <= job.end; x += 8) {
    four(x, x + 7, low0, low1);
    four(x + 4, x + 7, high0, high1);
    hn::StoreU(hn::DemoteTo(d8, narrowed(d16, low0, high0, half, job.precision)), d8, job.out[0] + x);
    if (kRows == 2) hn::StoreU(hn::DemoteTo(d8, narrowed(d16, low1, high1, half, job.precision)), d8, job.out[1] + x);
  }
  if (x < job.end) {
    const auto rest = static_cast<size_t>(job.end - x);
    HWY_ALIGN uint8_t buffer[8];
    four(x, job.end - 1, low0, low1);
    four(x + 4, job.end - 1, high0, high1);
    hn::Store(hn::DemoteTo(d8, narrowed(d16, low0, high0, half, job.precision)), d8, buffer);
    std::memcpy(job.out[0] + x, buffer, rest);
    if (kRows == 1) return;
    hn::Store(hn::DemoteTo(d8, narrowed(d16, low1, high1, half, job.precision)), d8, buffer);
    std::memcpy(job.out[1] + x, buffer, rest);
  }
}

template <int kRows, int kSteps>
void resize_rows(const RowsToResize& job) {
  if (job.channels == 1) return plane_pixels<kRows, kSteps>(job);
  if (job.channels == 3) return interleaved_pixels<kRows, 3, kSteps>(job);
  interleaved_pixels<kRows, 4, kSteps>(job);
}

// Two rows at once pay where weights are many; few are quicker with the loop over them unrolled.
void horizontal(const RowsToResize& job) {
  if (resize_by_two(job)) return;
  constexpr int64_t vector_blocks = static_cast<int64_t>(hn::MaxLanes(hn::CappedTag<uint8_t, 32>())) / 16;
  const int64_t steps = job.channels == 1 ? job.blocks : job.blocks / vector_blocks;
  if (steps > 3 && job.rows[1]) return resize_rows<2, 0>(job);
  RowsToResize single = job;
  for (int k = 0; k < 2 && job.rows[k]; ++k) {
    single.rows[0] = job.rows[k];
    single.out[0] = job.out[k];
    switch (steps) {
      case 1: resize_rows<1, 1>(single); break;
      case 2: resize_rows<1, 2>(single); break;
      case 3: resize_rows<1, 3>(single); break;
      default: resize_rows<1, 0>(single);
    }
  }
}

// ---- Along the columns ----

// out[i] = the sum of weights[k] * rows[k][i], for an even number of rows. Two rows are interleaved, so that one instruction
// multiplies the two bytes of a column by their weights and adds. Rows may be read a vector beyond `size`, and out written.
void vertical(const uint8_t* const* rows, const int16_t* weights, int64_t count, int precision, int64_t begin, int64_t end,
              uint8_t* out) {
  const hn::CappedTag<uint8_t, 64> d8;
  const hn::Repartition<int16_t, decltype(d8)> d16;
  const hn::Repartition<int32_t, decltype(d8)> d32;
  const auto half = hn::Set(d32, 1 << (precision - 1));
  const auto zero = hn::Zero(d8);
  const auto zero16 = hn::Zero(d16), level = hn::Set(d16, 255);
  HWY_ALIGN static constexpr uint8_t evens_then_odds[16] = {0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15};
  const auto unzip = hn::LoadDup128(d8, evens_then_odds);
  const auto n = static_cast<int64_t>(hn::Lanes(d8));
  for (int64_t i = begin; i < end; i += n) {
    auto sum0 = hn::Zero(d32), sum1 = hn::Zero(d32), sum2 = hn::Zero(d32), sum3 = hn::Zero(d32);
    for (int64_t k = 0; k < count; k += 2) {
      int32_t both;
      std::memcpy(&both, weights + k, sizeof(both));
      const auto w = hn::BitCast(d16, hn::Set(d32, both));
      const auto a = hn::LoadU(d8, rows[k] + i), b = hn::LoadU(d8, rows[k + 1] + i);
      const auto low = hn::InterleaveLower(d8, a, b), high = hn::InterleaveUpper(d8, a, b);
      sum0 = add_products(d32, hn::BitCast(d16, hn::InterleaveLower(d8, low, zero)), w, sum0);
      sum1 = add_products(d32, hn::BitCast(d16, hn::InterleaveUpper(d8, low, zero)), w, sum1);
      sum2 = add_products(d32, hn::BitCast(d16, hn::InterleaveLower(d8, high, zero)), w, sum2);
      sum3 = add_products(d32, hn::BitCast(d16, hn::InterleaveUpper(d8, high, zero)), w, sum3);
    }
    const auto low = hn::Min(hn::Max(narrowed(d16, sum0, sum1, half, precision), zero16), level);
    const auto high = hn::Min(hn::Max(narrowed(d16, sum2, sum3, half, precision), zero16), level);
    const auto mixed = hn::BitCast(d8, hn::Or(low, hn::ShiftLeft<8>(high)));
    hn::StoreU(hn::TableLookupBytes(mixed, unzip), d8, out + i);
  }
}

#endif

}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace opsis::inline v1::simd {
namespace {

HWY_EXPORT(horizontal);
HWY_EXPORT(vertical);

constexpr int64_t padding = 64;  // the longest vector: rows of our own may be read and written that far beyond their end

int64_t rounded_up(int64_t value, int64_t to) { return (value + to - 1) / to * to; }

}  // namespace

Resizer::Resizer(const ResizePlan& plan)
    : plan_(plan), along_rows_(plan.from_width != plan.to_width), along_columns_(plan.from_height != plan.to_height) {
  if (plan_.height < 0) plan_.height = plan_.to_height - plan_.top;
  if (plan_.width < 0) plan_.width = plan_.to_width - plan_.left;
  horizontal_ = resize_taps(plan_.from_width, plan_.to_width, plan_.filter, plan_.antialias, plan_.left, plan_.width);
  vertical_ = resize_taps(plan_.from_height, plan_.to_height, plan_.filter, plan_.antialias, plan_.top, plan_.height);
  if (!along_rows_) return;

  // One channel: blocks of 8 taps. More: blocks of 2 taps, which each channel multiplies by, an even number of blocks.
  const int64_t taps = horizontal_.taps, channels = plan_.channels;
  blocks_ = channels == 1 ? (taps + 7) / 8 : rounded_up(taps, 4) / 2;
  layout_.assign(static_cast<size_t>(plan_.width * blocks_ * 8), 0);
  for (int64_t x = 0; x < plan_.width; ++x) {
    int16_t* own = layout_.data() + x * blocks_ * 8;
    for (int64_t k = 0; k < taps; ++k) {
      const int16_t weight = horizontal_.weights[static_cast<size_t>(x * taps + k)];
      if (channels == 1) {
        own[k] = weight;
      } else {
        for (int64_t channel = 0; channel < 4; ++channel) own[k / 2 * 8 + 2 * channel + k % 2] = weight;
      }
    }
  }
  // The last load of a pixel begins with its last group of taps.
  const int64_t read = channels == 1 ? blocks_ * 8 : (blocks_ / 2 - 1) * 4 * channels + 16 + 2 * channels;
  safe_ = plan_.width;
  while (safe_ > 0 && horizontal_.first[static_cast<size_t>(safe_ - 1)] * channels + read > plan_.from_width * channels)
    --safe_;
}

Resizer::Span Resizer::source_columns() const {
  if (!along_rows_) return {plan_.left, plan_.left + plan_.width};
  return {horizontal_.first.front(), horizontal_.first.back() + horizontal_.count.back()};
}

Resizer::Span Resizer::source_rows(int64_t first, int64_t last) const {
  if (first >= last) return {0, 0};
  if (!along_columns_) return {plan_.top + first, plan_.top + last};
  const auto end = static_cast<size_t>(last - 1);
  return {vertical_.first[static_cast<size_t>(first)], vertical_.first[end] + vertical_.count[end]};
}

// Rows of the source are resized along themselves into a ring, of which the columns then take what they need.
void Resizer::run(const Source& source, int64_t first, int64_t last, const std::function<uint8_t*(int64_t)>& place,
                  const Sink* sink) const {
  if (first >= last || plan_.width == 0) return;
  const int64_t channels = plan_.channels, bytes = plan_.width * channels;
  const int64_t pitch = rounded_up(bytes, padding) + padding;
  const int64_t taps = along_columns_ ? vertical_.taps : 1;
  const int64_t slots = taps + most_rows;
  const auto ring_bytes = static_cast<size_t>(slots * pitch);

  // The pixels from safe_ on read beyond the row; they read a copy of its end that is long enough.
  const int64_t tail_first = safe_ < plan_.width ? horizontal_.first[static_cast<size_t>(safe_)] : plan_.from_width;
  const int64_t tail_bytes = (plan_.from_width - tail_first) * channels;
  const int64_t tail_pitch = rounded_up(tail_bytes + blocks_ * 2 * std::max<int64_t>(channels, 4), padding) + padding;
  std::vector<uint8_t> memory(ring_bytes + static_cast<size_t>(2 * tail_pitch + pitch));
  uint8_t* const ring = memory.data();
  uint8_t* const tails = ring + ring_bytes;
  uint8_t* const scratch = tails + 2 * tail_pitch;

  std::vector<int32_t> offsets(horizontal_.first);
  for (auto& offset : offsets) offset *= static_cast<int32_t>(channels);

  const auto along_row = HWY_DYNAMIC_DISPATCH(horizontal);
  const auto along_column = HWY_DYNAMIC_DISPATCH(vertical);
  // One or two rows.
  const auto resize_rows = [&](const uint8_t* const* rows, int64_t count, uint8_t* out0, uint8_t* out1) {
    if (!along_rows_) {
      std::memcpy(out0, rows[0] + plan_.left * channels, static_cast<size_t>(bytes));
      if (count == 2) std::memcpy(out1, rows[1] + plan_.left * channels, static_cast<size_t>(bytes));
      return;
    }
    RowsToResize job{.rows = {rows[0], count == 2 ? rows[1] : nullptr},
                     .out = {out0, out1},
                     .channels = channels,
                     .offsets = offsets.data(),
                     .weights = layout_.data(),
                     .taps = horizontal_.taps,
                     .blocks = blocks_,
                     .precision = horizontal_.precision,
                     .begin = 0,
                     .end = safe_};
    along_row(job);
    if (safe_ == plan_.width) return;
    for (int64_t k = 0; k < count; ++k) {
      uint8_t* const copy = tails + k * tail_pitch;
      std::memcpy(copy, rows[k] + tail_first * channels, static_cast<size_t>(tail_bytes));
      job.rows[k] = copy - tail_first * channels;
    }
    job.begin = safe_, job.end = plan_.width;
    along_row(job);
  };

  int64_t done = source_rows(first, last).begin;  // rows of the source before this one are in the ring, or gone
  std::vector<const uint8_t*> taken(static_cast<size_t>(taps + 1));
  std::vector<int16_t> weights(static_cast<size_t>(taps + 1));
  for (int64_t y = first; y < last; ++y) {
    const auto needed = source_rows(y, y + 1);
    done = std::max(done, needed.begin);
    while (done < needed.end) {
      const int64_t count = std::min(most_rows, needed.end - done);
      const uint8_t* rows[most_rows];
      source(done, count, rows);
      for (int64_t k = 0; k < count; k += 2) {
        resize_rows(rows + k, std::min<int64_t>(2, count - k), ring + (done + k) % slots * pitch,
                    ring + (done + k + 1) % slots * pitch);
      }
      done += count;
    }
    const uint8_t* result = ring + needed.begin % slots * pitch;
    uint8_t* const out = sink ? scratch : place(y);
    if (along_columns_) {
      const int64_t count = needed.end - needed.begin;
      for (int64_t k = 0; k < count; ++k) {
        taken[static_cast<size_t>(k)] = ring + (needed.begin + k) % slots * pitch;
        weights[static_cast<size_t>(k)] = vertical_.weights[static_cast<size_t>(y * vertical_.taps + k)];
      }
      if (count % 2 != 0) {
        taken[static_cast<size_t>(count)] = taken[0];
        weights[static_cast<size_t>(count)] = 0;
      }
      const int64_t whole = sink ? bytes : bytes / padding * padding;  // the rest would write beyond the caller's row
      along_column(taken.data(), weights.data(), rounded_up(count, 2), vertical_.precision, 0, whole, out);
      if (whole < bytes) {
        along_column(taken.data(), weights.data(), rounded_up(count, 2), vertical_.precision, whole, bytes, scratch);
        std::memcpy(out + whole, scratch + whole, static_cast<size_t>(bytes - whole));
      }
      result = out;
    } else if (!sink) {
      std::memcpy(out, result, static_cast<size_t>(bytes));
    }
    if (sink) (*sink)(y, result);
  }
}

void Resizer::rows(const Source& source, int64_t first, int64_t last, const Sink& sink) const {
  run(source, first, last, {}, &sink);
}

void Resizer::resize(const uint8_t* pixels, ptrdiff_t row_stride, int64_t first, int64_t last, uint8_t* out,
                     ptrdiff_t out_stride) const {
  run(
      [&](int64_t begin, int64_t count, const uint8_t** rows) {
        for (int64_t k = 0; k < count; ++k) rows[k] = pixels + (begin + k) * row_stride;
      },
      first, last, [&](int64_t y) { return out + (y - first) * out_stride; }, nullptr);
}

}  // namespace opsis::inline v1::simd

#endif  // HWY_ONCE
