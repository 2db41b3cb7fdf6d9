#include "opsis/models/regnet.h"

#include <cmath>

#include "opsis/models/builders.h"
#include "opsis/models/divisible.h"
#include "opsis/models/initialise.h"
#include "opsis/ops/conv_norm_activation.h"
#include "opsis/ops/squeeze_excitation.h"

namespace opsis::inline v1::models {
namespace regnet_family {

using ops::Conv2dNormActivation;
using torch::Tensor;

// What the blocks of a network have in common.
struct Style {
  NormLayer norm;
  ActivationLayer activation;
};

// What those of a stage have in common.
struct Stage {
  int64_t width, group_width;
  double bottleneck_multiplier;
  std::optional<double> se_ratio;
};

// Python rounds halves to even.
int64_t rounded(double value) { return static_cast<int64_t>(std::nearbyint(value)); }

Sequential bottleneck(int64_t in, int64_t stride, const Stage& stage, const Style& style) {
  const auto middle = rounded(static_cast<double>(stage.width) * stage.bottleneck_multiplier);
  Sequential layers;
  layers->append("a", Conv2dNormActivation(in, middle,
                                           {.kernel_size = 1, .norm_layer = style.norm, .activation_layer = style.activation}));
  layers->append("b", Conv2dNormActivation(middle, middle,
                                           {.stride = stride,
                                            .groups = middle / stage.group_width,
                                            .norm_layer = style.norm,
                                            .activation_layer = style.activation}));
  if (stage.se_ratio.value_or(0) != 0) {
    const auto squeezed = rounded(*stage.se_ratio * static_cast<double>(in));
    layers->append("se", ops::SqueezeExcitation(middle, squeezed, style.activation));
  }
  layers->append("c", Conv2dNormActivation(middle, stage.width,
                                           {.kernel_size = 1, .norm_layer = style.norm, .activation_layer = nullptr}));
  return layers;
}

class ResBottleneckBlockImpl : public torch::nn::Module {
 public:
  ResBottleneckBlockImpl(int64_t in, int64_t stride, const Stage& stage, const Style& style)
      : torch::nn::Module("ResBottleneckBlock") {
    if (in != stage.width || stride != 1) {
      proj = register_layer(
          *this, "proj",
          Conv2dNormActivation(in, stage.width,
                               {.kernel_size = 1, .stride = stride, .norm_layer = style.norm, .activation_layer = nullptr}));
    }
    f = register_module("f", bottleneck(in, stride, stage, style));
    activation = register_layer(*this, "activation", style.activation());
  }

  Tensor forward(Tensor x) {
    const auto shortcut = proj ? proj(x) : x;
    return activation(shortcut + f(x));
  }

 private:
  Layer proj;
  Sequential f{nullptr};
  Layer activation;
};
TORCH_MODULE(ResBottleneckBlock);

}  // namespace regnet_family

RegNetBlockParams RegNetBlockParams::from_init_params(int64_t depth, int64_t w_0, double w_a, double w_m, int64_t group_width,
                                                      double bottleneck_multiplier, std::optional<double> se_ratio) {
  OPSIS_CHECK(w_a >= 0 && w_0 > 0 && w_m > 1 && w_0 % 8 == 0,
              "RegNet: w_a must be at least 0, w_0 a positive multiple of 8 and w_m above 1, got {}, {} and {}", w_a, w_0, w_m);
  // In tensors, because their float32 roundings decide on widths.
  const auto line = torch::arange(depth, torch::kCPU) * w_a + w_0;
  const auto capacities = torch::round(torch::log(line / w_0) / std::log(w_m));
  const auto widths = (torch::round(w_0 * torch::pow(w_m, capacities) / 8) * 8).to(torch::kInt64);

  RegNetBlockParams params;
  params.se_ratio = se_ratio;
  for (int64_t i = 0; i < depth; ++i) {
    const auto width = widths[i].item<int64_t>();
    if (i == 0 || width != widths[i - 1].item<int64_t>()) {
      params.widths.push_back(width);
      params.depths.push_back(0);
    }
    ++params.depths.back();
  }
  // Widths that the groups divide.
  for (auto& width : params.widths) {
    const auto bottleneck = static_cast<int64_t>(static_cast<double>(width) * bottleneck_multiplier);
    const auto group = std::min(group_width, bottleneck);
    width = static_cast<int64_t>(static_cast<double>(detail::make_divisible(static_cast<double>(bottleneck), group)) /
                                 bottleneck_multiplier);
    params.group_widths.push_back(group);
    params.strides.push_back(2);
    params.bottleneck_multipliers.push_back(bottleneck_multiplier);
  }
  return params;
}

RegNetImpl::RegNetImpl(const RegNetBlockParams& params, const RegNetOptions& options) : ImageClassifier("RegNet") {
  using namespace regnet_family;
  namespace init = torch::nn::init;
  const auto stages = params.widths.size();
  OPSIS_CHECK(params.depths.size() == stages && params.group_widths.size() == stages && params.strides.size() == stages &&
                  params.bottleneck_multipliers.size() == stages,
              "RegNet: depths, widths, group_widths, strides and bottleneck_multipliers must be of the same length");
  const auto num_classes = detail::classes("RegNet", options);
  const Style style{options.norm_layer ? options.norm_layer : ops::batch_norm_2d(),
                    options.activation ? options.activation : [] { return ops::relu(); }};
  stem = register_layer(*this, "stem",
                        Conv2dNormActivation(options.in_channels, options.stem_width,
                                             {.stride = 2, .norm_layer = style.norm, .activation_layer = style.activation}));
  Sequential trunk;
  auto width = options.stem_width;
  for (size_t i = 0; i < stages; ++i) {
    const Stage stage{params.widths[i], params.group_widths[i], params.bottleneck_multipliers[i], params.se_ratio};
    const auto name = "block" + std::to_string(i + 1);
    Sequential blocks;
    for (int64_t j = 0; j < params.depths[i]; ++j) {
      blocks->append(name + "-" + std::to_string(j), ResBottleneckBlock(width, j == 0 ? params.strides[i] : 1, stage, style));
      width = stage.width;
    }
    trunk->append(name, blocks);
  }
  trunk_output = register_module("trunk_output", trunk);
  avgpool = register_module("avgpool", torch::nn::AdaptiveAvgPool2d(1));
  fc = register_module("fc", torch::nn::Linear(width, num_classes));
  detail::initialise(
      *this,
      [](torch::nn::Conv2dImpl& conv) {
        const auto fan_out = conv.weight.size(2) * conv.weight.size(3) * conv.weight.size(0);
        init::normal_(conv.weight, 0, std::sqrt(2.0 / static_cast<double>(fan_out)));
      },
      detail::small_normal);
}

torch::Tensor RegNetImpl::forward(torch::Tensor images) {
  return fc(avgpool(trunk_output(stem(std::move(images)))).flatten(1));
}

RegNet regnet_y_400mf(std::optional<RegNet_Y_400MF_Weights> weights, RegNetOptions options) {
  return detail::build<RegNet>(weights, options, RegNetBlockParams::from_init_params(16, 48, 27.89, 2.09, 8, 1, 0.25));
}

RegNet regnet_y_800mf(std::optional<RegNet_Y_800MF_Weights> weights, RegNetOptions options) {
  return detail::build<RegNet>(weights, options, RegNetBlockParams::from_init_params(14, 56, 38.84, 2.4, 16, 1, 0.25));
}

RegNet regnet_y_1_6gf(std::optional<RegNet_Y_1_6GF_Weights> weights, RegNetOptions options) {
  return detail::build<RegNet>(weights, options, RegNetBlockParams::from_init_params(27, 48, 20.71, 2.65, 24, 1, 0.25));
}

RegNet regnet_y_3_2gf(std::optional<RegNet_Y_3_2GF_Weights> weights, RegNetOptions options) {
  return detail::build<RegNet>(weights, options, RegNetBlockParams::from_init_params(21, 80, 42.63, 2.66, 24, 1, 0.25));
}

RegNet regnet_y_8gf(std::optional<RegNet_Y_8GF_Weights> weights, RegNetOptions options) {
  return detail::build<RegNet>(weights, options, RegNetBlockParams::from_init_params(17, 192, 76.82, 2.19, 56, 1, 0.25));
}

RegNet regnet_y_16gf(std::optional<RegNet_Y_16GF_Weights> weights, RegNetOptions options) {
  return detail::build<RegNet>(weights, options, RegNetBlockParams::from_init_params(18, 200, 106.23, 2.48, 112, 1, 0.25));
}

RegNet regnet_y_32gf(std::optional<RegNet_Y_32GF_Weights> weights, RegNetOptions options) {
  return detail::build<RegNet>(weights, options, RegNetBlockParams::from_init_params(20, 232, 115.89, 2.53, 232, 1, 0.25));
}

RegNet regnet_y_128gf(std::optional<RegNet_Y_128GF_Weights> weights, RegNetOptions options) {
  return detail::build<RegNet>(weights, options, RegNetBlockParams::from_init_params(27, 456, 160.83, 2.52, 264, 1, 0.25));
}

RegNet regnet_x_400mf(std::optional<RegNet_X_400MF_Weights> weights, RegNetOptions options) {
  return detail::build<RegNet>(weights, options, RegNetBlockParams::from_init_params(22, 24, 24.48, 2.54, 16));
}

RegNet regnet_x_800mf(std::optional<RegNet_X_800MF_Weights> weights, RegNetOptions options) {
  return detail::build<RegNet>(weights, options, RegNetBlockParams::from_init_params(16, 56, 35.73, 2.28, 16));
}

RegNet regnet_x_1_6gf(std::optional<RegNet_X_1_6GF_Weights> weights, RegNetOptions options) {
  return detail::build<RegNet>(weights, options, RegNetBlockParams::from_init_params(18, 80, 34.01, 2.25, 24));
}

RegNet regnet_x_3_2gf(std::optional<RegNet_X_3_2GF_Weights> weights, RegNetOptions options) {
  return detail::build<RegNet>(weights, options, RegNetBlockParams::from_init_params(25, 88, 26.31, 2.25, 48));
}

RegNet regnet_x_8gf(std::optional<RegNet_X_8GF_Weights> weights, RegNetOptions options) {
  return detail::build<RegNet>(weights, options, RegNetBlockParams::from_init_params(23, 80, 49.56, 2.88, 120));
}

RegNet regnet_x_16gf(std::optional<RegNet_X_16GF_Weights> weights, RegNetOptions options) {
  return detail::build<RegNet>(weights, options, RegNetBlockParams::from_init_params(22, 216, 55.59, 2.1, 128));
}

RegNet regnet_x_32gf(std::optional<RegNet_X_32GF_Weights> weights, RegNetOptions options) {
  return detail::build<RegNet>(weights, options, RegNetBlockParams::from_init_params(23, 320, 69.86, 2.0, 168));
}

}  // namespace opsis::inline v1::models
