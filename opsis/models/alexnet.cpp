#include "opsis/models/alexnet.h"

#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>

#include "opsis/models/builders.h"
#include "opsis/ops/activation.h"

namespace opsis::inline v1::models {
namespace alexnet_family {

Layer conv(int64_t in, int64_t out, int64_t kernel, int64_t padding, int64_t stride = 1) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(padding));
}

Layer max_pool() { return torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(3).stride(2)); }

}  // namespace alexnet_family

AlexNetImpl::AlexNetImpl(const AlexNetOptions& options) : ImageClassifier("AlexNet") {
  using namespace alexnet_family;
  using ops::relu;
  using torch::nn::Dropout;
  using torch::nn::Linear;
  const auto num_classes = detail::classes("AlexNet", options);

  features =
      register_module("features", Sequential(std::vector<Layer>{conv(options.in_channels, 64, 11, 2, 4), relu(), max_pool(),  //
                                                                conv(64, 192, 5, 2), relu(), max_pool(),                      //
                                                                conv(192, 384, 3, 1), relu(), conv(384, 256, 3, 1), relu(),   //
                                                                conv(256, 256, 3, 1), relu(), max_pool()}));
  avgpool = register_module("avgpool", torch::nn::AdaptiveAvgPool2d(6));
  classifier = register_module("classifier", Sequential(std::vector<Layer>{Dropout(options.dropout), Linear(256 * 6 * 6, 4096),
                                                                           relu(), Dropout(options.dropout), Linear(4096, 4096),
                                                                           relu(), Linear(4096, num_classes)}));
}

torch::Tensor AlexNetImpl::forward(torch::Tensor images) { return classifier(avgpool(features(std::move(images))).flatten(1)); }

AlexNet alexnet(std::optional<AlexNet_Weights> weights, AlexNetOptions options) {
  return detail::build<AlexNet>(weights, options);
}

}  // namespace opsis::inline v1::models
