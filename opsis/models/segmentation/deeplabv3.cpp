#include "opsis/models/segmentation/deeplabv3.h"

#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/pooling.h>

#include "opsis/models/segmentation/builders.h"
#include "opsis/models/segmentation/fcn.h"
#include "opsis/ops/activation.h"

namespace opsis::inline v1::models::segmentation {
namespace deeplab {

using torch::Tensor;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;

constexpr int64_t kChannels = 256;

void append_conv_norm_relu(SequentialImpl& layers, int64_t in, int64_t out, int64_t kernel = 1, int64_t dilation = 1) {
  const auto padding = kernel == 1 ? 0 : dilation;
  layers.append(Conv2d(Conv2dOptions(in, out, kernel).padding(padding).dilation(dilation).bias(false)));
  layers.append(torch::nn::BatchNorm2d(out));
  layers.append(ops::relu(/*inplace=*/false));
}

Sequential conv_norm_relu(int64_t in, int64_t out, int64_t kernel = 1, int64_t dilation = 1) {
  Sequential layers;
  append_conv_norm_relu(*layers, in, out, kernel, dilation);
  return layers;
}

// What the whole image shows, at every pixel.
class ASPPPoolingImpl : public SequentialImpl {
 public:
  ASPPPoolingImpl(int64_t in, int64_t out) {
    append(torch::nn::AdaptiveAvgPool2d(1));
    append_conv_norm_relu(*this, in, out);
  }

  Tensor forward(const Tensor& x) { return detail::resized(SequentialImpl::forward(x), x.sizes().slice(2)); }
};
TORCH_MODULE(ASPPPooling);

class ASPPImpl : public torch::nn::Module {
 public:
  ASPPImpl(int64_t in, const std::vector<int64_t>& rates) : torch::nn::Module("ASPP") {
    Sequential branches;  // side by side: it only holds them
    branches->append(conv_norm_relu(in, kChannels));
    for (const auto rate : rates) branches->append(conv_norm_relu(in, kChannels, 3, rate));
    branches->append(ASPPPooling(in, kChannels));
    convs = register_module("convs", branches);
    auto layers = conv_norm_relu(static_cast<int64_t>(convs->size()) * kChannels, kChannels);
    layers->append(torch::nn::Dropout(0.5));
    project = register_module("project", layers);
  }

  Tensor forward(const Tensor& x) {
    std::vector<Tensor> seen;
    for (size_t i = 0; i < convs->size(); ++i) seen.push_back((*convs)[i](x));
    return project(torch::cat(seen, 1));
  }

 private:
  Sequential convs{nullptr}, project{nullptr};
};
TORCH_MODULE(ASPP);

const auto aux_head = [](int64_t channels, int64_t num_classes) { return FCNHead(channels, num_classes); };
const auto head = [](int64_t channels, int64_t num_classes) { return DeepLabHead(channels, num_classes); };

}  // namespace deeplab

DeepLabHeadImpl::DeepLabHeadImpl(int64_t in_channels, int64_t num_classes, const std::vector<int64_t>& atrous_rates) {
  append(deeplab::ASPP(in_channels, atrous_rates));
  deeplab::append_conv_norm_relu(*this, deeplab::kChannels, deeplab::kChannels, 3);
  append(torch::nn::Conv2d(torch::nn::Conv2dOptions(deeplab::kChannels, num_classes, 1)));
}

DeepLabV3 deeplabv3_resnet50(std::optional<DeepLabV3_ResNet50_Weights> weights, SegmentationOptions<ResNet50_Weights> options) {
  return detail::on_resnet<DeepLabV3>("deeplabv3_resnet50", resnet50, weights, options, deeplab::head, deeplab::aux_head);
}

DeepLabV3 deeplabv3_resnet101(std::optional<DeepLabV3_ResNet101_Weights> weights,
                              SegmentationOptions<ResNet101_Weights> options) {
  return detail::on_resnet<DeepLabV3>("deeplabv3_resnet101", resnet101, weights, options, deeplab::head, deeplab::aux_head);
}

DeepLabV3 deeplabv3_mobilenet_v3_large(std::optional<DeepLabV3_MobileNet_V3_Large_Weights> weights,
                                       SegmentationOptions<MobileNet_V3_Large_Weights> options) {
  options = detail::settled(weights, options, /*has_aux=*/true);
  const auto num_classes = models::detail::classes("deeplabv3_mobilenet_v3_large", options, 21);
  const bool aux = options.aux_loss.value_or(false);
  const auto network = detail::mobilenet_backbone(options);
  ReturnLayers wanted{{std::to_string(network.high.position), "out"}};
  if (aux) wanted.emplace_back(std::to_string(network.low.position), "aux");
  const IntermediateLayerGetter backbone(network.layers, wanted);
  const auto aux_classifier = aux ? Layer(FCNHead(network.low.channels, num_classes)) : Layer();
  const DeepLabHead classifier(network.high.channels, num_classes);
  return detail::filled(DeepLabV3(backbone, classifier, aux_classifier), weights, options);
}

}  // namespace opsis::inline v1::models::segmentation
