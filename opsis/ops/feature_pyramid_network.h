// Feature maps of every scale that know what the coarser ones saw. https://arxiv.org/abs/1612.03144
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/ops/conv_norm_activation.h"
#include "opsis/ops/layer.h"

namespace opsis::inline v1::ops {

/// Feature maps by name, finest first, in an order that matters: torchvision's OrderedDict.
using FeatureMaps = std::vector<std::pair<std::string, torch::Tensor>>;

/// Adds maps behind those of the pyramid.
/// Source   torchvision.ops.feature_pyramid_network.ExtraFPNBlock
class OPSIS_API ExtraFPNBlockImpl : public torch::nn::Module {
 public:
  using torch::nn::Module::Module;
  /// `results` are the pyramid's maps with their names, `inputs` the maps that it was made from.
  virtual FeatureMaps forward(FeatureMaps results, const std::vector<torch::Tensor>& inputs) = 0;
};

/// "pool": every second pixel of the last map.
/// Source   torchvision.ops.feature_pyramid_network.LastLevelMaxPool
class OPSIS_API LastLevelMaxPoolImpl : public ExtraFPNBlockImpl {
 public:
  LastLevelMaxPoolImpl() : ExtraFPNBlockImpl("LastLevelMaxPool") {}
  FeatureMaps forward(FeatureMaps results, const std::vector<torch::Tensor>& inputs) override;
};
TORCH_MODULE(LastLevelMaxPool);

/// "p6" and "p7": convolutions of stride 2, of the last map when it has in_channels = out_channels, else of the last input.
/// Source   torchvision.ops.feature_pyramid_network.LastLevelP6P7
class OPSIS_API LastLevelP6P7Impl : public ExtraFPNBlockImpl {
 public:
  LastLevelP6P7Impl(int64_t in_channels, int64_t out_channels);
  FeatureMaps forward(FeatureMaps results, const std::vector<torch::Tensor>& inputs) override;

  Observed<torch::nn::Conv2d> p6, p7;
  bool use_P5;
};
TORCH_MODULE(LastLevelP6P7);

/// Of FeaturePyramidNetwork.
struct FeaturePyramidNetworkOptions {
  std::shared_ptr<ExtraFPNBlockImpl> extra_blocks{};  ///< none; LastLevelMaxPool().ptr()
  NormLayer norm_layer{};                             ///< none
};

/// Each map through a convolution of 1, plus the coarser one made larger, then through a convolution of 3.
///     FeaturePyramidNetwork fpn({10, 20, 30}, 5);
///     fpn({{"feat0", a}, {"feat2", b}, {"feat3", c}});   // the same names, 5 channels each
/// Throws   ValueError for channels that are not positive, and unless there is a map for each of in_channels_list
/// Differs  fewer maps are refused: torchvision puts the last of them through the last convolutions, which are not its own
/// Source   torchvision.ops.FeaturePyramidNetwork
class OPSIS_API FeaturePyramidNetworkImpl : public torch::nn::Module {
 public:
  FeaturePyramidNetworkImpl(const std::vector<int64_t>& in_channels_list, int64_t out_channels,
                            const FeaturePyramidNetworkOptions& options = {});
  FeatureMaps forward(const FeatureMaps& maps);

  std::vector<Conv2dNormActivation> inner_blocks, layer_blocks;
  std::shared_ptr<ExtraFPNBlockImpl> extra_blocks;
};

/// The holder; written out, so that channels and options can be given in braces.
class FeaturePyramidNetwork : public torch::nn::ModuleHolder<FeaturePyramidNetworkImpl> {
 public:
  using torch::nn::ModuleHolder<FeaturePyramidNetworkImpl>::ModuleHolder;
  FeaturePyramidNetwork(const std::vector<int64_t>& in_channels_list, int64_t out_channels,
                        const FeaturePyramidNetworkOptions& options = {})
      : ModuleHolder(std::make_shared<FeaturePyramidNetworkImpl>(in_channels_list, out_channels, options)) {}
  FeatureMaps operator()(const FeatureMaps& maps) { return get()->forward(maps); }
};

}  // namespace opsis::inline v1::ops
