#include "opsis/models/segmentation/lraspp.h"

#include <torch/nn/modules/pooling.h>

#include "opsis/models/segmentation/builders.h"
#include "opsis/ops/activation.h"

namespace opsis::inline v1::models::segmentation {

LRASPPHeadImpl::LRASPPHeadImpl(int64_t low_channels, int64_t high_channels, int64_t num_classes, int64_t inter_channels)
    : torch::nn::Module("LRASPPHead") {
  using torch::nn::Conv2d;
  using torch::nn::Conv2dOptions;
  const auto conv = [&] { return Conv2d(Conv2dOptions(high_channels, inter_channels, 1).bias(false)); };
  cbr = register_module("cbr", Sequential(std::vector<Layer>{conv(), torch::nn::BatchNorm2d(inter_channels), ops::relu()}));
  scale = register_module("scale", Sequential(std::vector<Layer>{torch::nn::AdaptiveAvgPool2d(1), conv(), ops::sigmoid()}));
  low_classifier = register_module("low_classifier", Conv2d(Conv2dOptions(low_channels, num_classes, 1)));
  high_classifier = register_module("high_classifier", Conv2d(Conv2dOptions(inter_channels, num_classes, 1)));
}

torch::Tensor LRASPPHeadImpl::forward(const Features& features) {
  const auto &low = features["low"], &high = features["high"];
  const auto x = cbr(high);
  const auto coarse = detail::resized(x * scale(high), low.sizes().slice(2));
  const auto fine = low_classifier(low);
  return fine + high_classifier(coarse);
}

LRASPPImpl::LRASPPImpl(IntermediateLayerGetter backbone_, int64_t low_channels, int64_t high_channels, int64_t num_classes,
                       int64_t inter_channels)
    : SegmentationModel("LRASPP") {
  backbone = register_module("backbone", std::move(backbone_));
  classifier = register_module("classifier", LRASPPHead(low_channels, high_channels, num_classes, inter_channels));
}

torch::Tensor LRASPPImpl::forward(torch::Tensor images) {
  const auto size = images.sizes().slice(2).vec();
  return detail::resized(classifier(backbone(std::move(images))), size);
}

LRASPP lraspp_mobilenet_v3_large(std::optional<LRASPP_MobileNet_V3_Large_Weights> weights,
                                 SegmentationOptions<MobileNet_V3_Large_Weights> options) {
  OPSIS_CHECK(!options.aux_loss.value_or(false),
              "lraspp_mobilenet_v3_large: it has no auxiliary classifier; leave aux_loss out");
  options = detail::settled(weights, options, /*has_aux=*/false);
  const auto num_classes = models::detail::classes("lraspp_mobilenet_v3_large", options, 21);
  const auto network = detail::mobilenet_backbone(options);
  const IntermediateLayerGetter backbone(
      network.layers, {{std::to_string(network.low.position), "low"}, {std::to_string(network.high.position), "high"}});
  return detail::filled(LRASPP(backbone, network.low.channels, network.high.channels, num_classes), weights, options);
}

}  // namespace opsis::inline v1::models::segmentation
