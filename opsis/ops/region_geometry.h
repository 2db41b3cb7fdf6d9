// Where the bins of a region lie on maps, found in T, the type of the regions, and in torchvision's order of operations. One
// source for the kernels of the CPU and of CUDA.
#pragma once

#include <c10/macros/Macros.h>
#include <c10/util/Half.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "opsis/ops/region_ops.h"
#include "opsis/simd/roi_align.h"
#include "opsis/simd/roi_pool.h"

namespace opsis::inline v1::ops::detail {

/// What a T is compared and rounded as: nothing is lost, and a GPU is slow at double.
template <class T>
using Exact = std::conditional_t<std::is_same_v<T, double>, double, float>;

/// A region along one axis, for roi_align: bins of `bin` pixels from `start` on, over maps of `size` rows or columns.
template <class T>
struct SampledAxis {
  T start, bin;
  int64_t samples;  ///< of each bin
  int64_t size;

  /// `ratio` samples a bin or, when the caller does not say, one a pixel.
  C10_HOST_DEVICE SampledAxis(T first, T length, int64_t bins, int64_t ratio, int64_t map_size)
      : start(first), bin(length / static_cast<T>(bins)), samples(ratio), size(map_size) {
    if (ratio > 0) return;
    const auto needed = std::ceil(static_cast<double>(bin));
    samples = std::isfinite(needed) ? static_cast<int64_t>(std::clamp(needed, -1e9, 1e9)) : 0;
  }

  /// The samples of a bin that may lie on the maps, and somewhat more: of a region far larger than the maps most do not.
  C10_HOST_DEVICE simd::Pixels range(int64_t number) const {
    if (!(std::isfinite(static_cast<double>(start)) && std::isfinite(static_cast<double>(bin)) && size > 0)) return {0, 0};
    const auto step = static_cast<double>(bin) / static_cast<double>(samples > 0 ? samples : 1);
    if (samples <= 64 || !(step > 0)) return {0, samples};
    const auto at = static_cast<double>(start) + static_cast<double>(number) * static_cast<double>(bin);
    const auto cut = [&](double place) { return static_cast<int64_t>(std::clamp(place, 0.0, static_cast<double>(samples))); };
    const auto slack = 2 + 1e-3 * std::abs(at / step);
    return {cut((-2 - at) / step - slack), cut((static_cast<double>(size) + 1 - at) / step + slack)};
  }

  /// What a sample takes from; false when it is off the maps by more than a pixel, where it takes nothing.
  template <class Compute>
  C10_HOST_DEVICE bool tap(int64_t number, int64_t sample, simd::Tap<Compute>& out) const {
    T place =
        start + static_cast<T>(number) * bin + static_cast<T>(static_cast<float>(sample) + .5f) * bin / static_cast<T>(samples);
    const auto exact = static_cast<Exact<T>>(place);
    if (!(exact >= -1 && exact <= static_cast<Exact<T>>(size))) return false;
    if (exact <= 0) place = static_cast<T>(0);
    auto low = static_cast<int64_t>(place), high = low + 1;
    if (low >= size - 1) {
      low = high = size - 1;
      place = static_cast<T>(low);
    }
    const T rest = place - static_cast<T>(low);
    out = {static_cast<int32_t>(low), static_cast<int32_t>(high),
           static_cast<Compute>(static_cast<T>(1 - static_cast<Exact<T>>(rest))), static_cast<Compute>(rest)};
    return true;
  }
};

/// A region (image, left, top, right, bottom) of maps, for roi_align.
template <class T>
struct SampledRegion {
  SampledAxis<T> rows, columns;

  C10_HOST_DEVICE SampledRegion(const T* roi, const Pooling& pooling, int64_t height, int64_t width)
      : rows(axis(roi[2], roi[4], pooling, pooling.height, height)),
        columns(axis(roi[1], roi[3], pooling, pooling.width, width)) {}

  /// How many samples a bin has.
  C10_HOST_DEVICE double count() const { return static_cast<double>(rows.samples) * static_cast<double>(columns.samples); }

 private:
  C10_HOST_DEVICE static SampledAxis<T> axis(T first, T last, const Pooling& pooling, int64_t bins, int64_t size) {
    const auto scale = static_cast<T>(pooling.spatial_scale), offset = static_cast<T>(pooling.aligned ? 0.5 : 0.0);
    const T start = first * scale - offset;
    T length = (last * scale - offset) - start;
    if (!pooling.aligned && static_cast<Exact<T>>(length) < 1) length = static_cast<T>(1);
    return {start, length, bins, pooling.sampling_ratio, size};
  }
};

/// A region along one axis, for roi_pool: whole pixels from `begin` on, in bins of `bin` pixels, cut at `limit`.
template <class T>
struct PooledAxis {
  int64_t begin, limit;
  T bin;

  /// `extra` pixels belong to the region beyond the difference of its rounded ends.
  C10_HOST_DEVICE PooledAxis(T first, T last, int64_t bins, int64_t extra, int64_t cut_at)
      : begin(whole(std::round(static_cast<Exact<T>>(first)))), limit(cut_at > 0 ? cut_at : 0) {
    const auto length = whole(std::round(static_cast<Exact<T>>(last))) - begin + extra;
    bin = static_cast<T>(length > 1 ? length : 1) / static_cast<T>(bins);
  }

  C10_HOST_DEVICE simd::Pixels pixels(int64_t number) const {
    const auto first = static_cast<T>(number) * bin, last = static_cast<T>(number + 1) * bin;
    return {cut(std::floor(static_cast<Exact<T>>(first))), cut(std::ceil(static_cast<Exact<T>>(last)))};
  }

 private:
  // A place in pixels that is no number, or beyond all, becomes one that is off every map.
  C10_HOST_DEVICE static int64_t whole(Exact<T> number) {
    constexpr Exact<T> far = 1e9;
    return static_cast<int64_t>(number >= -far ? (number > far ? far : number) : -far);
  }
  C10_HOST_DEVICE int64_t cut(Exact<T> place) const {
    const auto pixel = whole(place) + begin;
    return pixel < 0 ? 0 : pixel > limit ? limit : pixel;
  }
};

/// A region (image, left, top, right, bottom) of maps, for roi_pool and ps_roi_pool.
template <class T>
struct PooledRegion {
  PooledAxis<T> rows, columns;

  C10_HOST_DEVICE PooledRegion(const T* roi, const Pooling& pooling, int64_t extra, int64_t height, int64_t width)
      : rows(roi[2] * static_cast<T>(pooling.spatial_scale), roi[4] * static_cast<T>(pooling.spatial_scale), pooling.height,
             extra, height),
        columns(roi[1] * static_cast<T>(pooling.spatial_scale), roi[3] * static_cast<T>(pooling.spatial_scale), pooling.width,
                extra, width) {}
};

}  // namespace opsis::inline v1::ops::detail
