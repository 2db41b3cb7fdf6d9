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

// Python rounds halves to even.
int64_t rounded(double value) { return static_cast<int64_t>(std::nearbyint(value)); }

Sequential bottleneck(const RegNetBlock& block) {
  const auto middle = rounded(static_cast<double>(block.width_out) * block.bottleneck_multiplier);
  const auto& norm = block.norm_layer;
  const auto& activation = block.activation_layer;
  Sequential layers;
  layers->append("a", Conv2dNormActivation(block.width_in, middle,
                                           {.kernel_size = 1, .norm_layer = norm, .activation_layer = activation}));
  layers->append(
      "b",
      Conv2dNormActivation(
          middle, middle,
          {.stride = block.stride, .groups = middle / block.group_width, .norm_layer = norm, .activation_layer = activation}));
  if (block.se_ratio.value_or(0) != 0) {
    const auto squeezed = rounded(*block.se_ratio * static_cast<double>(block.width_in));
    layers->append("se", ops::SqueezeExcitation(middle, squeezed, activation));
  }
  layers->append(
      "c", Conv2dNormActivation(middle, block.width_out, {.kernel_size = 1, .norm_layer = norm, .activation_layer = nullptr}));
  return layers;
}

class ResBottleneckBlockImpl : public torch::nn::Module {
 public:
  explicit ResBottleneckBlockImpl(const RegNetBlock& block) : torch::nn::Module("ResBottleneckBlock") {
    if (block.width_in != block.width_out || block.stride != 1) {
      proj = register_layer(
          *this, "proj",
          Conv2dNormActivation(
              block.width_in, block.width_out,
              {.kernel_size = 1, .stride = block.stride, .norm_layer = block.norm_layer, .activation_layer = nullptr}));
    }
    f = register_module("f", bottleneck(block));
    activation = register_layer(*this, "activation", block.activation_layer());
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
    params.bottleneck_multipliers.push_back(bottleneck_multiplier);
    params.strides.push_back(2);
  }
  return params;
}

RegNetImpl::RegNetImpl(const RegNetBlockParams& params, const RegNetOptions& options) : ImageClassifier("RegNet") {
  using namespace regnet_family;
  namespace init = torch::nn::init;
  const auto stages = params.widths.size();
  OPSIS_CHECK(params.depths.size() == stages && params.group_widths.size() == stages &&
                  params.bottleneck_multipliers.size() == stages && params.strides.size() == stages,
              "RegNet: depths, widths, group_widths, bottleneck_multipliers and strides must be of the same length");
  const auto num_classes = detail::classes("RegNet", options);
  const auto norm = options.norm_layer ? options.norm_layer : ops::batch_norm_2d();
  const auto activation = options.activation ? options.activation : [] { return ops::relu(); };
  stem = register_layer(*this, "stem",
                        options.stem_type
                            ? options.stem_type(options.in_channels, options.stem_width, norm, activation)
                            : Layer(Conv2dNormActivation(options.in_channels, options.stem_width,
                                                         {.stride = 2, .norm_layer = norm, .activation_layer = activation})));
  Sequential trunk;
  auto width = options.stem_width;
  for (size_t i = 0; i < stages; ++i) {
    const auto name = "block" + std::to_string(i + 1);
    Sequential blocks;
    for (int64_t j = 0; j < params.depths[i]; ++j) {
      const RegNetBlock block{.width_in = width,
                              .width_out = params.widths[i],
                              .stride = j == 0 ? params.strides[i] : 1,
                              .group_width = params.group_widths[i],
                              .bottleneck_multiplier = params.bottleneck_multipliers[i],
                              .se_ratio = params.se_ratio,
                              .norm_layer = norm,
                              .activation_layer = activation};
      blocks->append(name + "-" + std::to_string(j),
                     options.block_type ? options.block_type(block) : Layer(ResBottleneckBlock(block)));
      width = block.width_out;
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
