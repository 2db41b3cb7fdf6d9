#include "opsis/models/vgg.h"

#include <torch/nn/modules/dropout.h>

#include "opsis/models/builders.h"
#include "opsis/models/initialise.h"
#include "opsis/ops/activation.h"

namespace opsis::inline v1::models {
namespace vgg_family {

using Stages = std::vector<std::vector<int64_t>>;

// The paper's configurations by its letters.
const Stages& a() {
  static const Stages stages{{64}, {128}, {256, 256}, {512, 512}, {512, 512}};
  return stages;
}
const Stages& b() {
  static const Stages stages{{64, 64}, {128, 128}, {256, 256}, {512, 512}, {512, 512}};
  return stages;
}
const Stages& d() {
  static const Stages stages{{64, 64}, {128, 128}, {256, 256, 256}, {512, 512, 512}, {512, 512, 512}};
  return stages;
}
const Stages& e() {
  static const Stages stages{{64, 64}, {128, 128}, {256, 256, 256, 256}, {512, 512, 512, 512}, {512, 512, 512, 512}};
  return stages;
}

Sequential features_of(const Stages& stages, int64_t in, bool batch_norm) {
  Sequential layers;
  for (const auto& stage : stages) {
    for (const auto out : stage) {
      layers->append(torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).padding(1)));
      if (batch_norm) layers->append(torch::nn::BatchNorm2d(out));
      layers->append(ops::relu());
      in = out;
    }
    layers->append(torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(2).stride(2)));
  }
  return layers;
}

template <class W>
VGG build(const Stages& stages, bool batch_norm, const std::optional<W>& weights, VGGOptions& options) {
  if (weights && !detail::wants_new_head(*weights, options.num_classes)) options.init_weights = false;
  return detail::build<VGG>(weights, options, stages, batch_norm);
}

}  // namespace vgg_family

VGGImpl::VGGImpl(const std::vector<std::vector<int64_t>>& stages, bool batch_norm, const VGGOptions& options)
    : VGGImpl(vgg_family::features_of(stages, options.in_channels, batch_norm), options) {}

VGGImpl::VGGImpl(Sequential given, const VGGOptions& options) : ImageClassifier("VGG") {
  using torch::nn::Dropout;
  using torch::nn::Linear;
  const auto num_classes = detail::classes("VGG", options);
  features = register_module("features", given);
  avgpool = register_module("avgpool", torch::nn::AdaptiveAvgPool2d(7));
  classifier = register_module(
      "classifier",
      Sequential(std::vector<Layer>{Linear(512 * 7 * 7, 4096), ops::relu(), Dropout(options.dropout), Linear(4096, 4096),
                                    ops::relu(), Dropout(options.dropout), Linear(4096, num_classes)}));
  if (options.init_weights) detail::initialise(*this, detail::kaiming_fan_out, detail::small_normal);
}

torch::Tensor VGGImpl::forward(torch::Tensor images) { return classifier(avgpool(features(std::move(images))).flatten(1)); }

VGG vgg11(std::optional<VGG11_Weights> weights, VGGOptions options) {
  return vgg_family::build(vgg_family::a(), false, weights, options);
}

VGG vgg11_bn(std::optional<VGG11_BN_Weights> weights, VGGOptions options) {
  return vgg_family::build(vgg_family::a(), true, weights, options);
}

VGG vgg13(std::optional<VGG13_Weights> weights, VGGOptions options) {
  return vgg_family::build(vgg_family::b(), false, weights, options);
}

VGG vgg13_bn(std::optional<VGG13_BN_Weights> weights, VGGOptions options) {
  return vgg_family::build(vgg_family::b(), true, weights, options);
}

VGG vgg16(std::optional<VGG16_Weights> weights, VGGOptions options) {
  return vgg_family::build(vgg_family::d(), false, weights, options);
}

VGG vgg16_bn(std::optional<VGG16_BN_Weights> weights, VGGOptions options) {
  return vgg_family::build(vgg_family::d(), true, weights, options);
}

VGG vgg19(std::optional<VGG19_Weights> weights, VGGOptions options) {
  return vgg_family::build(vgg_family::e(), false, weights, options);
}

VGG vgg19_bn(std::optional<VGG19_BN_Weights> weights, VGGOptions options) {
  return vgg_family::build(vgg_family::e(), true, weights, options);
}

}  // namespace opsis::inline v1::models
