#include "opsis/models/quantization/shufflenet_v2.h"

#include "opsis/models/builders.h"
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/quantization/family.h"
#include "opsis/models/quantization/weights_notes.h"
#include "opsis/models/shufflenet_blocks.h"

namespace opsis::inline v1::models::quantization {
namespace shufflenet_v2_family {

using namespace models::detail::shufflenet;  // NOLINT
using torch::Tensor;
using torch::nn::BatchNorm2d;

class QuantizableInvertedResidualImpl final : public detail::Block {
 public:
  QuantizableInvertedResidualImpl(int64_t in, int64_t out, int64_t stride)
      : Block("QuantizableInvertedResidual"), strided_(stride > 1) {
    const auto half = out / 2;
    if (strided_) {
      for (const auto& layer :
           {depthwise(in, stride), Layer(BatchNorm2d(in)), conv(in, half), Layer(BatchNorm2d(half)), Layer(detail::relu())}) {
        branch1_->append(layer);
      }
    }
    add("branch1", branch1_);
    for (const auto& layer :
         {conv(strided_ ? in : half, half), Layer(BatchNorm2d(half)), Layer(detail::relu()), depthwise(half, stride),
          Layer(BatchNorm2d(half)), conv(half, half), Layer(BatchNorm2d(half)), Layer(detail::relu())}) {
      branch2_->append(layer);
    }
    add("branch2", branch2_);
    cat_ = register_module("cat", FloatFunctional());
  }

  Tensor forward(Tensor x) {
    if (strided_) return shuffled_channels(cat_->cat({branch1_->forward(x), branch2_->forward(x)}, 1), 2);
    const auto halves = x.chunk(2, 1);
    return shuffled_channels(cat_->cat({halves[0], branch2_->forward(halves[1])}, 1), 2);
  }

  void fuse_branches() {
    if (strided_) {
      fuse(*branch1_, {"0", "1"});
      fuse(*branch1_, {"2", "3", "4"});
    }
    fuse(*branch2_, {"0", "1", "2"});
    fuse(*branch2_, {"3", "4"});
    fuse(*branch2_, {"5", "6", "7"});
  }

 private:
  Row branch1_, branch2_;
  FloatFunctional cat_{nullptr};
  bool strided_;
};
TORCH_MODULE(QuantizableInvertedResidual);

Row stage(int64_t in, int64_t out, int64_t repeats) {
  Row blocks;
  blocks->append(QuantizableInvertedResidual(in, out, 2));
  for (int64_t i = 1; i < repeats; ++i) blocks->append(QuantizableInvertedResidual(out, out, 1));
  return blocks;
}

}  // namespace shufflenet_v2_family

QuantizableShuffleNetV2Impl::QuantizableShuffleNetV2Impl(std::array<int64_t, 5> channels, const ShuffleNetV2Options& options)
    : QuantizableClassifier("QuantizableShuffleNetV2") {
  using namespace shufflenet_v2_family;
  const auto num_classes = models::detail::classes("ShuffleNetV2", options);
  detail::refuse_blocks("QuantizableShuffleNetV2", static_cast<bool>(options.inverted_residual));
  const auto [first, second, third, fourth, last] = channels;
  const auto unit = [](Layer conv, int64_t out) {
    return Row(std::vector<Layer>{std::move(conv), BatchNorm2d(out), detail::relu()});
  };
  add("conv1", unit(conv(options.in_channels, first, 3, 2), first));
  add("maxpool", torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(3).stride(2).padding(1)));
  add("stage2", stage(first, second, kRepeats[0]));
  add("stage3", stage(second, third, kRepeats[1]));
  add("stage4", stage(third, fourth, kRepeats[2]));
  add("conv5", unit(conv(fourth, last), last));
  add("fc", torch::nn::Linear(last, num_classes));
  quant_ = register_module("quant", QuantStub());
  dequant_ = register_module("dequant", DeQuantStub());
}

torch::Tensor QuantizableShuffleNetV2Impl::forward(torch::Tensor images) {
  auto x = quant_->forward(std::move(images));
  for (const auto* name : {"conv1", "maxpool", "stage2", "stage3", "stage4", "conv5"}) x = run(name, std::move(x));
  return dequant_->forward(run("fc", x.mean(torch::IntArrayRef{2, 3})));
}

void QuantizableShuffleNetV2Impl::fuse_model() {
  for (const auto* name : {"conv1", "conv5"}) fuse(*slot(name).module()->as<RowImpl>(), {"0", "1", "2"});
  for (const auto& module : modules(/*include_self=*/false)) {
    if (auto* block = module->as<shufflenet_v2_family::QuantizableInvertedResidualImpl>()) block->fuse_branches();
  }
}

constinit const ShuffleNet_V2_X0_5_QuantizedWeights ShuffleNet_V2_X0_5_QuantizedWeights::IMAGENET1K_FBGEMM_V1{{
    .name = "ShuffleNet_V2_X0_5_QuantizedWeights.IMAGENET1K_FBGEMM_V1",
    .url = "https://download.pytorch.org/models/quantized/shufflenetv2_x0.5_fbgemm-00845098.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 1366792,
    .metrics = imagenet_1k(57.972, 79.780),
    .gflops = 0.04,
    .file_size_mb = 1.501,
    .recipe = after_training_recipe,
    .docs = after_training,
    .backend = "fbgemm",
    .unquantized = &ShuffleNet_V2_X0_5_Weights::IMAGENET1K_V1,
}};
constinit const ShuffleNet_V2_X1_0_QuantizedWeights ShuffleNet_V2_X1_0_QuantizedWeights::IMAGENET1K_FBGEMM_V1{{
    .name = "ShuffleNet_V2_X1_0_QuantizedWeights.IMAGENET1K_FBGEMM_V1",
    .url = "https://download.pytorch.org/models/quantized/shufflenetv2_x1_fbgemm-1e62bb32.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 2278604,
    .metrics = imagenet_1k(68.360, 87.582),
    .gflops = 0.145,
    .file_size_mb = 2.334,
    .recipe = after_training_recipe,
    .docs = after_training,
    .backend = "fbgemm",
    .unquantized = &ShuffleNet_V2_X1_0_Weights::IMAGENET1K_V1,
}};
constinit const ShuffleNet_V2_X1_5_QuantizedWeights ShuffleNet_V2_X1_5_QuantizedWeights::IMAGENET1K_FBGEMM_V1{{
    .name = "ShuffleNet_V2_X1_5_QuantizedWeights.IMAGENET1K_FBGEMM_V1",
    .url = "https://download.pytorch.org/models/quantized/shufflenetv2_x1_5_fbgemm-d7401f05.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 3503624,
    .metrics = imagenet_1k(72.052, 90.700),
    .gflops = 0.296,
    .file_size_mb = 3.672,
    .recipe = "https://github.com/pytorch/vision/pull/5906",
    .docs = after_training,
    .backend = "fbgemm",
    .unquantized = &ShuffleNet_V2_X1_5_Weights::IMAGENET1K_V1,
}};
constinit const ShuffleNet_V2_X2_0_QuantizedWeights ShuffleNet_V2_X2_0_QuantizedWeights::IMAGENET1K_FBGEMM_V1{{
    .name = "ShuffleNet_V2_X2_0_QuantizedWeights.IMAGENET1K_FBGEMM_V1",
    .url = "https://download.pytorch.org/models/quantized/shufflenetv2_x2_0_fbgemm-5cac526c.pth",
    .preset = ImageClassificationOptions{.crop_size = 224, .resize_size = 232},
    .categories = kImagenetCategories,
    .num_params = 7393996,
    .metrics = imagenet_1k(75.354, 92.488),
    .gflops = 0.583,
    .file_size_mb = 7.467,
    .recipe = "https://github.com/pytorch/vision/pull/5906",
    .docs = after_training,
    .backend = "fbgemm",
    .unquantized = &ShuffleNet_V2_X2_0_Weights::IMAGENET1K_V1,
}};

QuantizableShuffleNetV2 shufflenet_v2_x0_5(std::optional<ShuffleNet_V2_X0_5_QuantizedWeights> weights,
                                           QuantizableShuffleNetV2Options options) {
  return detail::build<QuantizableShuffleNetV2>(weights, options, shufflenet_v2_family::x0_5);
}
QuantizableShuffleNetV2 shufflenet_v2_x0_5(std::reference_wrapper<const ShuffleNet_V2_X0_5_Weights> weights,
                                           QuantizableShuffleNetV2Options options) {
  return detail::build_float<QuantizableShuffleNetV2>(weights.get(), options, shufflenet_v2_family::x0_5);
}

QuantizableShuffleNetV2 shufflenet_v2_x1_0(std::optional<ShuffleNet_V2_X1_0_QuantizedWeights> weights,
                                           QuantizableShuffleNetV2Options options) {
  return detail::build<QuantizableShuffleNetV2>(weights, options, shufflenet_v2_family::x1_0);
}
QuantizableShuffleNetV2 shufflenet_v2_x1_0(std::reference_wrapper<const ShuffleNet_V2_X1_0_Weights> weights,
                                           QuantizableShuffleNetV2Options options) {
  return detail::build_float<QuantizableShuffleNetV2>(weights.get(), options, shufflenet_v2_family::x1_0);
}

QuantizableShuffleNetV2 shufflenet_v2_x1_5(std::optional<ShuffleNet_V2_X1_5_QuantizedWeights> weights,
                                           QuantizableShuffleNetV2Options options) {
  return detail::build<QuantizableShuffleNetV2>(weights, options, shufflenet_v2_family::x1_5);
}
QuantizableShuffleNetV2 shufflenet_v2_x1_5(std::reference_wrapper<const ShuffleNet_V2_X1_5_Weights> weights,
                                           QuantizableShuffleNetV2Options options) {
  return detail::build_float<QuantizableShuffleNetV2>(weights.get(), options, shufflenet_v2_family::x1_5);
}

QuantizableShuffleNetV2 shufflenet_v2_x2_0(std::optional<ShuffleNet_V2_X2_0_QuantizedWeights> weights,
                                           QuantizableShuffleNetV2Options options) {
  return detail::build<QuantizableShuffleNetV2>(weights, options, shufflenet_v2_family::x2_0);
}
QuantizableShuffleNetV2 shufflenet_v2_x2_0(std::reference_wrapper<const ShuffleNet_V2_X2_0_Weights> weights,
                                           QuantizableShuffleNetV2Options options) {
  return detail::build_float<QuantizableShuffleNetV2>(weights.get(), options, shufflenet_v2_family::x2_0);
}

}  // namespace opsis::inline v1::models::quantization
