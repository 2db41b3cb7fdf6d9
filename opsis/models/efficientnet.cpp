#include "opsis/models/efficientnet.h"

#include <torch/nn/modules/dropout.h>

#include <cmath>

#include "opsis/models/builders.h"
#include "opsis/models/divisible.h"
#include "opsis/models/initialise.h"
#include "opsis/ops/conv_norm_activation.h"
#include "opsis/ops/squeeze_excitation.h"
#include "opsis/ops/stochastic_depth.h"

namespace opsis::inline v1::models {
namespace efficientnet_family {

using ops::Conv2dNormActivation;
using torch::Tensor;

const ActivationLayer silu = [] { return ops::silu(); };

int64_t adjusted(int64_t channels, double factor) { return detail::make_divisible(static_cast<double>(channels) * factor, 8); }

// MBConv and FusedMBConv.
class BlockImpl : public torch::nn::Module {
 public:
  BlockImpl(const MBConvConfig& config, double stochastic_depth_prob, const NormLayer& norm)
      : torch::nn::Module(config.fused ? "FusedMBConv" : "MBConv"),
        is_residual_(config.stride == 1 && config.input_channels == config.out_channels) {
    OPSIS_CHECK(config.stride == 1 || config.stride == 2, "EfficientNet: strides must be 1 or 2, got {}", config.stride);
    block = register_module("block", config.fused ? fused(config, norm) : separable(config, norm));
    stochastic_depth = register_module("stochastic_depth", ops::StochasticDepth(stochastic_depth_prob, "row"));
  }

  Tensor forward(Tensor x) {
    auto result = block(x);
    if (!is_residual_) return result;
    result = stochastic_depth(result);
    result += x;
    return result;
  }

 private:
  static Sequential separable(const MBConvConfig& config, const NormLayer& norm) {
    Sequential layers;
    const auto expanded = adjusted(config.input_channels, config.expand_ratio);
    if (expanded != config.input_channels) {
      layers->append(Conv2dNormActivation(config.input_channels, expanded,
                                          {.kernel_size = 1, .norm_layer = norm, .activation_layer = silu}));
    }
    layers->append(Conv2dNormActivation(expanded, expanded,
                                        {.kernel_size = config.kernel,
                                         .stride = config.stride,
                                         .groups = expanded,
                                         .norm_layer = norm,
                                         .activation_layer = silu}));
    layers->append(ops::SqueezeExcitation(expanded, std::max<int64_t>(1, config.input_channels / 4), silu));
    layers->append(Conv2dNormActivation(expanded, config.out_channels,
                                        {.kernel_size = 1, .norm_layer = norm, .activation_layer = nullptr}));
    return layers;
  }

  static Sequential fused(const MBConvConfig& config, const NormLayer& norm) {
    Sequential layers;
    const auto expanded = adjusted(config.input_channels, config.expand_ratio);
    const bool expands = expanded != config.input_channels;
    layers->append(Conv2dNormActivation(
        config.input_channels, expands ? expanded : config.out_channels,
        {.kernel_size = config.kernel, .stride = config.stride, .norm_layer = norm, .activation_layer = silu}));
    if (expands) {
      layers->append(Conv2dNormActivation(expanded, config.out_channels,
                                          {.kernel_size = 1, .norm_layer = norm, .activation_layer = nullptr}));
    }
    return layers;
  }

  Sequential block{nullptr};
  ops::StochasticDepth stochastic_depth{nullptr};
  bool is_residual_;
};
TORCH_MODULE(Block);

std::vector<MBConvConfig> v1(double width_mult, double depth_mult) {
  std::vector<MBConvConfig> stages{{1, 3, 1, 32, 16, 1},  {6, 3, 2, 16, 24, 2},   {6, 5, 2, 24, 40, 2},  {6, 3, 2, 40, 80, 3},
                                   {6, 5, 1, 80, 112, 3}, {6, 5, 2, 112, 192, 4}, {6, 3, 1, 192, 320, 1}};
  for (auto& stage : stages) {
    stage.input_channels = adjusted(stage.input_channels, width_mult);
    stage.out_channels = adjusted(stage.out_channels, width_mult);
    stage.num_layers = static_cast<int64_t>(std::ceil(static_cast<double>(stage.num_layers) * depth_mult));
  }
  return stages;
}

constexpr bool fused = true;

const std::vector<MBConvConfig>& v2_s() {
  static const std::vector<MBConvConfig> stages{{1, 3, 1, 24, 24, 2, fused}, {4, 3, 2, 24, 48, 4, fused},
                                                {4, 3, 2, 48, 64, 4, fused}, {4, 3, 2, 64, 128, 6},
                                                {6, 3, 1, 128, 160, 9},      {6, 3, 2, 160, 256, 15}};
  return stages;
}

const std::vector<MBConvConfig>& v2_m() {
  static const std::vector<MBConvConfig> stages{
      {1, 3, 1, 24, 24, 3, fused}, {4, 3, 2, 24, 48, 5, fused}, {4, 3, 2, 48, 80, 5, fused}, {4, 3, 2, 80, 160, 7},
      {6, 3, 1, 160, 176, 14},     {6, 3, 2, 176, 304, 18},     {6, 3, 1, 304, 512, 5}};
  return stages;
}

const std::vector<MBConvConfig>& v2_l() {
  static const std::vector<MBConvConfig> stages{
      {1, 3, 1, 32, 32, 4, fused}, {4, 3, 2, 32, 64, 7, fused}, {4, 3, 2, 64, 96, 7, fused}, {4, 3, 2, 96, 192, 10},
      {6, 3, 1, 192, 224, 19},     {6, 3, 2, 224, 384, 25},     {6, 3, 1, 384, 640, 7}};
  return stages;
}

template <class W>
EfficientNet build(const std::optional<W>& weights, EfficientNetOptions& options, const std::vector<MBConvConfig>& stages,
                   double dropout, const NormLayer& norm, std::optional<int64_t> last_channel = {}) {
  if (!options.dropout) options.dropout = dropout;
  if (!options.norm_layer) options.norm_layer = norm;
  return detail::build<EfficientNet>(weights, options, stages, last_channel);
}

}  // namespace efficientnet_family

EfficientNetImpl::EfficientNetImpl(const std::vector<MBConvConfig>& stages, std::optional<int64_t> last_channel,
                                   const EfficientNetOptions& options)
    : ImageClassifier("EfficientNet") {
  using namespace efficientnet_family;
  namespace init = torch::nn::init;
  OPSIS_CHECK(!stages.empty(), "EfficientNet: stages must not be empty");
  const auto num_classes = detail::classes("EfficientNet", options);
  const auto norm = options.norm_layer ? options.norm_layer : ops::batch_norm_2d();

  Sequential layers;
  layers->append(Conv2dNormActivation(options.in_channels, stages.front().input_channels,
                                      {.stride = 2, .norm_layer = norm, .activation_layer = silu}));
  int64_t count = 0, block = 0;
  for (const auto& stage : stages) count += stage.num_layers;
  for (const auto& stage : stages) {
    Sequential blocks;
    auto config = stage;
    for (int64_t i = 0; i < stage.num_layers; ++i) {
      const auto prob = options.stochastic_depth_prob * static_cast<double>(block++) / static_cast<double>(count);
      blocks->append(config.block ? config.block(config, prob, norm) : Layer(Block(config, prob, norm)));
      config.input_channels = config.out_channels;
      config.stride = 1;
    }
    layers->append(blocks);
  }
  const auto channels = stages.back().out_channels;
  const auto last = last_channel.value_or(4 * channels);
  layers->append(Conv2dNormActivation(channels, last, {.kernel_size = 1, .norm_layer = norm, .activation_layer = silu}));

  features = register_module("features", layers);
  avgpool = register_module("avgpool", torch::nn::AdaptiveAvgPool2d(1));
  classifier = register_module(
      "classifier",
      Sequential(std::vector<Layer>{torch::nn::Dropout(torch::nn::DropoutOptions(options.dropout.value_or(0.2)).inplace(true)),
                                    torch::nn::Linear(last, num_classes)}));
  detail::initialise(*this, detail::kaiming_fan_out, [](torch::nn::LinearImpl& linear) {
    const auto range = 1 / std::sqrt(static_cast<double>(linear.weight.size(0)));
    init::uniform_(linear.weight, -range, range);
    init::zeros_(linear.bias);
  });
}

torch::Tensor EfficientNetImpl::forward(torch::Tensor images) {
  return classifier(avgpool(features(std::move(images))).flatten(1));
}

EfficientNet efficientnet_b0(std::optional<EfficientNet_B0_Weights> weights, EfficientNetOptions options) {
  return efficientnet_family::build(weights, options, efficientnet_family::v1(1.0, 1.0), 0.2, ops::batch_norm_2d());
}

EfficientNet efficientnet_b1(std::optional<EfficientNet_B1_Weights> weights, EfficientNetOptions options) {
  return efficientnet_family::build(weights, options, efficientnet_family::v1(1.0, 1.1), 0.2, ops::batch_norm_2d());
}

EfficientNet efficientnet_b2(std::optional<EfficientNet_B2_Weights> weights, EfficientNetOptions options) {
  return efficientnet_family::build(weights, options, efficientnet_family::v1(1.1, 1.2), 0.3, ops::batch_norm_2d());
}

EfficientNet efficientnet_b3(std::optional<EfficientNet_B3_Weights> weights, EfficientNetOptions options) {
  return efficientnet_family::build(weights, options, efficientnet_family::v1(1.2, 1.4), 0.3, ops::batch_norm_2d());
}

EfficientNet efficientnet_b4(std::optional<EfficientNet_B4_Weights> weights, EfficientNetOptions options) {
  return efficientnet_family::build(weights, options, efficientnet_family::v1(1.4, 1.8), 0.4, ops::batch_norm_2d());
}

EfficientNet efficientnet_b5(std::optional<EfficientNet_B5_Weights> weights, EfficientNetOptions options) {
  return efficientnet_family::build(weights, options, efficientnet_family::v1(1.6, 2.2), 0.4, ops::batch_norm_2d(0.001, 0.01));
}

EfficientNet efficientnet_b6(std::optional<EfficientNet_B6_Weights> weights, EfficientNetOptions options) {
  return efficientnet_family::build(weights, options, efficientnet_family::v1(1.8, 2.6), 0.5, ops::batch_norm_2d(0.001, 0.01));
}

EfficientNet efficientnet_b7(std::optional<EfficientNet_B7_Weights> weights, EfficientNetOptions options) {
  return efficientnet_family::build(weights, options, efficientnet_family::v1(2.0, 3.1), 0.5, ops::batch_norm_2d(0.001, 0.01));
}

EfficientNet efficientnet_v2_s(std::optional<EfficientNet_V2_S_Weights> weights, EfficientNetOptions options) {
  return efficientnet_family::build(weights, options, efficientnet_family::v2_s(), 0.2, ops::batch_norm_2d(0.001), 1280);
}

EfficientNet efficientnet_v2_m(std::optional<EfficientNet_V2_M_Weights> weights, EfficientNetOptions options) {
  return efficientnet_family::build(weights, options, efficientnet_family::v2_m(), 0.3, ops::batch_norm_2d(0.001), 1280);
}

EfficientNet efficientnet_v2_l(std::optional<EfficientNet_V2_L_Weights> weights, EfficientNetOptions options) {
  return efficientnet_family::build(weights, options, efficientnet_family::v2_l(), 0.4, ops::batch_norm_2d(0.001), 1280);
}

}  // namespace opsis::inline v1::models
