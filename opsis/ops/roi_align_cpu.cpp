// roi_align and ps_roi_align on the CPU. Where the samples lie is found once for a region, in the type of the regions and in
// torchvision's order of operations; then every channel is read by that.
#include <torch/torch.h>

#include <cmath>

#include "opsis/core/check.h"
#include "opsis/core/huge_pages.h"
#include "opsis/core/parallel.h"
#include "opsis/ops/region_ops.h"
#include "opsis/simd/roi_align.h"

namespace opsis::inline v1::ops::detail {
namespace {

using simd::BinTaps;
using simd::RegionTaps;
using torch::Tensor;

// Samples along one axis of a region, which begins at `start` and has bins of `bin` pixels, on maps of `size` rows or columns.
// Samples off the maps by more than a pixel give nothing and are left out; T is the type of the regions.
template <class T, class Compute>
BinTaps<Compute> taps_along(T start, T bin, int64_t bins, int64_t samples, int64_t size) {
  BinTaps<Compute> out;
  const bool finite = std::isfinite(static_cast<double>(start)) && std::isfinite(static_cast<double>(bin));
  const auto step = static_cast<double>(bin) / static_cast<double>(std::max<int64_t>(samples, 1));
  for (int64_t i = 0; i < bins; ++i) {
    int64_t first = 0, last = finite && size > 0 ? samples : 0;
    if (const auto at = static_cast<double>(start) + static_cast<double>(i) * static_cast<double>(bin); last > 64 && step > 0) {
      // Of a region far larger than the maps most samples are off; somewhat more than the others are looked at.
      first =
          static_cast<int64_t>(std::clamp((-2 - at) / step - 2 - 1e-3 * std::abs(at / step), 0.0, static_cast<double>(last)));
      last = static_cast<int64_t>(std::clamp((static_cast<double>(size) + 1 - at) / step + 2 + 1e-3 * std::abs(at / step), 0.0,
                                             static_cast<double>(last)));
    }
    for (auto s = first; s < last; ++s) {
      T place = start + static_cast<T>(i) * bin + static_cast<T>(static_cast<float>(s) + .5f) * bin / static_cast<T>(samples);
      if (!(place >= static_cast<T>(-1) && static_cast<double>(place) <= static_cast<double>(size))) continue;
      if (place <= static_cast<T>(0)) place = static_cast<T>(0);
      auto low = static_cast<int64_t>(place), high = low + 1;
      if (low >= size - 1) {
        low = high = size - 1;
        place = static_cast<T>(low);
      }
      const T rest = place - static_cast<T>(low);
      out.taps.push_back({static_cast<int32_t>(low), static_cast<int32_t>(high),
                          static_cast<Compute>(static_cast<T>(1 - static_cast<double>(rest))), static_cast<Compute>(rest)});
    }
    out.begin.push_back(static_cast<int32_t>(out.taps.size()));
  }
  return out;
}

// Samples of a bin along an axis when the caller does not say: one a pixel.
template <class T>
int64_t samples_of(int64_t ratio, T length, int64_t bins) {
  if (ratio > 0) return ratio;
  const auto needed = std::ceil(static_cast<double>(static_cast<T>(length / static_cast<T>(bins))));
  return std::isfinite(needed) ? static_cast<int64_t>(std::clamp(needed, -1e9, 1e9)) : 0;
}

enum class Count { OneAtLeast, AsItIs };

template <class T, class Compute>
RegionTaps<Compute> taps_of(const T* roi, const Pooling& pooling, bool aligned, Count count, const Maps& maps) {
  const auto scale = static_cast<T>(pooling.spatial_scale), offset = static_cast<T>(aligned ? 0.5 : 0.0);
  const T left = roi[1] * scale - offset, top = roi[2] * scale - offset;
  T width = (roi[3] * scale - offset) - left, height = (roi[4] * scale - offset) - top;
  if (!aligned) {
    width = std::max(width, static_cast<T>(1));
    height = std::max(height, static_cast<T>(1));
  }
  const auto down = samples_of(pooling.sampling_ratio, height, pooling.height);
  const auto across = samples_of(pooling.sampling_ratio, width, pooling.width);
  RegionTaps<Compute> out;
  out.rows = taps_along<T, Compute>(top, height / static_cast<T>(pooling.height), pooling.height, down, maps.height);
  out.columns = taps_along<T, Compute>(left, width / static_cast<T>(pooling.width), pooling.width, across, maps.width);
  const auto samples = static_cast<double>(down) * static_cast<double>(across);
  out.count = static_cast<Compute>(count == Count::OneAtLeast ? std::max(samples, 1.0) : samples);
  return out;
}

template <class Compute>
std::vector<RegionTaps<Compute>> all_taps(const Tensor& rois, const Pooling& pooling, bool aligned, Count count,
                                          const Maps& maps) {
  const auto rows = rois.contiguous();
  std::vector<RegionTaps<Compute>> out(static_cast<size_t>(rois.size(0)));
  AT_DISPATCH_FLOATING_TYPES_AND_HALF(rois.scalar_type(), "roi_align", [&] {
    const auto* const numbers = rows.const_data_ptr<scalar_t>();
    for (size_t i = 0; i < out.size(); ++i) out[i] = taps_of<scalar_t, Compute>(numbers + 5 * i, pooling, aligned, count, maps);
  });
  return out;
}

// Channels whose maps a core's cache holds beside the regions: all regions are taken from those before the next ones.
int64_t channels_at_once(const Maps& maps, size_t number_size) {
  const auto bytes = static_cast<size_t>(maps.height * maps.width) * number_size;
  return std::clamp<int64_t>(static_cast<int64_t>((size_t{1} << 19) / std::max<size_t>(bytes, 1)), 1, 8);
}

template <class T>
void align(const Tensor& input, const Tensor& rois, const Pooling& pooling, const Tensor& out) {
  const auto maps = maps_of(input);
  const auto images = images_of("roi_align", rois, maps.batch);
  const auto regions = all_taps<T>(rois, pooling, pooling.aligned, Count::OneAtLeast, maps);
  const auto plane = maps.height * maps.width, bins = pooling.height * pooling.width;
  const auto* const from = input.const_data_ptr<T>();
  auto* const to = out.mutable_data_ptr<T>();
  const auto block = channels_at_once(maps, sizeof(T));
  parallel_for(0, (maps.channels + block - 1) / block, 1, [&](int64_t first, int64_t last) {
    std::vector<T> scratch(static_cast<size_t>(maps.width));
    for (auto b = first; b < last; ++b) {
      for (size_t r = 0; r < regions.size(); ++r) {
        for (auto c = b * block; c < std::min((b + 1) * block, maps.channels); ++c) {
          simd::roi_align(from + (images[r] * maps.channels + c) * plane, maps.width, regions[r], scratch.data(),
                          to + (static_cast<int64_t>(r) * maps.channels + c) * bins);
        }
      }
    }
  });
}

template <class T>
void align_backward(const Tensor& grad, const Tensor& rois, const Pooling& pooling, const Maps& maps, const Tensor& out) {
  const auto images = images_of("roi_align", rois, maps.batch);
  const auto regions = all_taps<T>(rois, pooling, pooling.aligned, Count::OneAtLeast, maps);
  const auto plane = maps.height * maps.width, bins = pooling.height * pooling.width;
  const auto* const from = grad.const_data_ptr<T>();
  auto* const to = out.mutable_data_ptr<T>();
  parallel_for(0, maps.channels, 1, [&](int64_t first, int64_t last) {
    std::vector<T> scratch(static_cast<size_t>(maps.width));
    for (auto c = first; c < last; ++c) {
      for (size_t r = 0; r < regions.size(); ++r) {
        simd::roi_align_backward(from + (static_cast<int64_t>(r) * maps.channels + c) * bins, maps.width, regions[r],
                                 scratch.data(), to + (images[r] * maps.channels + c) * plane);
      }
    }
  });
}

// visit(row, column, weight) for each pixel that the samples of a bin take from.
template <class T, class Visit>
void for_pixels(const RegionTaps<T>& region, int64_t bin_row, int64_t bin_column, const Visit& visit) {
  const auto taps = [](const BinTaps<T>& bins, int64_t bin) {
    const auto *const all = bins.taps.data(), *const begin = all + bins.begin[static_cast<size_t>(bin)];
    return std::span(begin, all + bins.begin[static_cast<size_t>(bin) + 1]);
  };
  for (const auto& down : taps(region.rows, bin_row)) {
    for (const auto& across : taps(region.columns, bin_column)) {
      visit(down.low, across.low, down.low_weight * across.low_weight);
      visit(down.low, across.high, down.low_weight * across.high_weight);
      visit(down.high, across.low, down.high_weight * across.low_weight);
      visit(down.high, across.high, down.high_weight * across.high_weight);
    }
  }
}

// body(place in the result, plane of the maps, region, bin's row, bin's column), in parallel over output channels.
template <class T, class Body>
void for_sensitive_bins(const Tensor& rois, const Pooling& pooling, const Maps& maps, const Body& body) {
  const auto images = images_of("ps_roi_align", rois, maps.batch);
  const auto regions = all_taps<T>(rois, pooling, /*aligned=*/true, Count::AsItIs, maps);
  const auto bins = pooling.height * pooling.width, channels_out = maps.channels / bins;
  parallel_for(0, channels_out, 1, [&](int64_t first, int64_t last) {
    for (auto c = first; c < last; ++c) {
      for (size_t r = 0; r < regions.size(); ++r) {
        for (int64_t bin = 0; bin < bins; ++bin) {
          const auto channel = c * bins + bin;
          body((static_cast<int64_t>(r) * channels_out + c) * bins + bin, images[r] * maps.channels + channel, channel,
               regions[r], bin / pooling.width, bin % pooling.width);
        }
      }
    }
  });
}

}  // namespace

std::vector<int64_t> images_of(std::string_view where, const Tensor& rois, int64_t batch) {
  const auto numbers = rois.select(1, 0).to(torch::kFloat64).contiguous();
  std::vector<int64_t> out(static_cast<size_t>(rois.size(0)));
  for (size_t i = 0; i < out.size(); ++i) {
    const auto image = numbers.const_data_ptr<double>()[i];
    OPSIS_CHECK(image > -1 && image < static_cast<double>(batch), "{}: region {} names image {} of a batch of {}", where, i,
                image, batch);
    out[i] = static_cast<int64_t>(image);
  }
  return out;
}

Tensor roi_align_cpu(const Tensor& input, const Tensor& rois, const Pooling& pooling) {
  const auto type = computed_in(input.scalar_type());
  const auto out = torch::empty({rois.size(0), input.size(1), pooling.height, pooling.width}, input.options().dtype(type));
  if (out.numel() == 0) return out.to(input.scalar_type());
  prefer_huge_pages(out.const_data_ptr(), out.nbytes());
  const auto maps = input.to(type).contiguous();
  AT_DISPATCH_FLOATING_TYPES(type, "roi_align", [&] { align<scalar_t>(maps, rois, pooling, out); });
  return out.to(input.scalar_type());
}

Tensor roi_align_backward_cpu(const Tensor& grad, const Tensor& rois, const Pooling& pooling, const Maps& maps) {
  const auto type = computed_in(grad.scalar_type());
  const auto out = torch::zeros({maps.batch, maps.channels, maps.height, maps.width}, grad.options().dtype(type));
  if (grad.numel() == 0) return out.to(grad.scalar_type());
  const auto from = grad.to(type).contiguous();
  AT_DISPATCH_FLOATING_TYPES(type, "roi_align", [&] { align_backward<scalar_t>(from, rois, pooling, maps, out); });
  return out.to(grad.scalar_type());
}

void ps_roi_align_cpu(const Tensor& input, const Tensor& rois, const Pooling& pooling, const Tensor& out,
                      const Tensor& source) {
  const auto maps = maps_of(input);
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "ps_roi_align", [&] {
    const auto* const from = input.const_data_ptr<scalar_t>();
    auto* const to = out.mutable_data_ptr<scalar_t>();
    auto* const channels = source.mutable_data_ptr<int32_t>();
    for_sensitive_bins<scalar_t>(
        rois, pooling, maps,
        [&](int64_t place, int64_t plane, int64_t channel, const RegionTaps<scalar_t>& region, int64_t row, int64_t column) {
          const auto* const pixels = from + plane * maps.height * maps.width;
          scalar_t sum = 0;
          for_pixels(region, row, column,
                     [&](int32_t y, int32_t x, scalar_t weight) { sum += weight * pixels[y * maps.width + x]; });
          to[place] = sum / region.count;
          channels[place] = static_cast<int32_t>(channel);
        });
  });
}

Tensor ps_roi_align_backward_cpu(const Tensor& grad, const Tensor& rois, const Pooling& pooling, const Maps& maps) {
  const auto type = computed_in(grad.scalar_type());
  const auto out = torch::zeros({maps.batch, maps.channels, maps.height, maps.width}, grad.options().dtype(type));
  if (grad.numel() == 0) return out.to(grad.scalar_type());
  const auto from = grad.to(type).contiguous();
  AT_DISPATCH_FLOATING_TYPES(type, "ps_roi_align", [&] {
    const auto* const grads = from.const_data_ptr<scalar_t>();
    auto* const to = out.mutable_data_ptr<scalar_t>();
    for_sensitive_bins<scalar_t>(
        rois, pooling, maps,
        [&](int64_t place, int64_t plane, int64_t, const RegionTaps<scalar_t>& region, int64_t row, int64_t column) {
          auto* const pixels = to + plane * maps.height * maps.width;
          const auto each = grads[place] / region.count;
          for_pixels(region, row, column,
                     [&](int32_t y, int32_t x, scalar_t weight) { pixels[y * maps.width + x] += weight * each; });
        });
  });
  return out.to(grad.scalar_type());
}

}  // namespace opsis::inline v1::ops::detail
