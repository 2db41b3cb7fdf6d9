// What the four operators on regions of a batch share, and their kernels. For Opsis's own sources: roi_align.h and roi_pool.h
// are the fronts.
#pragma once

#include <torch/types.h>

#include <string_view>
#include <vector>

namespace opsis::inline v1::ops::detail {

/// The arguments of all four; roi_pool and ps_roi_pool take no samples, and the position-sensitive ones are always aligned.
struct Pooling {
  double spatial_scale = 1;
  int64_t height = 1, width = 1;
  int64_t sampling_ratio = -1;
  bool aligned = false;
};

/// The shape of the feature maps, for their gradient.
struct Maps {
  int64_t batch, channels, height, width;
};
inline Maps maps_of(const torch::Tensor& input) { return {input.size(0), input.size(1), input.size(2), input.size(3)}; }

// By the dispatcher, from schemas as torchvision's: opsis::roi_align, opsis::_roi_align_backward, ...
torch::Tensor call_roi_align(const torch::Tensor& input, const torch::Tensor& rois, const Pooling& pooling);
torch::Tensor call_roi_pool(const torch::Tensor& input, const torch::Tensor& rois, const Pooling& pooling);
torch::Tensor call_ps_roi_align(const torch::Tensor& input, const torch::Tensor& rois, const Pooling& pooling);
torch::Tensor call_ps_roi_pool(const torch::Tensor& input, const torch::Tensor& rois, const Pooling& pooling);

/// The kernels of one kind of device. They trust their arguments but for the values of the regions. All tensors are contiguous;
/// maps and gradients are float32 or float64, regions that type or float16.
/// `source` is, for each number of the result, the pixel that it comes from (roi_pool; -1 for none) or the channel (the
/// position-sensitive ones); roi_align has none.
struct RegionKernels {
  using Forward = void (*)(const torch::Tensor& input, const torch::Tensor& rois, const Pooling& pooling,
                           const torch::Tensor& out, const torch::Tensor& source);
  /// Adds to `out`, of the maps' shape.
  using Backward = void (*)(const torch::Tensor& grad, const torch::Tensor& rois, const torch::Tensor& source,
                            const Pooling& pooling, const torch::Tensor& out);
  Forward roi_align, roi_pool, ps_roi_align, ps_roi_pool;
  Backward roi_align_backward, roi_pool_backward, ps_roi_align_backward, ps_roi_pool_backward;
};

// Those of the CPU.
void roi_align_cpu(const torch::Tensor& input, const torch::Tensor& rois, const Pooling& pooling, const torch::Tensor& out,
                   const torch::Tensor& source);
void roi_align_backward_cpu(const torch::Tensor& grad, const torch::Tensor& rois, const torch::Tensor& source,
                            const Pooling& pooling, const torch::Tensor& out);
void roi_pool_cpu(const torch::Tensor& input, const torch::Tensor& rois, const Pooling& pooling, const torch::Tensor& out,
                  const torch::Tensor& source);
void roi_pool_backward_cpu(const torch::Tensor& grad, const torch::Tensor& rois, const torch::Tensor& source,
                           const Pooling& pooling, const torch::Tensor& out);
void ps_roi_align_cpu(const torch::Tensor& input, const torch::Tensor& rois, const Pooling& pooling, const torch::Tensor& out,
                      const torch::Tensor& source);
void ps_roi_align_backward_cpu(const torch::Tensor& grad, const torch::Tensor& rois, const torch::Tensor& source,
                               const Pooling& pooling, const torch::Tensor& out);
void ps_roi_pool_cpu(const torch::Tensor& input, const torch::Tensor& rois, const Pooling& pooling, const torch::Tensor& out,
                     const torch::Tensor& source);
void ps_roi_pool_backward_cpu(const torch::Tensor& grad, const torch::Tensor& rois, const torch::Tensor& source,
                              const Pooling& pooling, const torch::Tensor& out);

/// How whole numbers stand for others: number = scale * (whole - zero_point).
struct Quantization {
  double scale;
  int64_t zero_point;
};

/// roi_align of the one image (1, C, H, W) of whole numbers, in float32; `out` has their type and quantization. What image the
/// regions (float32) name does not matter: few whole numbers can be told by every quantization.
void roi_align_quantized_cpu(const torch::Tensor& input, const torch::Tensor& rois, const Quantization& quantization,
                             const Pooling& pooling, const torch::Tensor& out);

/// The image that each region names. Throws ValueError for one that is not in the batch.
std::vector<int64_t> images_of(std::string_view where, const torch::Tensor& rois, int64_t batch);

/// float16 is computed in float32; only where regions lie is found in their own type, as torchvision finds it.
inline torch::ScalarType computed_in(torch::ScalarType type) { return type == torch::kHalf ? torch::kFloat32 : type; }

}  // namespace opsis::inline v1::ops::detail
