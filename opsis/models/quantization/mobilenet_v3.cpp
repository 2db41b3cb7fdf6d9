#include "opsis/models/quantization/mobilenet_v3.h"

#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/pooling.h>

#include "opsis/models/builders.h"
#include "opsis/models/divisible.h"
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/initialise.h"
#include "opsis/models/quantization/family.h"
#include "opsis/models/quantization/weights_notes.h"
#include "opsis/ops/activation.h"
#include "opsis/ops/norm.h"

namespace opsis::inline v1::models::quantization {
namespace mobilenet_v3_family {

using torch::Tensor;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;

struct UnitOptions {
  int64_t kernel = 1, stride = 1, groups = 1, dilation = 1;
};

// Convolution, norm and, if there is one, activation: "0", "1", "2".
Row unit(int64_t in, int64_t out, const UnitOptions& o, const NormLayer& norm, Layer activation) {
  Row row;
  row->append(Conv2d(Conv2dOptions(in, out, o.kernel)
                         .stride(o.stride)
                         .padding((o.kernel - 1) / 2 * o.dilation)
                         .groups(o.groups)
                         .dilation(o.dilation)
                         .bias(false)));
  row->append(norm(out));
  if (activation) row->append(std::move(activation));
  return row;
}

class QuantizableSqueezeExcitationImpl final : public detail::Block, public hub::Versioned {
 public:
  QuantizableSqueezeExcitationImpl(int64_t channels, int64_t squeezed) : Block("QuantizableSqueezeExcitation") {
    register_module("avgpool", torch::nn::AdaptiveAvgPool2d(1));
    add("fc1", Conv2d(Conv2dOptions(channels, squeezed, 1)));
    add("fc2", Conv2d(Conv2dOptions(squeezed, channels, 1)));
    add("activation", detail::relu());
    add("scale_activation", ops::Hardsigmoid());
    skip_mul_ = register_module("skip_mul", FloatFunctional());
  }

  Tensor forward(Tensor x) {
    auto scale = run("activation", run("fc1", torch::adaptive_avg_pool2d(x, {1, 1})));
    return skip_mul_->mul(run("scale_activation", run("fc2", std::move(scale))), x);
  }

  void fuse_model() { fuse(*this, {"fc1", "activation"}); }

 private:
  FloatFunctional skip_mul_{nullptr};
};
TORCH_MODULE(QuantizableSqueezeExcitation);

class QuantizableInvertedResidualImpl final : public detail::Block {
 public:
  QuantizableInvertedResidualImpl(const MobileNetV3Block& conf, const NormLayer& norm)
      : Block("QuantizableInvertedResidual"), is_residual_(conf.stride == 1 && conf.input_channels == conf.out_channels) {
    OPSIS_CHECK(conf.stride == 1 || conf.stride == 2, "MobileNetV3: strides must be 1 or 2, got {}", conf.stride);
    const auto activation = [&] { return conf.use_hs ? ops::hardswish(/*inplace=*/false) : Layer(detail::relu()); };
    const auto expanded = conf.expanded_channels;
    Row block;
    if (expanded != conf.input_channels) block->append(unit(conf.input_channels, expanded, {}, norm, activation()));
    block->append(unit(
        expanded, expanded,
        {.kernel = conf.kernel, .stride = conf.dilation > 1 ? 1 : conf.stride, .groups = expanded, .dilation = conf.dilation},
        norm, activation()));
    if (conf.use_se) {
      const int64_t quarter = expanded / 4;
      const auto squeezed = models::detail::make_divisible(static_cast<double>(quarter), 8);
      block->append(QuantizableSqueezeExcitation(expanded, squeezed));
    }
    block->append(unit(expanded, conf.out_channels, {}, norm, {}));
    add("block", block);
    skip_add_ = register_module("skip_add", FloatFunctional());
  }

  Tensor forward(Tensor x) {
    auto y = run("block", x);
    return is_residual_ ? skip_add_->add(x, y) : y;
  }

 private:
  FloatFunctional skip_add_{nullptr};
  bool is_residual_;
};
TORCH_MODULE(QuantizableInvertedResidual);

}  // namespace mobilenet_v3_family

QuantizableMobileNetV3Impl::QuantizableMobileNetV3Impl(const std::vector<MobileNetV3Block>& blocks, int64_t last_channel,
                                                       const MobileNetV3Options& options)
    : QuantizableClassifier("QuantizableMobileNetV3") {
  using namespace mobilenet_v3_family;
  using torch::nn::Linear;
  OPSIS_CHECK(!blocks.empty(), "MobileNetV3: blocks must not be empty");
  const auto num_classes = models::detail::classes("MobileNetV3", options);
  detail::refuse_blocks("QuantizableMobileNetV3", static_cast<bool>(options.block));
  const auto norm = options.norm_layer ? options.norm_layer : ops::batch_norm_2d(0.001, 0.01);
  const auto hardswish = [] { return ops::hardswish(/*inplace=*/false); };
  Row features;
  features->append(unit(options.in_channels, blocks.front().input_channels, {.kernel = 3, .stride = 2}, norm, hardswish()));
  for (const auto& block : blocks) features->append(QuantizableInvertedResidual(block, norm));
  const auto channels = blocks.back().out_channels;
  features->append(unit(channels, 6 * channels, {}, norm, hardswish()));
  add("features", features);
  register_module("avgpool", torch::nn::AdaptiveAvgPool2d(1));
  add("classifier", Row(std::vector<Layer>{Linear(6 * channels, last_channel), hardswish(), torch::nn::Dropout(options.dropout),
                                           Linear(last_channel, num_classes)}));
  models::detail::initialise(*this, models::detail::kaiming_fan_out, models::detail::small_normal);
  quant_ = register_module("quant", QuantStub());
  dequant_ = register_module("dequant", DeQuantStub());
}

torch::Tensor QuantizableMobileNetV3Impl::forward(torch::Tensor images) {
  const auto x = run("features", quant_->forward(std::move(images)));
  return dequant_->forward(run("classifier", torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1)));
}

void QuantizableMobileNetV3Impl::fuse_model() {
  for (const auto& module : modules(/*include_self=*/false)) {
    if (auto* block = module->as<mobilenet_v3_family::QuantizableSqueezeExcitationImpl>()) block->fuse_model();
    auto* row = module->as<RowImpl>();
    if (!row || row->slots().size() < 2 || !row->slot("0").module()->as<torch::nn::Conv2dImpl>()) continue;
    const bool relu = row->slots().size() == 3 && row->slot("2").module()->as<torch::nn::ReLUImpl>();
    if (relu) {
      fuse(*row, {"0", "1", "2"});
    } else {
      fuse(*row, {"0", "1"});
    }
  }
}

constinit const MobileNet_V3_Large_QuantizedWeights MobileNet_V3_Large_QuantizedWeights::IMAGENET1K_QNNPACK_V1{{
    .name = "MobileNet_V3_Large_QuantizedWeights.IMAGENET1K_QNNPACK_V1",
    .url = "https://download.pytorch.org/models/quantized/mobilenet_v3_large_qnnpack-5bcacf28.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 5483032,
    .metrics = imagenet_1k(73.004, 90.858),
    .gflops = 0.217,
    .file_size_mb = 21.554,
    .recipe = "https://github.com/pytorch/vision/tree/main/references/classification#qat-mobilenetv3",
    .docs = while_training,
    .backend = "qnnpack",
    .unquantized = &MobileNet_V3_Large_Weights::IMAGENET1K_V1,
}};

QuantizableMobileNetV3 mobilenet_v3_large(std::optional<MobileNet_V3_Large_QuantizedWeights> weights,
                                          QuantizableMobileNetV3Options options) {
  if (weights) detail::settle_sizes(*weights, options);
  const auto [blocks, last_channel] = models::detail::mobilenet_v3_large_blocks(options);
  QuantizableMobileNetV3 model(blocks, last_channel, options);
  if (!options.quantize && !weights) return model;
  // The weights' file has what training left: float layers and their observers.
  model->fuse_model();
  prepare_qat(*model, get_default_qconfig(weights ? weights->backend : options.backend));
  if (weights) detail::load_quantized_weights(*model, *weights);
  convert(*model);
  model->eval();
  return model;
}

QuantizableMobileNetV3 mobilenet_v3_large(std::reference_wrapper<const MobileNet_V3_Large_Weights> weights,
                                          QuantizableMobileNetV3Options options) {
  const auto [blocks, last_channel] = models::detail::mobilenet_v3_large_blocks(options);
  return detail::build_float<QuantizableMobileNetV3>(weights.get(), options, blocks, last_channel);
}

}  // namespace opsis::inline v1::models::quantization
