// roi_pool and ps_roi_pool on the CPU. Regions and bins lie on whole pixels, found in the type of the regions and in
// torchvision's order of operations.
#include <torch/torch.h>

#include "opsis/core/parallel.h"
#include "opsis/ops/region_geometry.h"
#include "opsis/ops/region_ops.h"
#include "opsis/simd/roi_pool.h"

namespace opsis::inline v1::ops::detail {
namespace {

using torch::Tensor;

using simd::Pixels;

struct RegionPixels {
  std::vector<Pixels> rows, columns;
};

template <class T>
std::vector<Pixels> pixels_along(const PooledAxis<T>& axis, int64_t bins) {
  std::vector<Pixels> out;
  for (int64_t i = 0; i < bins; ++i) out.push_back(axis.pixels(i));
  return out;
}

std::vector<RegionPixels> pooled_regions(const Tensor& rois, const Pooling& pooling, int64_t extra, int64_t height,
                                         int64_t width) {
  std::vector<RegionPixels> out;
  AT_DISPATCH_FLOATING_TYPES_AND_HALF(rois.scalar_type(), "roi_pool", [&] {
    for (int64_t i = 0; i < rois.size(0); ++i) {
      const PooledRegion<scalar_t> region(rois.const_data_ptr<scalar_t>() + 5 * i, pooling, extra, height, width);
      out.push_back({pixels_along(region.rows, pooling.height), pixels_along(region.columns, pooling.width)});
    }
  });
  return out;
}

template <class T>
void pool(const Tensor& input, const Tensor& rois, const Pooling& pooling, const Tensor& out, const Tensor& source) {
  const auto batch = input.size(0), channels = input.size(1), height = input.size(2), width = input.size(3);
  const auto images = images_of("roi_pool", rois, batch);
  const auto regions = pooled_regions(rois, pooling, /*extra=*/1, height, width);
  const auto bins = pooling.height * pooling.width;
  const auto* const from = input.const_data_ptr<T>();
  auto* const to = out.mutable_data_ptr<T>();
  auto* const pixels = source.mutable_data_ptr<int32_t>();
  parallel_for(0, channels, 1, [&](int64_t first, int64_t last) {
    simd::RoiPoolScratch<T> scratch(width);
    for (auto c = first; c < last; ++c) {
      for (size_t r = 0; r < regions.size(); ++r) {
        const auto place = (static_cast<int64_t>(r) * channels + c) * bins;
        simd::roi_pool(from + (images[r] * channels + c) * height * width, width, regions[r].rows, regions[r].columns, scratch,
                       to + place, pixels + place);
      }
    }
  });
}

// body(place in the result, plane of the maps, channel, region, bin's rows and columns), in parallel over output channels.
template <class Body>
void for_sensitive_pools(const Tensor& rois, const Pooling& pooling, const Maps& maps, const std::vector<RegionPixels>& regions,
                         const Body& body) {
  const auto images = images_of("ps_roi_pool", rois, maps.batch);
  const auto bins = pooling.height * pooling.width, channels_out = maps.channels / bins;
  parallel_for(0, channels_out, 1, [&](int64_t first, int64_t last) {
    for (auto c = first; c < last; ++c) {
      for (size_t r = 0; r < regions.size(); ++r) {
        for (int64_t bin = 0; bin < bins; ++bin) {
          body((static_cast<int64_t>(r) * channels_out + c) * bins + bin, images[r] * maps.channels + c * bins + bin,
               c * bins + bin, regions[r].rows[static_cast<size_t>(bin / pooling.width)],
               regions[r].columns[static_cast<size_t>(bin % pooling.width)]);
        }
      }
    }
  });
}

}  // namespace

void roi_pool_cpu(const Tensor& input, const Tensor& rois, const Pooling& pooling, const Tensor& out, const Tensor& source) {
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "roi_pool", [&] { pool<scalar_t>(input, rois, pooling, out, source); });
}

void roi_pool_backward_cpu(const Tensor& grad, const Tensor& rois, const Tensor& source, const Pooling&, const Tensor& out) {
  const auto maps = maps_of(out);
  const auto images = images_of("roi_pool", rois, maps.batch);
  const auto plane = maps.height * maps.width, bins = grad.size(2) * grad.size(3);
  AT_DISPATCH_FLOATING_TYPES(grad.scalar_type(), "roi_pool", [&] {
    const auto* const grads = grad.const_data_ptr<scalar_t>();
    const auto* const pixels = source.const_data_ptr<int32_t>();
    auto* const to = out.mutable_data_ptr<scalar_t>();
    parallel_for(0, maps.channels, 1, [&](int64_t first, int64_t last) {
      for (auto c = first; c < last; ++c) {
        for (size_t r = 0; r < images.size(); ++r) {
          const auto begin = (static_cast<int64_t>(r) * maps.channels + c) * bins;
          auto* const into = to + (images[r] * maps.channels + c) * plane;
          for (auto i = begin; i < begin + bins; ++i) {
            if (pixels[i] >= 0 && pixels[i] < plane) into[pixels[i]] += grads[i];
          }
        }
      }
    });
  });
}

void ps_roi_pool_cpu(const Tensor& input, const Tensor& rois, const Pooling& pooling, const Tensor& out, const Tensor& source) {
  const auto maps = maps_of(input);
  // torchvision's never takes the last row and column of the maps, though its gradient gives them a share.
  const auto regions = pooled_regions(rois, pooling, /*extra=*/0, maps.height - 1, maps.width - 1);
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "ps_roi_pool", [&] {
    const auto* const from = input.const_data_ptr<scalar_t>();
    auto* const to = out.mutable_data_ptr<scalar_t>();
    auto* const channels = source.mutable_data_ptr<int32_t>();
    for_sensitive_pools(rois, pooling, maps, regions,
                        [&](int64_t place, int64_t plane, int64_t channel, const Pixels& rows, const Pixels& columns) {
                          const auto* const pixels = from + plane * maps.height * maps.width;
                          scalar_t sum = 0;
                          for (auto y = rows.begin; y < rows.end; ++y)
                            for (auto x = columns.begin; x < columns.end; ++x) sum += pixels[y * maps.width + x];
                          const bool empty = rows.begin >= rows.end || columns.begin >= columns.end;
                          const auto area = (rows.end - rows.begin) * (columns.end - columns.begin);
                          to[place] = empty ? scalar_t(0) : sum / static_cast<scalar_t>(area);
                          channels[place] = static_cast<int32_t>(channel);
                        });
  });
}

void ps_roi_pool_backward_cpu(const Tensor& grad, const Tensor& rois, const Tensor&, const Pooling& pooling,
                              const Tensor& out) {
  const auto maps = maps_of(out);
  const auto regions = pooled_regions(rois, pooling, /*extra=*/0, maps.height, maps.width);
  AT_DISPATCH_FLOATING_TYPES(grad.scalar_type(), "ps_roi_pool", [&] {
    const auto* const grads = grad.const_data_ptr<scalar_t>();
    auto* const to = out.mutable_data_ptr<scalar_t>();
    for_sensitive_pools(rois, pooling, maps, regions,
                        [&](int64_t place, int64_t plane, int64_t, const Pixels& rows, const Pixels& columns) {
                          auto* const pixels = to + plane * maps.height * maps.width;
                          const auto area = (rows.end - rows.begin) * (columns.end - columns.begin);
                          const auto each = grads[place] / static_cast<scalar_t>(area);
                          for (auto y = rows.begin; y < rows.end; ++y)
                            for (auto x = columns.begin; x < columns.end; ++x) pixels[y * maps.width + x] += each;
                        });
  });
}

}  // namespace opsis::inline v1::ops::detail
