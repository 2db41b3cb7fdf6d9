#include "opsis/models/convnext.h"

#include <torch/nn/modules/activation.h>

#include "opsis/models/builders.h"
#include "opsis/models/initialise.h"
#include "opsis/ops/conv_norm_activation.h"
#include "opsis/ops/linear.h"
#include "opsis/ops/permute.h"
#include "opsis/ops/stochastic_depth.h"

namespace opsis::inline v1::models {
namespace convnext_family {

using ops::Linear;
using ops::Permute;
using torch::Tensor;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;

class CNBlockImpl : public torch::nn::Module {
 public:
  CNBlockImpl(int64_t channels, double scale, double stochastic_depth_prob) : torch::nn::Module("CNBlock") {
    layer_scale = register_parameter("layer_scale", torch::ones({channels, 1, 1}) * scale);
    block = register_module(
        "block", Sequential(std::vector<Layer>{Conv2d(Conv2dOptions(channels, channels, 7).padding(3).groups(channels)),
                                               Permute(std::vector<int64_t>{0, 2, 3, 1}), ops::layer_norm(1e-6)(channels),
                                               Linear(channels, 4 * channels), ops::gelu(), Linear(4 * channels, channels),
                                               Permute(std::vector<int64_t>{0, 3, 1, 2})}));
    stochastic_depth = register_module("stochastic_depth", ops::StochasticDepth(stochastic_depth_prob, "row"));
  }

  Tensor forward(Tensor x) {
    auto result = stochastic_depth(layer_scale * block(x));
    result += x;
    return result;
  }

 private:
  Tensor layer_scale;
  Sequential block{nullptr};
  ops::StochasticDepth stochastic_depth{nullptr};
};
TORCH_MODULE(CNBlock);

Layer layer_norm_2d(int64_t channels) { return ops::LayerNorm2d(torch::nn::LayerNormOptions({channels}).eps(1e-6)); }

template <class W>
ConvNeXt build(const std::optional<W>& weights, ConvNeXtOptions& options, std::array<int64_t, 4> channels, int64_t third_depth,
               double stochastic_depth_prob) {
  if (!options.stochastic_depth_prob) options.stochastic_depth_prob = stochastic_depth_prob;
  const std::vector<CNBlockConfig> stages{{channels[0], channels[1], 3},
                                          {channels[1], channels[2], 3},
                                          {channels[2], channels[3], third_depth},
                                          {channels[3], std::nullopt, 3}};
  return detail::build<ConvNeXt>(weights, options, stages);
}

}  // namespace convnext_family

ConvNeXtImpl::ConvNeXtImpl(const std::vector<CNBlockConfig>& stages, const ConvNeXtOptions& options)
    : ImageClassifier("ConvNeXt") {
  using namespace convnext_family;
  OPSIS_CHECK(!stages.empty(), "ConvNeXt: stages must not be empty");
  const auto num_classes = detail::classes("ConvNeXt", options);
  const auto norm = options.norm_layer ? options.norm_layer : NormLayer(layer_norm_2d);
  const auto depth_prob = options.stochastic_depth_prob.value_or(0);
  const auto make_block = options.block ? options.block : [](int64_t channels, double scale, double prob) -> Layer {
    return CNBlock(channels, scale, prob);
  };

  Sequential layers;
  layers->append(ops::Conv2dNormActivation(
      options.in_channels, stages.front().input_channels,
      {.kernel_size = 4, .stride = 4, .padding = 0, .norm_layer = norm, .activation_layer = nullptr, .bias = true}));
  int64_t count = 0, block = 0;
  for (const auto& stage : stages) count += stage.num_layers;
  for (const auto& stage : stages) {
    Sequential blocks;
    for (int64_t i = 0; i < stage.num_layers; ++i) {
      const auto prob = depth_prob * static_cast<double>(block++) / (static_cast<double>(count) - 1);
      blocks->append(make_block(stage.input_channels, options.layer_scale, prob));
    }
    layers->append(blocks);
    if (stage.out_channels) {
      layers->append(Sequential(std::vector<Layer>{
          norm(stage.input_channels), Conv2d(Conv2dOptions(stage.input_channels, *stage.out_channels, 2).stride(2))}));
    }
  }
  const auto last = stages.back().out_channels.value_or(stages.back().input_channels);
  features = register_module("features", layers);
  avgpool = register_module("avgpool", torch::nn::AdaptiveAvgPool2d(1));
  classifier = register_module("classifier",
                               Sequential(std::vector<Layer>{norm(last), torch::nn::Flatten(), Linear(last, num_classes)}));
  const auto begin = [](auto& layer) {
    detail::trunc_normal_(layer.weight, 0, 0.02);
    if (layer.bias.defined()) torch::nn::init::zeros_(layer.bias);
  };
  detail::initialise(*this, begin, begin);
}

torch::Tensor ConvNeXtImpl::forward(torch::Tensor images) { return classifier(avgpool(features(std::move(images)))); }

ConvNeXt convnext_tiny(std::optional<ConvNeXt_Tiny_Weights> weights, ConvNeXtOptions options) {
  return convnext_family::build(weights, options, {96, 192, 384, 768}, 9, 0.1);
}

ConvNeXt convnext_small(std::optional<ConvNeXt_Small_Weights> weights, ConvNeXtOptions options) {
  return convnext_family::build(weights, options, {96, 192, 384, 768}, 27, 0.4);
}

ConvNeXt convnext_base(std::optional<ConvNeXt_Base_Weights> weights, ConvNeXtOptions options) {
  return convnext_family::build(weights, options, {128, 256, 512, 1024}, 27, 0.5);
}

ConvNeXt convnext_large(std::optional<ConvNeXt_Large_Weights> weights, ConvNeXtOptions options) {
  return convnext_family::build(weights, options, {192, 384, 768, 1536}, 27, 0.5);
}

}  // namespace opsis::inline v1::models
