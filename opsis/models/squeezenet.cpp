#include "opsis/models/squeezenet.h"

#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/pooling.h>

#include "opsis/models/builders.h"
#include "opsis/models/initialise.h"
#include "opsis/ops/activation.h"

namespace opsis::inline v1::models {
namespace squeezenet_family {

using Conv2d = Observed<torch::nn::Conv2d>;
using torch::nn::Conv2dOptions;

// A 1x1 convolution that squeezes, then one of 1x1 and one of 3x3 side by side.
class FireImpl : public torch::nn::Module {
 public:
  FireImpl(int64_t in, int64_t squeezed, int64_t out_1x1, int64_t out_3x3)
      : torch::nn::Module("Fire"),
        squeeze(register_module("squeeze", Conv2d(Conv2dOptions(in, squeezed, 1)))),
        squeeze_activation(register_layer(*this, "squeeze_activation", ops::relu())),
        expand1x1(register_module("expand1x1", Conv2d(Conv2dOptions(squeezed, out_1x1, 1)))),
        expand1x1_activation(register_layer(*this, "expand1x1_activation", ops::relu())),
        expand3x3(register_module("expand3x3", Conv2d(Conv2dOptions(squeezed, out_3x3, 3).padding(1)))),
        expand3x3_activation(register_layer(*this, "expand3x3_activation", ops::relu())) {}

  torch::Tensor forward(torch::Tensor x) {
    x = squeeze_activation(squeeze(x));
    return torch::cat({expand1x1_activation(expand1x1(x)), expand3x3_activation(expand3x3(x))}, 1);
  }

 private:
  Conv2d squeeze;
  Layer squeeze_activation;
  Conv2d expand1x1;
  Layer expand1x1_activation;
  Conv2d expand3x3;
  Layer expand3x3_activation;
};
TORCH_MODULE(Fire);

Layer max_pool() { return torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(3).stride(2).ceil_mode(true)); }

Layer first_conv(int64_t in, int64_t out, int64_t kernel) { return Conv2d(Conv2dOptions(in, out, kernel).stride(2)); }

// In an initialiser list the parts are made from left to right.
std::vector<Layer> features_of(SqueezeNetVersion version, int64_t in_channels) {
  if (version == SqueezeNetVersion::V1_0) {
    return {first_conv(in_channels, 96, 7),
            ops::relu(),
            max_pool(),
            Fire(96, 16, 64, 64),
            Fire(128, 16, 64, 64),
            Fire(128, 32, 128, 128),
            max_pool(),
            Fire(256, 32, 128, 128),
            Fire(256, 48, 192, 192),
            Fire(384, 48, 192, 192),
            Fire(384, 64, 256, 256),
            max_pool(),
            Fire(512, 64, 256, 256)};
  }
  return {first_conv(in_channels, 64, 3),
          ops::relu(),
          max_pool(),
          Fire(64, 16, 64, 64),
          Fire(128, 16, 64, 64),
          max_pool(),
          Fire(128, 32, 128, 128),
          Fire(256, 32, 128, 128),
          max_pool(),
          Fire(256, 48, 192, 192),
          Fire(384, 48, 192, 192),
          Fire(384, 64, 256, 256),
          Fire(512, 64, 256, 256)};
}

}  // namespace squeezenet_family

SqueezeNetImpl::SqueezeNetImpl(SqueezeNetVersion version, const SqueezeNetOptions& options) : ImageClassifier("SqueezeNet") {
  using torch::nn::Conv2d;
  namespace init = torch::nn::init;
  const auto num_classes = detail::classes("SqueezeNet", options);
  features = register_module("features", Sequential(squeezenet_family::features_of(version, options.in_channels)));
  Conv2d final_conv(torch::nn::Conv2dOptions(512, num_classes, 1));
  classifier = register_module("classifier", Sequential(std::vector<Layer>{torch::nn::Dropout(options.dropout), final_conv,
                                                                           ops::relu(), torch::nn::AdaptiveAvgPool2d(1)}));
  detail::initialise(
      *this,
      [&](torch::nn::Conv2dImpl& conv) {
        if (&conv == final_conv.get()) {
          init::normal_(conv.weight, 0, 0.01);
        } else {
          init::kaiming_uniform_(conv.weight);
        }
        init::zeros_(conv.bias);
      },
      [](torch::nn::LinearImpl&) {});
}

torch::Tensor SqueezeNetImpl::forward(torch::Tensor images) { return classifier(features(std::move(images))).flatten(1); }

SqueezeNet squeezenet1_0(std::optional<SqueezeNet1_0_Weights> weights, SqueezeNetOptions options) {
  return detail::build<SqueezeNet>(weights, options, SqueezeNetVersion::V1_0);
}

SqueezeNet squeezenet1_1(std::optional<SqueezeNet1_1_Weights> weights, SqueezeNetOptions options) {
  return detail::build<SqueezeNet>(weights, options, SqueezeNetVersion::V1_1);
}

}  // namespace opsis::inline v1::models
