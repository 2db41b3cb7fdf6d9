#include "opsis/models/mobilenet_v3.h"

#include <torch/nn/modules/dropout.h>

#include "opsis/models/builders.h"
#include "opsis/models/divisible.h"
#include "opsis/models/initialise.h"
#include "opsis/ops/conv_norm_activation.h"
#include "opsis/ops/squeeze_excitation.h"

namespace opsis::inline v1::models {
namespace mobilenet_v3_family {

using ops::Conv2dNormActivation;
using torch::Tensor;

const ActivationLayer relu = [] { return ops::relu(); };
const ActivationLayer hardswish = [] { return ops::hardswish(); };

class InvertedResidualImpl : public torch::nn::Module {
 public:
  InvertedResidualImpl(const MobileNetV3Block& conf, const NormLayer& norm)
      : torch::nn::Module("InvertedResidual"), is_residual_(conf.stride == 1 && conf.input_channels == conf.out_channels) {
    OPSIS_CHECK(conf.stride == 1 || conf.stride == 2, "MobileNetV3: strides must be 1 or 2, got {}", conf.stride);
    const auto& activation = conf.use_hs ? hardswish : relu;
    const auto expanded = conf.expanded_channels;
    Sequential layers;
    if (expanded != conf.input_channels) {
      layers->append(Conv2dNormActivation(conf.input_channels, expanded,
                                          {.kernel_size = 1, .norm_layer = norm, .activation_layer = activation}));
    }
    layers->append(Conv2dNormActivation(expanded, expanded,
                                        {.kernel_size = conf.kernel,
                                         .stride = conf.dilation > 1 ? 1 : conf.stride,
                                         .groups = expanded,
                                         .norm_layer = norm,
                                         .activation_layer = activation,
                                         .dilation = conf.dilation}));
    if (conf.use_se) {
      const int64_t quarter = expanded / 4;
      const auto squeezed = detail::make_divisible(static_cast<double>(quarter), 8);
      layers->append(ops::SqueezeExcitation(expanded, squeezed, relu, [] { return ops::hardsigmoid(); }));
    }
    layers->append(
        Conv2dNormActivation(expanded, conf.out_channels, {.kernel_size = 1, .norm_layer = norm, .activation_layer = nullptr}));
    block = register_module("block", layers);
  }

  Tensor forward(Tensor x) {
    auto result = block(x);
    if (is_residual_) result += x;
    return result;
  }

 private:
  Sequential block{nullptr};
  bool is_residual_;
};
TORCH_MODULE(InvertedResidual);

using Architecture = std::pair<std::vector<MobileNetV3Block>, int64_t>;

constexpr bool RE = false, HS = true;

Architecture scaled(std::vector<MobileNetV3Block> blocks, int64_t last_channel, const MobileNetV3Options& options) {
  const auto adjust = [&](int64_t channels) {
    return detail::make_divisible(static_cast<double>(channels) * options.width_mult, 8);
  };
  for (auto& block : blocks) {
    block.input_channels = adjust(block.input_channels);
    block.expanded_channels = adjust(block.expanded_channels);
    block.out_channels = adjust(block.out_channels);
  }
  return {std::move(blocks), adjust(last_channel)};
}

Architecture large(const MobileNetV3Options& options) {
  const int64_t part = options.reduced_tail ? 2 : 1, dilation = options.dilated ? 2 : 1;
  return scaled({{16, 3, 16, 16, false, RE, 1, 1},
                 {16, 3, 64, 24, false, RE, 2, 1},
                 {24, 3, 72, 24, false, RE, 1, 1},
                 {24, 5, 72, 40, true, RE, 2, 1},
                 {40, 5, 120, 40, true, RE, 1, 1},
                 {40, 5, 120, 40, true, RE, 1, 1},
                 {40, 3, 240, 80, false, HS, 2, 1},
                 {80, 3, 200, 80, false, HS, 1, 1},
                 {80, 3, 184, 80, false, HS, 1, 1},
                 {80, 3, 184, 80, false, HS, 1, 1},
                 {80, 3, 480, 112, true, HS, 1, 1},
                 {112, 3, 672, 112, true, HS, 1, 1},
                 {112, 5, 672, 160 / part, true, HS, 2, dilation},
                 {160 / part, 5, 960 / part, 160 / part, true, HS, 1, dilation},
                 {160 / part, 5, 960 / part, 160 / part, true, HS, 1, dilation}},
                1280 / part, options);
}

Architecture small(const MobileNetV3Options& options) {
  const int64_t part = options.reduced_tail ? 2 : 1, dilation = options.dilated ? 2 : 1;
  return scaled({{16, 3, 16, 16, true, RE, 2, 1},
                 {16, 3, 72, 24, false, RE, 2, 1},
                 {24, 3, 88, 24, false, RE, 1, 1},
                 {24, 5, 96, 40, true, HS, 2, 1},
                 {40, 5, 240, 40, true, HS, 1, 1},
                 {40, 5, 240, 40, true, HS, 1, 1},
                 {40, 5, 120, 48, true, HS, 1, 1},
                 {48, 5, 144, 48, true, HS, 1, 1},
                 {48, 5, 288, 96 / part, true, HS, 2, dilation},
                 {96 / part, 5, 576 / part, 96 / part, true, HS, 1, dilation},
                 {96 / part, 5, 576 / part, 96 / part, true, HS, 1, dilation}},
                1024 / part, options);
}

}  // namespace mobilenet_v3_family

MobileNetV3Impl::MobileNetV3Impl(const std::vector<MobileNetV3Block>& blocks, int64_t last_channel,
                                 const MobileNetV3Options& options)
    : ImageClassifier("MobileNetV3") {
  using namespace mobilenet_v3_family;
  using torch::nn::Linear;
  OPSIS_CHECK(!blocks.empty(), "MobileNetV3: blocks must not be empty");
  const auto num_classes = detail::classes("MobileNetV3", options);
  const auto norm = options.norm_layer ? options.norm_layer : ops::batch_norm_2d(0.001, 0.01);
  Sequential layers;
  layers->append(Conv2dNormActivation(options.in_channels, blocks.front().input_channels,
                                      {.stride = 2, .norm_layer = norm, .activation_layer = hardswish}));
  stages_.push_back({0, blocks.front().input_channels});
  for (const auto& block : blocks) {
    if (block.stride > 1) stages_.push_back({layers->size(), block.out_channels});
    layers->append(options.block ? options.block(block, norm) : Layer(InvertedResidual(block, norm)));
  }
  const auto channels = blocks.back().out_channels;
  stages_.push_back({layers->size(), 6 * channels});
  layers->append(
      Conv2dNormActivation(channels, 6 * channels, {.kernel_size = 1, .norm_layer = norm, .activation_layer = hardswish}));
  features = register_module("features", layers);
  avgpool = register_module("avgpool", torch::nn::AdaptiveAvgPool2d(1));
  classifier = register_module(
      "classifier", Sequential(std::vector<Layer>{Linear(6 * channels, last_channel), ops::hardswish(),
                                                  torch::nn::Dropout(torch::nn::DropoutOptions(options.dropout).inplace(true)),
                                                  Linear(last_channel, num_classes)}));
  detail::initialise(*this, detail::kaiming_fan_out, detail::small_normal);
}

torch::Tensor MobileNetV3Impl::forward(torch::Tensor images) {
  return classifier(avgpool(features(std::move(images))).flatten(1));
}

std::pair<std::vector<MobileNetV3Block>, int64_t> detail::mobilenet_v3_large_blocks(const MobileNetV3Options& options) {
  return mobilenet_v3_family::large(options);
}

MobileNetV3 mobilenet_v3_large(std::optional<MobileNet_V3_Large_Weights> weights, MobileNetV3Options options) {
  const auto [blocks, last_channel] = detail::mobilenet_v3_large_blocks(options);
  return detail::build<MobileNetV3>(weights, options, blocks, last_channel);
}

MobileNetV3 mobilenet_v3_small(std::optional<MobileNet_V3_Small_Weights> weights, MobileNetV3Options options) {
  const auto [blocks, last_channel] = mobilenet_v3_family::small(options);
  return detail::build<MobileNetV3>(weights, options, blocks, last_channel);
}

}  // namespace opsis::inline v1::models
