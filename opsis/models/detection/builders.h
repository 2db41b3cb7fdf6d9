// What the builders of this folder have in common.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "opsis/models/builders.h"
#include "opsis/models/detection/backbones.h"
#include "opsis/models/detection/faster_rcnn.h"
#include "opsis/models/detection/transform.h"
#include "opsis/ops/frozen_batch_norm.h"
#include "opsis/ops/norm.h"

namespace opsis::inline v1::models::detection::detail {

using models::detail::settle;

/// Makes the options what the weights want, with `usual` classes and pixels where nobody says otherwise. Gives whether the backbone
/// will have been trained.
template <class W, class Options>
bool settle_weights(std::string_view owner, const std::optional<W>& weights, Options& options, int64_t usual,
                    const Pixels& pixels = {}) {
  if (weights) {
    options.weights_backbone.reset();
    if (!options.num_classes) options.num_classes = std::ssize(weights->categories);
  }
  options.num_classes = models::detail::classes(owner, options, usual);
  settle_pixels(owner, options.transform, options.in_channels, pixels);
  return weights || options.weights_backbone;
}

/// The norm of a backbone: one that was trained keeps its statistics, for batches of detectors are small.
inline NormLayer backbone_norm(bool is_trained) { return is_trained ? ops::frozen_batch_norm_2d() : ops::batch_norm_2d(); }

/// The tensors of the weights, if there are any, but for a head of another number of classes, and adapted to the images' channels.
template <class Model, class W, class Options>
Model filled(Model model, const std::optional<W>& weights, const Options& options) {
  if (weights) {
    load_weights(
        *model, *weights,
        {.new_head = models::detail::wants_new_head(*weights, options.num_classes), .adapt_input = options.in_channels != 3});
  }
  return model;
}

/// Weights from before FrozenBatchNorm2d had an eps.
template <class Model, class W>
Model without_eps(Model model, const std::optional<W>& weights, const W& made_so) {
  if (weights && weights->name == made_so.name) overwrite_eps(*model, 0);
  return model;
}

/// A ResNet-50 with a pyramid, as the first versions of the models have it.
template <class Options>
Backbone resnet50_backbone(std::string_view owner, const Options& options, bool is_trained) {
  const auto layers = valid_trainable_layers(owner, is_trained, options.trainable_backbone_layers, 5, 3);
  return resnet_fpn_backbone(
      resnet50(options.weights_backbone, {.norm_layer = backbone_norm(is_trained), .in_channels = options.in_channels}),
      layers);
}

/// That of the second versions, all of whose norms learn.
template <class Options>
Backbone resnet50_v2_backbone(std::string_view owner, const Options& options, bool is_trained) {
  const auto layers = valid_trainable_layers(owner, is_trained, options.trainable_backbone_layers, 5, 3);
  return resnet_fpn_backbone(resnet50(options.weights_backbone, {.in_channels = options.in_channels}), layers,
                             {.norm_layer = ops::batch_norm_2d()});
}

/// A ResNet-50 with a pyramid of the last three stages and two more maps, which `p6_channels` go into: 256 of the pyramid's
/// last map or 2048 of the network's.
template <class Options>
Backbone resnet50_p3_to_p7(std::string_view owner, const Options& options, const NormLayer& norm, bool is_trained,
                           int64_t p6_channels) {
  const auto layers = valid_trainable_layers(owner, is_trained, options.trainable_backbone_layers, 5, 3);
  // It draws before the pyramid's own layers do.
  const auto network = resnet50(options.weights_backbone, {.norm_layer = norm, .in_channels = options.in_channels});
  return resnet_fpn_backbone(network, layers,
                             {.returned_layers = {2, 3, 4}, .extra_blocks = ops::LastLevelP6P7(p6_channels, 256).ptr()});
}

/// Anchors of one size a map, 32 to 512, in three aspect ratios.
OPSIS_API AnchorGenerator pyramid_anchors();

/// The parts that the second versions have of their own: deeper heads with norms.
OPSIS_API RCNNParts v2_parts(RCNNParts parts, int64_t out_channels);

/// The parts that options hold.
template <class Options>
RCNNParts parts_of(const Options& options) {
  return {options.transform, options.rpn, options.box};
}

}  // namespace opsis::inline v1::models::detection::detail
