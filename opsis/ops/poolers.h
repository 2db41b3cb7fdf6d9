// Regions taken from the level of a feature pyramid that fits their size. https://arxiv.org/abs/1612.03144, equation 1
#pragma once

#include <torch/expanding_array.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/ops/feature_pyramid_network.h"
#include "opsis/ops/observe.h"

namespace opsis::inline v1::ops {

/// Of MultiScaleRoIAlign: a region of canonical_scale pixels across belongs to level canonical_level.
struct MultiScaleRoIAlignOptions {
  int64_t canonical_scale = 224;
  int64_t canonical_level = 4;
};

/// roi_align of each box on one of the maps that `featmap_names` names. The maps' scales are powers of two; they are found by
/// the first call and kept.
///     MultiScaleRoIAlign pool({"0", "1", "2", "3"}, 7, 2);
///     pool(maps, {boxes_of_the_first, boxes_of_the_second}, {{800, 1066}, {640, 800}});   // (K, 256, 7, 7)
/// Shapes   maps (N, C, H, W) each, boxes (L, 4) an image, on images of image_shapes -> (K, C, output_size)
/// Throws   ValueError when there are no images, no map has one of the names, or another number of maps has than at first
/// Differs  of fewer maps than at first torchvision gives 0 for the boxes of those that are missing, of one map all boxes by
///          the scale of the first; of more it passes over the last
/// Source   torchvision.ops.MultiScaleRoIAlign
class OPSIS_API MultiScaleRoIAlignImpl : public torch::nn::Module {
 public:
  MultiScaleRoIAlignImpl(std::vector<std::string> featmap_names, torch::ExpandingArray<2> output_size, int64_t sampling_ratio,
                         const MultiScaleRoIAlignOptions& options = {});
  torch::Tensor forward(const FeatureMaps& maps, const std::vector<torch::Tensor>& boxes,
                        const std::vector<Size>& image_shapes);
  void pretty_print(std::ostream& out) const override;

  std::vector<std::string> featmap_names;
  torch::ExpandingArray<2> output_size;
  int64_t sampling_ratio;
  MultiScaleRoIAlignOptions options;
  std::vector<double> scales;  ///< of the maps, beside the images; empty before the first call

 private:
  std::mutex first_call_;  // models are called from several threads
};

/// The holder; written out, so that names and options can be given in braces.
class MultiScaleRoIAlign : public Observed<torch::nn::ModuleHolder<MultiScaleRoIAlignImpl>> {
 public:
  using Observed::Observed;
  MultiScaleRoIAlign(std::vector<std::string> featmap_names, torch::ExpandingArray<2> output_size, int64_t sampling_ratio,
                     const MultiScaleRoIAlignOptions& options = {})
      : Observed(std::make_shared<MultiScaleRoIAlignImpl>(std::move(featmap_names), output_size, sampling_ratio, options)) {}
};

}  // namespace opsis::inline v1::ops
