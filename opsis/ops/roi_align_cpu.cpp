// roi_align and ps_roi_align on the CPU. Where the samples lie is found once for a region, in the type of the regions and in
// torchvision's order of operations; then every channel is read by that.
#include <torch/torch.h>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/ops/region_geometry.h"
#include "opsis/ops/region_ops.h"
#include "opsis/simd/roi_align.h"

namespace opsis::inline v1::ops::detail {
namespace {

using simd::BinTaps;
using simd::RegionTaps;
using torch::Tensor;

template <class Compute, class T>
BinTaps<Compute> taps_along(const SampledAxis<T>& axis, int64_t bins) {
  BinTaps<Compute> out;
  for (int64_t i = 0; i < bins; ++i) {
    const auto range = axis.range(i);
    for (auto sample = range.begin; sample < range.end; ++sample) {
      if (simd::Tap<Compute> tap; axis.tap(i, sample, tap)) out.taps.push_back(tap);
    }
    out.begin.push_back(static_cast<int32_t>(out.taps.size()));
  }
  return out;
}

enum class Count { OneAtLeast, AsItIs };

template <class Compute>
std::vector<RegionTaps<Compute>> all_taps(const Tensor& rois, const Pooling& pooling, Count count, const Maps& maps) {
  std::vector<RegionTaps<Compute>> out;
  out.reserve(static_cast<size_t>(rois.size(0)));
  AT_DISPATCH_FLOATING_TYPES_AND_HALF(rois.scalar_type(), "roi_align", [&] {
    for (int64_t i = 0; i < rois.size(0); ++i) {
      const SampledRegion<scalar_t> region(rois.const_data_ptr<scalar_t>() + 5 * i, pooling, maps.height, maps.width);
      const auto samples = count == Count::OneAtLeast ? std::max(region.count(), 1.0) : region.count();
      out.push_back({taps_along<Compute>(region.rows, pooling.height), taps_along<Compute>(region.columns, pooling.width),
                     static_cast<Compute>(samples)});
    }
  });
  return out;
}

template <class T>
void align(const Tensor& input, const Tensor& rois, const Pooling& pooling, const Tensor& out) {
  const auto maps = maps_of(input);
  const auto images = images_of("roi_align", rois, maps.batch);
  const auto regions = all_taps<T>(rois, pooling, Count::OneAtLeast, maps);
  const auto plane = maps.height * maps.width, bins = pooling.height * pooling.width;
  const auto* const from = input.const_data_ptr<T>();
  auto* const to = out.mutable_data_ptr<T>();
  // A plane at a time, which a core's cache holds beside the regions.
  parallel_for(0, maps.channels, 1, [&](int64_t first, int64_t last) {
    std::vector<T> scratch(static_cast<size_t>(maps.width * simd::kRowsAtOnce));
    for (auto c = first; c < last; ++c) {
      for (size_t r = 0; r < regions.size(); ++r) {
        simd::roi_align(from + (images[r] * maps.channels + c) * plane, maps.width, regions[r], scratch.data(),
                        to + (static_cast<int64_t>(r) * maps.channels + c) * bins);
      }
    }
  });
}

template <class T>
void align_backward(const Tensor& grad, const Tensor& rois, const Pooling& pooling, const Tensor& out) {
  const auto maps = maps_of(out);
  const auto images = images_of("roi_align", rois, maps.batch);
  const auto regions = all_taps<T>(rois, pooling, Count::OneAtLeast, maps);
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

template <class T>
std::span<const simd::Tap<T>> taps_of(const BinTaps<T>& bins, int64_t bin) {
  const auto *const all = bins.taps.data(), *const begin = all + bins.begin[static_cast<size_t>(bin)];
  return {begin, all + bins.begin[static_cast<size_t>(bin) + 1]};
}

// visit(row, column, weight) for each pixel that the samples of a bin take from.
template <class T, class Visit>
void for_pixels(const RegionTaps<T>& region, int64_t bin_row, int64_t bin_column, const Visit& visit) {
  for (const auto& down : taps_of(region.rows, bin_row)) {
    for (const auto& across : taps_of(region.columns, bin_column)) {
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
  const auto regions = all_taps<T>(rois, pooling, Count::AsItIs, maps);
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

// The mean of a bin's samples of a plane of whole numbers, as the number that it stands for. The whole numbers are summed, each
// sample by itself, and the zero point is taken off once: torchvision's order.
template <class T>
float mean_of_quantized(const T* plane, int64_t width, const RegionTaps<float>& region, int64_t bin_row, int64_t bin_column,
                        float scale, float zero_point) {
  float sum = 0, weights = 0;
  for (const auto& down : taps_of(region.rows, bin_row)) {
    const auto *const low = plane + down.low * width, *const high = plane + down.high * width;
    for (const auto& across : taps_of(region.columns, bin_column)) {
      const auto w1 = down.low_weight * across.low_weight, w2 = down.low_weight * across.high_weight;
      const auto w3 = down.high_weight * across.low_weight, w4 = down.high_weight * across.high_weight;
      sum += w1 * static_cast<float>(low[across.low]) + w2 * static_cast<float>(low[across.high]) +
             w3 * static_cast<float>(high[across.low]) + w4 * static_cast<float>(high[across.high]);
      weights += w1 + w2 + w3 + w4;
    }
  }
  return scale * (sum - zero_point * weights) / region.count;
}

// A whole float as a T; the outermost where T has none so far out, the lowest for what is no number.
template <class T>
T saturated(float number) {
  constexpr auto lowest = std::numeric_limits<T>::min(), highest = std::numeric_limits<T>::max();
  if (!(number > static_cast<float>(lowest))) return lowest;
  return number >= static_cast<float>(highest) ? highest : static_cast<T>(number);
}

}  // namespace

std::vector<int64_t> images_of(std::string_view where, const Tensor& rois, int64_t batch) {
  const auto numbers = rois.select(1, 0).to(torch::kFloat64).contiguous();
  std::vector<int64_t> out(static_cast<size_t>(rois.size(0)));
  for (size_t i = 0; i < out.size(); ++i) {
    const auto image = numbers.const_data_ptr<double>()[i];
    OPSIS_CHECK(image >= 0 && image < static_cast<double>(batch), "{}: region {} names image {} of a batch of {}", where, i,
                image, batch);
    out[i] = static_cast<int64_t>(image);
  }
  return out;
}

void roi_align_cpu(const Tensor& input, const Tensor& rois, const Pooling& pooling, const Tensor& out, const Tensor&) {
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "roi_align", [&] { align<scalar_t>(input, rois, pooling, out); });
}

void roi_align_backward_cpu(const Tensor& grad, const Tensor& rois, const Tensor&, const Pooling& pooling, const Tensor& out) {
  AT_DISPATCH_FLOATING_TYPES(grad.scalar_type(), "roi_align", [&] { align_backward<scalar_t>(grad, rois, pooling, out); });
}

void roi_align_quantized_cpu(const Tensor& input, const Tensor& rois, const Quantization& quantization, const Pooling& pooling,
                             const Tensor& out) {
  const auto maps = maps_of(input);
  const auto regions = all_taps<float>(rois, pooling, Count::OneAtLeast, maps);
  const auto plane = maps.height * maps.width, bins = pooling.height * pooling.width;
  const auto scale = static_cast<float>(quantization.scale), zero_point = static_cast<float>(quantization.zero_point);
  const auto whole_numbers = 1 / scale;
  AT_DISPATCH_INTEGRAL_TYPES(input.scalar_type(), "qroi_align", [&] {
    const auto* const from = input.const_data_ptr<scalar_t>();
    auto* const to = out.mutable_data_ptr<scalar_t>();
    parallel_for(0, maps.channels, 1, [&](int64_t first, int64_t last) {
      for (auto c = first; c < last; ++c) {
        for (size_t r = 0; r < regions.size(); ++r) {
          auto* const of_region = to + (static_cast<int64_t>(r) * maps.channels + c) * bins;
          for (int64_t bin = 0; bin < bins; ++bin) {
            const auto mean = mean_of_quantized(from + c * plane, maps.width, regions[r], bin / pooling.width,
                                                bin % pooling.width, scale, zero_point);
            of_region[bin] = saturated<scalar_t>(zero_point + std::nearbyint(mean * whole_numbers));
          }
        }
      }
    });
  });
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

void ps_roi_align_backward_cpu(const Tensor& grad, const Tensor& rois, const Tensor&, const Pooling& pooling,
                               const Tensor& out) {
  const auto maps = maps_of(out);
  AT_DISPATCH_FLOATING_TYPES(grad.scalar_type(), "ps_roi_align", [&] {
    const auto* const grads = grad.const_data_ptr<scalar_t>();
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
}

}  // namespace opsis::inline v1::ops::detail
