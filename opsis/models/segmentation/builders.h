// What the builders of this folder have in common.
#pragma once

#include <optional>

#include "opsis/models/builders.h"
#include "opsis/models/mobilenet_v3.h"
#include "opsis/models/resnet.h"
#include "opsis/models/segmentation/model.h"

namespace opsis::inline v1::models::segmentation::detail {

using models::detail::settle;

/// The options as the model's weights make them: theirs leave none for the backbone, and have an auxiliary classifier.
template <class W, class Options>
Options settled(const std::optional<W>& weights, Options options, bool has_aux) {
  if (weights) {
    options.weights_backbone.reset();
    if (!options.num_classes) options.num_classes = std::ssize(weights->categories);
    if (has_aux) settle(weights->name, "aux_loss", options.aux_loss, true);
  }
  return options;
}

/// The tensors of the weights, if there are any. What of them may differ is what an option asks to be another.
template <class Model, class W, class Options>
Model filled(Model model, const std::optional<W>& weights, const Options& options) {
  if (weights) {
    load_weights(
        *model, *weights,
        {.new_head = models::detail::wants_new_head(*weights, options.num_classes), .adapt_input = options.in_channels != 3});
  }
  return model;
}

/// A ResNet that keeps an eighth of the images' resolution in its last two layers, with classifiers of pixels behind it.
/// `head(channels, num_classes)` makes the main one, `aux_head` the other.
template <class Model, class W, class BackboneWeights, class Head, class AuxHead>
Model on_resnet(std::string_view owner, ResNet (*resnet)(std::optional<BackboneWeights>, ResNetOptions),
                const std::optional<W>& weights, SegmentationOptions<BackboneWeights> options, const Head& head,
                const AuxHead& aux_head) {
  options = settled(weights, std::move(options), /*has_aux=*/true);
  const auto num_classes = models::detail::classes(owner, options, 21);
  const bool aux = options.aux_loss.value_or(false);
  const auto network = resnet(options.weights_backbone,
                              {.replace_stride_with_dilation = {false, true, true}, .in_channels = options.in_channels});
  ReturnLayers wanted{{"layer4", "out"}};
  if (aux) wanted.emplace_back("layer3", "aux");
  const IntermediateLayerGetter backbone(network->layers(), wanted);
  const auto aux_classifier = aux ? Layer(aux_head(1024, num_classes)) : Layer();  // the order of the draws is torchvision's
  const Layer classifier = head(2048, num_classes);
  return filled(Model(backbone, classifier, aux_classifier), weights, options);
}

/// The layers of a MobileNetV3-Large whose last stage is dilated, and those of an eighth and a sixteenth of the resolution.
struct MobileNetBackbone {
  NamedLayers layers;
  MobileNetV3Impl::Stage low, high;
};

inline MobileNetBackbone mobilenet_backbone(const SegmentationOptions<MobileNet_V3_Large_Weights>& options) {
  const auto network = mobilenet_v3_large(options.weights_backbone, {.dilated = true, .in_channels = options.in_channels});
  const auto& stages = network->stages();
  return {layers_of(*network->features), stages[stages.size() - 4], stages.back()};
}

}  // namespace opsis::inline v1::models::segmentation::detail
