#include "opsis/models/segmentation/fcn.h"

#include <torch/nn/modules/dropout.h>

#include "opsis/models/segmentation/builders.h"
#include "opsis/ops/activation.h"

namespace opsis::inline v1::models::segmentation {
namespace fcn {

template <class W, class BackboneWeights>
FCN build(std::string_view owner, ResNet (*resnet)(std::optional<BackboneWeights>, ResNetOptions),
          const std::optional<W>& weights, SegmentationOptions<BackboneWeights> options) {
  const auto head = [](int64_t channels, int64_t num_classes) { return FCNHead(channels, num_classes); };
  return detail::on_resnet<FCN>(owner, resnet, weights, options, head, head);
}

}  // namespace fcn

FCNHeadImpl::FCNHeadImpl(int64_t in_channels, int64_t channels) {
  using torch::nn::Conv2d;
  using torch::nn::Conv2dOptions;
  const auto inner = in_channels / 4;
  append(Conv2d(Conv2dOptions(in_channels, inner, 3).padding(1).bias(false)));
  append(torch::nn::BatchNorm2d(inner));
  append(ops::relu(/*inplace=*/false));
  append(torch::nn::Dropout(0.1));
  append(Conv2d(Conv2dOptions(inner, channels, 1)));
}

FCN fcn_resnet50(std::optional<FCN_ResNet50_Weights> weights, SegmentationOptions<ResNet50_Weights> options) {
  return fcn::build("fcn_resnet50", resnet50, weights, options);
}

FCN fcn_resnet101(std::optional<FCN_ResNet101_Weights> weights, SegmentationOptions<ResNet101_Weights> options) {
  return fcn::build("fcn_resnet101", resnet101, weights, options);
}

}  // namespace opsis::inline v1::models::segmentation
