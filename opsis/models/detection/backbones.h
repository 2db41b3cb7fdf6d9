// What detectors see with: a classifier's network without its head, often with a feature pyramid on top.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/models/intermediate_layers.h"
#include "opsis/models/mobilenet_v3.h"
#include "opsis/models/resnet.h"
#include "opsis/ops/feature_pyramid_network.h"

namespace opsis::inline v1::models::detection {

using ops::FeatureMaps;

/// A module from images (N, 3, H, W) to feature maps, whatever its class; copies share the module.
///     Backbone of_one_map(mobilenet_v2()->features, 1280);     // called "0"
///     const auto frozen = ops::frozen_batch_norm_2d();
///     Backbone pyramid = resnet_fpn_backbone(resnet50({}, {.norm_layer = frozen}));   // "0" to "3" and "pool"
class OPSIS_API Backbone {
 public:
  /// None: must not be called.
  Backbone() = default;

  /// Of a layer that gives one map with that many channels.
  Backbone(Layer layer, int64_t out_channels);

  /// Of a module that gives several; `out_channels` is what each of them has, or the module's own if it says so, else 0.
  template <class Impl>
  requires std::derived_from<Impl, torch::nn::Module> && requires(Impl& module, torch::Tensor images) {
    { module.forward(images) } -> std::convertible_to<FeatureMaps>;
  }
  Backbone(const torch::nn::ModuleHolder<Impl>& holder)  // NOLINT: meant to convert
      : module_(holder.ptr()),
        forward_([impl = holder.ptr()](torch::Tensor images) -> FeatureMaps { return impl->forward(std::move(images)); }) {
    if constexpr (requires { holder->out_channels; }) out_channels_ = holder->out_channels;
  }

  FeatureMaps operator()(torch::Tensor images) const { return forward_(std::move(images)); }
  explicit operator bool() const { return module_ != nullptr; }
  const std::shared_ptr<torch::nn::Module>& module() const { return module_; }
  int64_t out_channels() const { return out_channels_; }

 private:
  std::shared_ptr<torch::nn::Module> module_;
  std::function<FeatureMaps(torch::Tensor)> forward_;
  int64_t out_channels_ = 0;
};

/// What can be chosen of a pyramid on a network.
struct FPNOptions {
  std::vector<int64_t> returned_layers{};  ///< stages that the pyramid is made from; empty: those torchvision takes
  std::shared_ptr<ops::ExtraFPNBlockImpl> extra_blocks{};  ///< LastLevelMaxPool
  NormLayer norm_layer{};                                  ///< of the pyramid: none
};

/// A network up to the last of the layers that are wanted, `body`, and a pyramid made from them, `fpn`.
/// Source   torchvision.models.detection.backbone_utils.BackboneWithFPN
class OPSIS_API BackboneWithFPNImpl : public torch::nn::Module {
 public:
  BackboneWithFPNImpl(const NamedLayers& layers, const ReturnLayers& return_layers,
                      const std::vector<int64_t>& in_channels_list, int64_t out_channels, const FPNOptions& options = {});
  FeatureMaps forward(torch::Tensor images);

  IntermediateLayerGetter body{nullptr};
  ops::FeaturePyramidNetwork fpn{nullptr};
  int64_t out_channels;
};
TORCH_MODULE(BackboneWithFPN);

/// A pyramid of 256 channels on layer1 to layer4; of the network the last `trainable_layers` of five learn, the fifth
/// being conv1 with bn1.
///     auto backbone = resnet_fpn_backbone(resnet101(ResNet101_Weights::DEFAULT, {.norm_layer = ops::frozen_batch_norm_2d()}));
/// Throws   ValueError when trainable_layers is not in [0, 5] or a returned layer not in [1, 4]
/// Differs  the network is made by the caller, and has the norms that it was made with; torchvision makes it by name, with
///          FrozenBatchNorm2d unless told otherwise, which small batches need: resnet50(weights, {.norm_layer = frozen})
/// Source   torchvision.models.detection.backbone_utils.resnet_fpn_backbone
OPSIS_API BackboneWithFPN resnet_fpn_backbone(const ResNet& network, int64_t trainable_layers = 3,
                                              const FPNOptions& options = {});

/// Likewise on the last two stages; of the network the last `trainable_layers` of six stages learn.
/// Throws   ValueError when a number of layers or stages is none of the network's
/// Differs  as resnet_fpn_backbone; of a MobileNetV3, where torchvision takes MobileNetV2 too
/// Source   torchvision.models.detection.backbone_utils.mobilenet_backbone, with fpn=True
OPSIS_API BackboneWithFPN mobilenet_fpn_backbone(const MobileNetV3& network, int64_t trainable_layers = 2,
                                                 const FPNOptions& options = {});

/// One map of 256 channels: the features, and a convolution of 1.
/// Differs  as mobilenet_fpn_backbone
/// Source   torchvision.models.detection.backbone_utils.mobilenet_backbone, with fpn=False
OPSIS_API Backbone mobilenet_backbone(const MobileNetV3& network, int64_t trainable_layers = 2);

/// Every FrozenBatchNorm2d below the module gets this eps. torchvision sets 0 in detectors whose weights were made so.
/// Source   torchvision.models.detection._utils.overwrite_eps
OPSIS_API void overwrite_eps(torch::nn::Module& module, double eps);

/// The channels of each map that it gives, found by an image of that size and so many channels.
/// Source   torchvision.models.detection._utils.retrieve_out_channels
OPSIS_API std::vector<int64_t> retrieve_out_channels(const Backbone& backbone, Size size, int64_t in_channels = 3);

namespace detail {

/// How many layers of a backbone learn: all of them, whatever was asked for, unless it has been trained.
/// Throws   ValueError when that is not in [0, all]
OPSIS_API int64_t valid_trainable_layers(std::string_view owner, bool is_trained, std::optional<int64_t> wanted, int64_t all,
                                         int64_t usual);

/// What is below it stops learning.
OPSIS_API void stop_learning(torch::nn::Module& module);

/// What comes before the last `trainable_layers` stages of a MobileNet stops learning.
/// Throws   ValueError when trainable_layers is not in [0, stages]
OPSIS_API void keep_learning(const MobileNetV3& network, int64_t trainable_layers);

}  // namespace detail
}  // namespace opsis::inline v1::models::detection
