#include "opsis/models/mobilenet_v2.h"

#include <torch/nn/modules/dropout.h>

#include "opsis/models/builders.h"
#include "opsis/models/divisible.h"
#include "opsis/models/initialise.h"
#include "opsis/ops/conv_norm_activation.h"

namespace opsis::inline v1::models {
namespace mobilenet_v2_family {

using ops::Conv2dNormActivation;
using torch::Tensor;

Layer relu6() { return ops::relu6(); }

class InvertedResidualImpl : public torch::nn::Module {
 public:
  InvertedResidualImpl(int64_t in, int64_t out, int64_t stride, int64_t expand_ratio, const NormLayer& norm)
      : torch::nn::Module("InvertedResidual"), is_residual_(stride == 1 && in == out) {
    OPSIS_CHECK(stride == 1 || stride == 2, "MobileNetV2: strides must be 1 or 2, got {}", stride);
    const auto hidden = in * expand_ratio;
    Sequential layers;
    if (expand_ratio != 1) {
      layers->append(Conv2dNormActivation(in, hidden, {.kernel_size = 1, .norm_layer = norm, .activation_layer = relu6}));
    }
    layers->append(Conv2dNormActivation(hidden, hidden,
                                        {.stride = stride, .groups = hidden, .norm_layer = norm, .activation_layer = relu6}));
    layers->append(torch::nn::Conv2d(torch::nn::Conv2dOptions(hidden, out, 1).bias(false)));
    layers->append(norm(out));
    conv = register_module("conv", layers);
  }

  Tensor forward(Tensor x) { return is_residual_ ? x + conv(x) : conv(x); }

 private:
  Sequential conv{nullptr};
  bool is_residual_;
};
TORCH_MODULE(InvertedResidual);

const std::vector<std::array<int64_t, 4>>& paper() {
  static const std::vector<std::array<int64_t, 4>> setting{{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                                           {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  return setting;
}

}  // namespace mobilenet_v2_family

MobileNetV2Impl::MobileNetV2Impl(const MobileNetV2Options& options) : ImageClassifier("MobileNetV2") {
  using namespace mobilenet_v2_family;
  const auto num_classes = detail::classes("MobileNetV2", options);
  const auto norm = options.norm_layer ? options.norm_layer : ops::batch_norm_2d();
  const auto& setting = options.inverted_residual_setting.empty() ? paper() : options.inverted_residual_setting;
  const auto scaled = [&](int64_t channels, double width) {
    return detail::make_divisible(static_cast<double>(channels) * width, options.round_nearest);
  };
  const auto make_block =
      options.block ? options.block : [](int64_t in, int64_t out, int64_t stride, int64_t expand_ratio, const NormLayer& norm) {
        return Layer(InvertedResidual(in, out, stride, expand_ratio, norm));
      };
  auto channels = scaled(32, options.width_mult);
  const auto last_channels = scaled(1280, std::max(1.0, options.width_mult));

  Sequential layers;
  layers->append(
      Conv2dNormActivation(options.in_channels, channels, {.stride = 2, .norm_layer = norm, .activation_layer = relu6}));
  for (const auto& [expand_ratio, width, repeats, stride] : setting) {
    const auto out = scaled(width, options.width_mult);
    for (int64_t i = 0; i < repeats; ++i) {
      layers->append(make_block(channels, out, i == 0 ? stride : 1, expand_ratio, norm));
      channels = out;
    }
  }
  layers->append(
      Conv2dNormActivation(channels, last_channels, {.kernel_size = 1, .norm_layer = norm, .activation_layer = relu6}));
  features = register_module("features", layers);
  classifier = register_module("classifier", Sequential(std::vector<Layer>{torch::nn::Dropout(options.dropout),
                                                                           torch::nn::Linear(last_channels, num_classes)}));
  detail::initialise(*this, detail::kaiming_fan_out, detail::small_normal);
}

torch::Tensor MobileNetV2Impl::forward(torch::Tensor images) {
  return classifier(torch::adaptive_avg_pool2d(features(std::move(images)), {1, 1}).flatten(1));
}

MobileNetV2 mobilenet_v2(std::optional<MobileNet_V2_Weights> weights, MobileNetV2Options options) {
  return detail::build<MobileNetV2>(weights, options);
}

}  // namespace opsis::inline v1::models
