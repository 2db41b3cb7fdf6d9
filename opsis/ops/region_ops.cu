// The four operators on regions, on CUDA. Each thread finds where a bin's samples lie and then reads several channels by that. A
// region that names an image which is not in the batch gives 0: finding out here would mean waiting for the device.
#include <ATen/Dispatch.h>
#include <ATen/cuda/Atomic.cuh>
#include <ATen/Context.h>

#include <cfloat>

#include "opsis/ops/cuda.cuh"
#include "opsis/ops/cuda_library.h"
#include "opsis/ops/region_geometry.h"

namespace opsis::inline v1::ops::detail {
namespace {

using simd::Pixels;
using simd::Tap;
using torch::Tensor;

// Channels that a thread reads by the same samples. More of them share the finding of places; fewer leave more threads.
constexpr int64_t kRead = 8, kPool = 2, kAdd = 2;

// body(T of the maps, R of the regions), on the device that they are on.
template <class Body>
void on_device(const Tensor& maps, const Tensor& rois, const Body& body) {
  const c10::cuda::CUDAGuard device(maps.device());
  AT_DISPATCH_FLOATING_TYPES(maps.scalar_type(), "an operator on regions", [&] {
    using Map = scalar_t;
    if (rois.scalar_type() == torch::kHalf) {
      body(Map{}, c10::Half{});
    } else {
      body(Map{}, Map{});
    }
  });
}

// The image that a region names, or -1.
template <class R>
__device__ int64_t image_of(const R* roi, int64_t batch) {
  const auto image = static_cast<double>(roi[0]);
  return image >= 0 && image < static_cast<double>(batch) ? static_cast<int64_t>(image) : -1;
}

// visit(pixel, weight) for each pixel that the samples of a bin take from.
template <class T, class R, class Visit>
__device__ void for_pixels(const SampledRegion<R>& region, int64_t bin_row, int64_t bin_column, int64_t width,
                           const Visit& visit) {
  const auto rows = region.rows.range(bin_row), columns = region.columns.range(bin_column);
  for (auto y = rows.begin; y < rows.end; ++y) {
    Tap<T> down;
    if (!region.rows.tap(bin_row, y, down)) continue;
    for (auto x = columns.begin; x < columns.end; ++x) {
      Tap<T> across;
      if (!region.columns.tap(bin_column, x, across)) continue;
      visit(down.low * width + across.low, down.low_weight * across.low_weight);
      visit(down.low * width + across.high, down.low_weight * across.high_weight);
      visit(down.high * width + across.low, down.high_weight * across.low_weight);
      visit(down.high * width + across.high, down.high_weight * across.high_weight);
    }
  }
}

// --- roi_align ---------------------------------------------------------------------------------------------------------

// A bin of a region in several channels, as one thread has it.
template <int64_t kAtOnce>
struct ChannelsOfBin {
  int64_t region, first, count, bin;

  template <class Index>
  __device__ ChannelsOfBin(Index thread, int64_t channels, int64_t all_bins) {
    const auto groups = static_cast<Index>((channels + kAtOnce - 1) / kAtOnce), bins = static_cast<Index>(all_bins);
    bin = thread % bins;
    first = static_cast<int64_t>(thread / bins % groups) * kAtOnce;
    count = channels - first < kAtOnce ? channels - first : kAtOnce;
    region = thread / bins / groups;
  }
  static int64_t threads(int64_t regions, int64_t channels, int64_t bins) {
    return regions * ((channels + kAtOnce - 1) / kAtOnce) * bins;
  }
};

template <class T, class R>
void align(const Tensor& input, const Tensor& rois, const Pooling& pooling, const Tensor& out) {
  const auto maps = maps_of(input);
  const auto bins = pooling.height * pooling.width, plane = maps.height * maps.width;
  const auto* const from = input.const_data_ptr<T>();
  const auto* const regions = rois.const_data_ptr<R>();
  auto* const to = out.mutable_data_ptr<T>();
  using Part = ChannelsOfBin<kRead>;
  for_each_on_gpu(Part::threads(rois.size(0), maps.channels, bins), [=] __device__(auto thread) {
    const Part part(thread, maps.channels, bins);
    const auto* const roi = regions + 5 * part.region;
    const auto image = image_of(roi, maps.batch);
    const SampledRegion<R> region(roi, pooling, maps.height, maps.width);
    T sums[kRead] = {};
    if (image >= 0) {
      const auto* const planes = from + (image * maps.channels + part.first) * plane;
      for_pixels<T>(region, part.bin / pooling.width, part.bin % pooling.width, maps.width, [&](int64_t pixel, T weight) {
#pragma unroll
        for (int64_t c = 0; c < kRead; ++c) {
          if (c < part.count) sums[c] += weight * planes[c * plane + pixel];
        }
      });
    }
    const auto samples = region.count();
    const auto divisor = static_cast<T>(samples > 1 ? samples : 1);
#pragma unroll
    for (int64_t c = 0; c < kRead; ++c) {
      if (c < part.count) to[(part.region * maps.channels + part.first + c) * bins + part.bin] = sums[c] / divisor;
    }
  });
}

template <class T, class R>
void align_backward(const Tensor& grad, const Tensor& rois, const Pooling& pooling, const Tensor& out) {
  const auto maps = maps_of(out);
  const auto bins = pooling.height * pooling.width, plane = maps.height * maps.width;
  const auto* const from = grad.const_data_ptr<T>();
  const auto* const regions = rois.const_data_ptr<R>();
  auto* const to = out.mutable_data_ptr<T>();
  using Part = ChannelsOfBin<kAdd>;
  for_each_on_gpu(Part::threads(rois.size(0), maps.channels, bins), [=] __device__(auto thread) {
    const Part part(thread, maps.channels, bins);
    const auto* const roi = regions + 5 * part.region;
    const auto image = image_of(roi, maps.batch);
    if (image < 0) return;
    const SampledRegion<R> region(roi, pooling, maps.height, maps.width);
    const auto samples = region.count();
    const auto divisor = static_cast<T>(samples > 1 ? samples : 1);
    T each[kAdd];
#pragma unroll
    for (int64_t c = 0; c < kAdd; ++c)
      each[c] = c < part.count ? from[(part.region * maps.channels + part.first + c) * bins + part.bin] / divisor : T(0);
    auto* const planes = to + (image * maps.channels + part.first) * plane;
    for_pixels<T>(region, part.bin / pooling.width, part.bin % pooling.width, maps.width, [&](int64_t pixel, T weight) {
#pragma unroll
      for (int64_t c = 0; c < kAdd; ++c) {
        if (c < part.count) gpuAtomicAddNoReturn(planes + c * plane + pixel, weight * each[c]);
      }
    });
  });
}

void roi_align(const Tensor& input, const Tensor& rois, const Pooling& pooling, const Tensor& out, const Tensor&) {
  on_device(input, rois,
            [&](auto map, auto region) { align<decltype(map), decltype(region)>(input, rois, pooling, out); });
}

void roi_align_backward(const Tensor& grad, const Tensor& rois, const Tensor&, const Pooling& pooling, const Tensor& out) {
  at::globalContext().alertNotDeterministic("roi_align_backward of Opsis on CUDA");
  on_device(grad, rois,
            [&](auto map, auto region) { align_backward<decltype(map), decltype(region)>(grad, rois, pooling, out); });
}

// --- roi_pool ----------------------------------------------------------------------------------------------------------

template <class T, class R>
void pool(const Tensor& input, const Tensor& rois, const Pooling& pooling, const Tensor& out, const Tensor& source) {
  const auto maps = maps_of(input);
  const auto bins = pooling.height * pooling.width, plane = maps.height * maps.width;
  const auto* const from = input.const_data_ptr<T>();
  const auto* const regions = rois.const_data_ptr<R>();
  auto* const to = out.mutable_data_ptr<T>();
  auto* const pixels = source.mutable_data_ptr<int32_t>();
  using Part = ChannelsOfBin<kPool>;
  for_each_on_gpu(Part::threads(rois.size(0), maps.channels, bins), [=] __device__(auto thread) {
    const Part part(thread, maps.channels, bins);
    const auto* const roi = regions + 5 * part.region;
    const auto image = image_of(roi, maps.batch);
    const PooledRegion<R> region(roi, pooling, /*extra=*/1, maps.height, maps.width);
    const auto rows = region.rows.pixels(part.bin / pooling.width), columns = region.columns.pixels(part.bin % pooling.width);
    const bool empty = image < 0 || rows.begin >= rows.end || columns.begin >= columns.end;
    T greatest[kPool];
    int32_t at[kPool];
#pragma unroll
    for (int64_t c = 0; c < kPool; ++c) {
      greatest[c] = empty ? T(0) : static_cast<T>(-FLT_MAX);
      at[c] = -1;
    }
    if (!empty) {
      const auto* const planes = from + (image * maps.channels + part.first) * plane;
      for (auto y = rows.begin; y < rows.end; ++y) {
        for (auto x = columns.begin; x < columns.end; ++x) {
          const auto pixel = y * maps.width + x;
#pragma unroll
          for (int64_t c = 0; c < kPool; ++c) {
            if (c < part.count && planes[c * plane + pixel] > greatest[c]) {
              greatest[c] = planes[c * plane + pixel];
              at[c] = static_cast<int32_t>(pixel);
            }
          }
        }
      }
    }
#pragma unroll
    for (int64_t c = 0; c < kPool; ++c) {
      if (c >= part.count) continue;
      const auto place = (part.region * maps.channels + part.first + c) * bins + part.bin;
      to[place] = greatest[c];
      pixels[place] = at[c];
    }
  });
}

template <class T, class R>
void pool_backward(const Tensor& grad, const Tensor& rois, const Tensor& source, const Tensor& out) {
  const auto maps = maps_of(out);
  const auto bins = grad.size(2) * grad.size(3), plane = maps.height * maps.width;
  const auto* const from = grad.const_data_ptr<T>();
  const auto* const regions = rois.const_data_ptr<R>();
  const auto* const pixels = source.const_data_ptr<int32_t>();
  auto* const to = out.mutable_data_ptr<T>();
  for_each_on_gpu(grad.numel(), [=] __device__(auto place) {
    const ChannelsOfBin<1> part(place, maps.channels, bins);
    const auto image = image_of(regions + 5 * part.region, maps.batch);
    if (image < 0 || pixels[place] < 0 || pixels[place] >= plane) return;
    gpuAtomicAddNoReturn(to + (image * maps.channels + part.first) * plane + pixels[place], from[place]);
  });
}

void roi_pool(const Tensor& input, const Tensor& rois, const Pooling& pooling, const Tensor& out, const Tensor& source) {
  on_device(input, rois,
            [&](auto map, auto region) { pool<decltype(map), decltype(region)>(input, rois, pooling, out, source); });
}

void roi_pool_backward(const Tensor& grad, const Tensor& rois, const Tensor& source, const Pooling&, const Tensor& out) {
  at::globalContext().alertNotDeterministic("roi_pool_backward of Opsis on CUDA");
  on_device(grad, rois,
            [&](auto map, auto region) { pool_backward<decltype(map), decltype(region)>(grad, rois, source, out); });
}

// --- The position-sensitive ones ---------------------------------------------------------------------------------------

// A number of the result: the region, and the channel of the maps, that it comes from.
template <class R>
struct SensitiveBin {
  const R* roi;
  int64_t image;    // -1: the region names none that is there
  int64_t plane;    // where the channel of the image begins, in numbers
  int64_t channel, row, column;
};

// body(place in the result, its bin) for each of `count` numbers.
template <class R, class Body>
void for_sensitive_bins(int64_t count, const Maps& maps, const Tensor& rois, const Pooling& pooling, const Body& body) {
  const auto* const regions = rois.const_data_ptr<R>();
  for_each_on_gpu(count, [=] __device__(auto place) {
    using Index = decltype(place);
    const auto width = static_cast<Index>(pooling.width), bins = static_cast<Index>(pooling.height) * width;
    const auto channels = static_cast<Index>(maps.channels);  // one for each bin of a channel of the result
    SensitiveBin<R> bin;
    bin.roi = regions + 5 * static_cast<int64_t>(place / channels);
    bin.image = image_of(bin.roi, maps.batch);
    bin.channel = place % channels;
    bin.plane = (bin.image * maps.channels + bin.channel) * maps.height * maps.width;
    bin.row = place % bins / width;
    bin.column = place % width;
    body(static_cast<int64_t>(place), bin);
  });
}

template <class T, class R>
void ps_align(const Tensor& input, const Tensor& rois, const Pooling& pooling, const Tensor& out, const Tensor& source) {
  const auto maps = maps_of(input);
  const auto* const from = input.const_data_ptr<T>();
  auto* const to = out.mutable_data_ptr<T>();
  auto* const channels = source.mutable_data_ptr<int32_t>();
  for_sensitive_bins<R>(out.numel(), maps, rois, pooling, [=] __device__(int64_t place, const SensitiveBin<R>& bin) {
    const SampledRegion<R> region(bin.roi, pooling, maps.height, maps.width);
    T sum = 0;
    if (bin.image >= 0) {
      for_pixels<T>(region, bin.row, bin.column, maps.width,
                    [&](int64_t pixel, T weight) { sum += weight * from[bin.plane + pixel]; });
    }
    to[place] = bin.image >= 0 ? sum / static_cast<T>(region.count()) : T(0);
    channels[place] = static_cast<int32_t>(bin.channel);
  });
}

template <class T, class R>
void ps_align_backward(const Tensor& grad, const Tensor& rois, const Pooling& pooling, const Tensor& out) {
  const auto maps = maps_of(out);
  const auto* const from = grad.const_data_ptr<T>();
  auto* const to = out.mutable_data_ptr<T>();
  for_sensitive_bins<R>(grad.numel(), maps, rois, pooling, [=] __device__(int64_t place, const SensitiveBin<R>& bin) {
    if (bin.image < 0) return;
    const SampledRegion<R> region(bin.roi, pooling, maps.height, maps.width);
    const auto each = from[place] / static_cast<T>(region.count());
    for_pixels<T>(region, bin.row, bin.column, maps.width,
                  [&](int64_t pixel, T weight) { gpuAtomicAddNoReturn(to + bin.plane + pixel, weight * each); });
  });
}

void ps_roi_align(const Tensor& input, const Tensor& rois, const Pooling& pooling, const Tensor& out, const Tensor& source) {
  on_device(input, rois,
            [&](auto map, auto region) { ps_align<decltype(map), decltype(region)>(input, rois, pooling, out, source); });
}

void ps_roi_align_backward(const Tensor& grad, const Tensor& rois, const Tensor&, const Pooling& pooling, const Tensor& out) {
  at::globalContext().alertNotDeterministic("ps_roi_align_backward of Opsis on CUDA");
  on_device(grad, rois,
            [&](auto map, auto region) { ps_align_backward<decltype(map), decltype(region)>(grad, rois, pooling, out); });
}

// The pixels of a bin, on maps cut at these sides.
template <class R>
struct SensitivePixels {
  Pixels rows, columns;

  __device__ SensitivePixels(const SensitiveBin<R>& bin, const Pooling& pooling, int64_t height, int64_t width) {
    const PooledRegion<R> region(bin.roi, pooling, /*extra=*/0, height, width);
    rows = region.rows.pixels(bin.row);
    columns = region.columns.pixels(bin.column);
  }
  __device__ int64_t area() const { return (rows.end - rows.begin) * (columns.end - columns.begin); }
  __device__ bool empty() const { return rows.begin >= rows.end || columns.begin >= columns.end; }
  template <class Visit>
  __device__ void visit(int64_t width, const Visit& pixel) const {
    for (auto y = rows.begin; y < rows.end; ++y)
      for (auto x = columns.begin; x < columns.end; ++x) pixel(y * width + x);
  }
};

template <class T, class R>
void ps_pool(const Tensor& input, const Tensor& rois, const Pooling& pooling, const Tensor& out, const Tensor& source) {
  const auto maps = maps_of(input);
  const auto* const from = input.const_data_ptr<T>();
  auto* const to = out.mutable_data_ptr<T>();
  auto* const channels = source.mutable_data_ptr<int32_t>();
  for_sensitive_bins<R>(out.numel(), maps, rois, pooling, [=] __device__(int64_t place, const SensitiveBin<R>& bin) {
    // Never the last row and column of the maps, as on the CPU.
    const SensitivePixels<R> pixels(bin, pooling, maps.height - 1, maps.width - 1);
    T sum = 0;
    if (bin.image >= 0 && !pixels.empty()) {
      pixels.visit(maps.width, [&](int64_t pixel) { sum += from[bin.plane + pixel]; });
      sum /= static_cast<T>(pixels.area());
    }
    to[place] = sum;
    channels[place] = static_cast<int32_t>(bin.channel);
  });
}

template <class T, class R>
void ps_pool_backward(const Tensor& grad, const Tensor& rois, const Pooling& pooling, const Tensor& out) {
  const auto maps = maps_of(out);
  const auto* const from = grad.const_data_ptr<T>();
  auto* const to = out.mutable_data_ptr<T>();
  for_sensitive_bins<R>(grad.numel(), maps, rois, pooling, [=] __device__(int64_t place, const SensitiveBin<R>& bin) {
    if (bin.image < 0) return;
    const SensitivePixels<R> pixels(bin, pooling, maps.height, maps.width);
    const auto each = from[place] / static_cast<T>(pixels.area());
    pixels.visit(maps.width, [&](int64_t pixel) { gpuAtomicAddNoReturn(to + bin.plane + pixel, each); });
  });
}

void ps_roi_pool(const Tensor& input, const Tensor& rois, const Pooling& pooling, const Tensor& out, const Tensor& source) {
  on_device(input, rois,
            [&](auto map, auto region) { ps_pool<decltype(map), decltype(region)>(input, rois, pooling, out, source); });
}

void ps_roi_pool_backward(const Tensor& grad, const Tensor& rois, const Tensor&, const Pooling& pooling, const Tensor& out) {
  at::globalContext().alertNotDeterministic("ps_roi_pool_backward of Opsis on CUDA");
  on_device(grad, rois,
            [&](auto map, auto region) { ps_pool_backward<decltype(map), decltype(region)>(grad, rois, pooling, out); });
}

}  // namespace

const RegionKernels kRegionsOnCuda{roi_align,          roi_pool,          ps_roi_align,          ps_roi_pool,
                                   roi_align_backward, roi_pool_backward, ps_roi_align_backward, ps_roi_pool_backward};

}  // namespace opsis::inline v1::ops::detail
