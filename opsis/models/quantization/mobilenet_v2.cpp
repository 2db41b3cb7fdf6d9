#include "opsis/models/quantization/mobilenet_v2.h"

#include <torch/nn/modules/dropout.h>

#include "opsis/models/builders.h"
#include "opsis/models/divisible.h"
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/initialise.h"
#include "opsis/models/quantization/family.h"
#include "opsis/models/quantization/weights_notes.h"
#include "opsis/ops/layer.h"

namespace opsis::inline v1::models::quantization {
namespace mobilenet_v2_family {

using torch::Tensor;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;

// Convolution, norm, ReLU: "0", "1", "2".
Row unit(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t groups, const NormLayer& norm) {
  Row row;
  row->append(Conv2d(Conv2dOptions(in, out, kernel).stride(stride).padding((kernel - 1) / 2).groups(groups).bias(false)));
  row->append(norm(out));
  row->append(detail::relu());
  return row;
}

class QuantizableInvertedResidualImpl final : public detail::Block {
 public:
  QuantizableInvertedResidualImpl(int64_t in, int64_t out, int64_t stride, int64_t expand_ratio, const NormLayer& norm)
      : Block("QuantizableInvertedResidual"), is_residual_(stride == 1 && in == out) {
    OPSIS_CHECK(stride == 1 || stride == 2, "MobileNetV2: strides must be 1 or 2, got {}", stride);
    const auto hidden = in * expand_ratio;
    if (expand_ratio != 1) row_->append(unit(in, hidden, 1, 1, 1, norm));
    row_->append(unit(hidden, hidden, 3, stride, hidden, norm));
    row_->append(Conv2d(Conv2dOptions(hidden, out, 1).bias(false)));
    row_->append(norm(out));
    add("conv", row_);
    skip_add_ = register_module("skip_add", FloatFunctional());
  }

  Tensor forward(Tensor x) { return is_residual_ ? skip_add_->add(x, row_->forward(x)) : row_->forward(x); }

  void fuse_last() {
    const auto count = row_->slots().size();
    fuse(*row_, {std::to_string(count - 2), std::to_string(count - 1)});
  }

 private:
  Row row_;
  FloatFunctional skip_add_{nullptr};
  bool is_residual_;
};
TORCH_MODULE(QuantizableInvertedResidual);

using Setting = std::vector<std::array<int64_t, 4>>;
Setting paper() {
  return {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
}

}  // namespace mobilenet_v2_family

QuantizableMobileNetV2Impl::QuantizableMobileNetV2Impl(const MobileNetV2Options& options)
    : QuantizableClassifier("QuantizableMobileNetV2") {
  using namespace mobilenet_v2_family;
  const auto num_classes = models::detail::classes("MobileNetV2", options);
  detail::refuse_blocks("QuantizableMobileNetV2", static_cast<bool>(options.block));
  const NormLayer norm =
      options.norm_layer ? options.norm_layer : [](int64_t channels) -> Layer { return torch::nn::BatchNorm2d(channels); };
  const auto setting = options.inverted_residual_setting.empty() ? paper() : options.inverted_residual_setting;
  const auto scaled = [&](int64_t channels, double width) {
    return models::detail::make_divisible(static_cast<double>(channels) * width, options.round_nearest);
  };
  auto channels = scaled(32, options.width_mult);
  const auto last_channels = scaled(1280, std::max(1.0, options.width_mult));

  Row features;
  features->append(unit(options.in_channels, channels, 3, 2, 1, norm));
  for (const auto& [expand_ratio, width, repeats, stride] : setting) {
    const auto out = scaled(width, options.width_mult);
    for (int64_t i = 0; i < repeats; ++i) {
      features->append(QuantizableInvertedResidual(channels, out, i == 0 ? stride : 1, expand_ratio, norm));
      channels = out;
    }
  }
  features->append(unit(channels, last_channels, 1, 1, 1, norm));
  add("features", features);
  add("classifier",
      Row(std::vector<Layer>{torch::nn::Dropout(options.dropout), torch::nn::Linear(last_channels, num_classes)}));
  quant_ = register_module("quant", QuantStub());
  dequant_ = register_module("dequant", DeQuantStub());
  models::detail::initialise(*this, models::detail::kaiming_fan_out, models::detail::small_normal);
}

torch::Tensor QuantizableMobileNetV2Impl::forward(torch::Tensor images) {
  const auto x = run("features", quant_->forward(std::move(images)));
  return dequant_->forward(run("classifier", torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1)));
}

void QuantizableMobileNetV2Impl::fuse_model() {
  for (const auto& module : modules(/*include_self=*/false)) {
    if (auto* block = module->as<mobilenet_v2_family::QuantizableInvertedResidualImpl>()) block->fuse_last();
    auto* row = module->as<RowImpl>();
    if (row && row->slots().size() == 3 && row->slot("2").module()->as<torch::nn::ReLU>()) fuse(*row, {"0", "1", "2"});
  }
}

constinit const MobileNet_V2_QuantizedWeights MobileNet_V2_QuantizedWeights::IMAGENET1K_QNNPACK_V1{{
    .name = "MobileNet_V2_QuantizedWeights.IMAGENET1K_QNNPACK_V1",
    .url = "https://download.pytorch.org/models/quantized/mobilenet_v2_qnnpack_37f702c5.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 3504872,
    .metrics = imagenet_1k(71.658, 90.150),
    .gflops = 0.301,
    .file_size_mb = 3.423,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#qat-mobilenetv2",
    .docs = while_training,
    .backend = "qnnpack",
    .unquantized = &MobileNet_V2_Weights::IMAGENET1K_V1,
}};

QuantizableMobileNetV2 mobilenet_v2(std::optional<MobileNet_V2_QuantizedWeights> weights,
                                    QuantizableMobileNetV2Options options) {
  return detail::build<QuantizableMobileNetV2>(weights, options);
}

QuantizableMobileNetV2 mobilenet_v2(std::reference_wrapper<const MobileNet_V2_Weights> weights,
                                    QuantizableMobileNetV2Options options) {
  return detail::build_float<QuantizableMobileNetV2>(weights.get(), options);
}

}  // namespace opsis::inline v1::models::quantization
