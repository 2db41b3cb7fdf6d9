#include "opsis/models/quantization/googlenet.h"

#include "opsis/models/builders.h"
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/inception_blocks.h"
#include "opsis/models/initialise.h"
#include "opsis/models/quantization/basic_conv2d.h"
#include "opsis/models/quantization/weights_notes.h"

namespace opsis::inline v1::models::quantization {
namespace googlenet_family {

using torch::Tensor;
using torch::nn::MaxPool2d;
using torch::nn::MaxPool2dOptions;

class QuantizableInceptionImpl final : public detail::Block {
 public:
  QuantizableInceptionImpl(int64_t in, int64_t out_1x1, int64_t reduced_3x3, int64_t out_3x3, int64_t reduced_5x5,
                           int64_t out_5x5, int64_t out_pool)
      : Block("QuantizableInception") {
    add("branch1", detail::BasicConv2d(in, out_1x1, 1));
    add("branch2",
        in_a_row(detail::BasicConv2d(in, reduced_3x3, 1), [&] { return detail::BasicConv2d(reduced_3x3, out_3x3, 3, 1); }));
    add("branch3",
        in_a_row(detail::BasicConv2d(in, reduced_5x5, 1), [&] { return detail::BasicConv2d(reduced_5x5, out_5x5, 3, 1); }));
    add("branch4", in_a_row(MaxPool2d(MaxPool2dOptions(3).stride(1).padding(1).ceil_mode(true)),
                            [&] { return detail::BasicConv2d(in, out_pool, 1); }));
    cat_ = register_module("cat", FloatFunctional());
  }

  Tensor forward(Tensor x) {
    const auto first = run("branch1", x), second = run("branch2", x), third = run("branch3", x), fourth = run("branch4", x);
    return cat_->cat({first, second, third, fourth}, 1);
  }

 private:
  template <class Second>
  static Row in_a_row(Layer first, Second second) {
    Row row;
    row->append(std::move(first));
    row->append(second());
    return row;
  }

  FloatFunctional cat_{nullptr};
};
TORCH_MODULE(QuantizableInception);

class QuantizableInceptionAuxImpl final : public detail::Block {
 public:
  QuantizableInceptionAuxImpl(int64_t in, int64_t num_classes, double dropout) : Block("QuantizableInceptionAux") {
    add("conv", detail::BasicConv2d(in, 128, 1));
    add("fc1", torch::nn::Linear(2048, 1024));
    add("fc2", torch::nn::Linear(1024, num_classes));
    add("dropout", torch::nn::Dropout(dropout));
    add("relu", detail::relu());
  }

  Tensor forward(Tensor x) {
    x = run("conv", torch::adaptive_avg_pool2d(x, {4, 4})).flatten(1);
    return run("fc2", run("dropout", run("relu", run("fc1", x))));
  }
};
TORCH_MODULE(QuantizableInceptionAux);

MaxPool2d halve(int64_t kernel = 3) { return MaxPool2d(MaxPool2dOptions(kernel).stride(2).ceil_mode(true)); }

}  // namespace googlenet_family

QuantizableGoogLeNetImpl::QuantizableGoogLeNetImpl(const GoogLeNetOptions& options)
    : QuantizableClassifier("QuantizableGoogLeNet"),
      transform_input(options.transform_input.value_or(false)),
      aux_(options.aux_logits.value_or(true)) {
  using detail::BasicConv2d;
  using googlenet_family::halve;
  using Inception = googlenet_family::QuantizableInception;
  using Aux = googlenet_family::QuantizableInceptionAux;
  const auto num_classes = models::detail::classes("GoogLeNet", options);
  detail::refuse_blocks("QuantizableGoogLeNet", options.blocks.conv || options.blocks.inception || options.blocks.aux);
  OPSIS_CHECK(!transform_input || options.in_channels == 3, "GoogLeNet: transform_input is for 3 channels, got in_channels {}",
              options.in_channels);
  add("conv1", BasicConv2d(options.in_channels, 64, 7, 3, 2));
  add("maxpool1", halve());
  add("conv2", BasicConv2d(64, 64, 1));
  add("conv3", BasicConv2d(64, 192, 3, 1));
  add("maxpool2", halve());
  add("inception3a", Inception(192, 64, 96, 128, 16, 32, 32));
  add("inception3b", Inception(256, 128, 128, 192, 32, 96, 64));
  add("maxpool3", halve());
  add("inception4a", Inception(480, 192, 96, 208, 16, 48, 64));
  add("inception4b", Inception(512, 160, 112, 224, 24, 64, 64));
  add("inception4c", Inception(512, 128, 128, 256, 24, 64, 64));
  add("inception4d", Inception(512, 112, 144, 288, 32, 64, 64));
  add("inception4e", Inception(528, 256, 160, 320, 32, 128, 128));
  add("maxpool4", halve(2));
  add("inception5a", Inception(832, 256, 160, 320, 32, 128, 128));
  add("inception5b", Inception(832, 384, 192, 384, 48, 128, 128));
  if (aux_) {
    add("aux1", Aux(512, num_classes, options.dropout_aux));
    add("aux2", Aux(528, num_classes, options.dropout_aux));
  }
  add("avgpool", torch::nn::AdaptiveAvgPool2d(1));
  add("dropout", torch::nn::Dropout(options.dropout));
  add("fc", torch::nn::Linear(1024, num_classes));
  quant_ = register_module("quant", QuantStub());
  dequant_ = register_module("dequant", DeQuantStub());
  if (options.init_weights.value_or(true)) {
    models::detail::initialise(
        *this, [](torch::nn::Conv2dImpl& conv) { models::detail::trunc_normal_(conv.weight, 0, 0.01); },
        [](torch::nn::LinearImpl& linear) { models::detail::trunc_normal_(linear.weight, 0, 0.01); });
  }
}

GoogLeNetOutputs QuantizableGoogLeNetImpl::outputs(torch::Tensor images) {
  GoogLeNetOutputs out;
  auto x = quant_->forward(transform_input ? models::detail::normalised_by_halves(images) : std::move(images));
  const auto through = [&](std::initializer_list<const char*> names) {
    for (const auto* name : names) x = run(name, std::move(x));
  };
  through({"conv1", "maxpool1", "conv2", "conv3", "maxpool2", "inception3a", "inception3b", "maxpool3", "inception4a"});
  if (aux_ && is_training()) out.aux_logits1 = run("aux1", x);
  through({"inception4b", "inception4c", "inception4d"});
  if (aux_ && is_training()) out.aux_logits2 = run("aux2", x);
  through({"inception4e", "maxpool4", "inception5a", "inception5b", "avgpool"});
  x = x.flatten(1);
  through({"dropout", "fc"});
  out.logits = dequant_->forward(x);
  return out;
}

torch::Tensor QuantizableGoogLeNetImpl::forward(torch::Tensor images) { return outputs(std::move(images)).logits; }

std::vector<std::string> QuantizableGoogLeNetImpl::heads() const {
  return aux_ ? std::vector<std::string>{"fc", "aux1.fc2", "aux2.fc2"} : std::vector<std::string>{"fc"};
}

void QuantizableGoogLeNetImpl::fuse_model() { detail::fuse_convolutions(*this); }

void QuantizableGoogLeNetImpl::remove_aux() {
  if (!std::exchange(aux_, false)) return;
  remove("aux1");
  remove("aux2");
}

constinit const GoogLeNet_QuantizedWeights GoogLeNet_QuantizedWeights::IMAGENET1K_FBGEMM_V1{{
    .name = "GoogLeNet_QuantizedWeights.IMAGENET1K_FBGEMM_V1",
    .url = "https://download.pytorch.org/models/quantized/googlenet_fbgemm-c81f6644.pth",
    .preset = ImageClassificationOptions{.crop_size = 224},
    .categories = kImagenetCategories,
    .num_params = 6624904,
    .min_size = {15, 15},
    .metrics = imagenet_1k(69.826, 89.404),
    .gflops = 1.498,
    .file_size_mb = 12.618,
    .recipe = after_training_recipe,
    .docs = after_training,
    .backend = "fbgemm",
    .unquantized = &GoogLeNet_Weights::IMAGENET1K_V1,
}};

namespace googlenet_family {

// What all weights of the family fix; whether the auxiliary heads stay.
bool settle(const Weights& weights, QuantizableGoogLeNetOptions& options) {
  const bool keep_aux = options.aux_logits.value_or(false);
  if (!options.transform_input) options.transform_input = options.in_channels == 3;
  models::detail::settle(weights.name, "aux_logits", options.aux_logits, true);
  if (!models::detail::wants_new_head(weights, options.num_classes)) {
    models::detail::settle(weights.name, "init_weights", options.init_weights, false);
  }
  return keep_aux;
}

}  // namespace googlenet_family

QuantizableGoogLeNet googlenet(std::optional<GoogLeNet_QuantizedWeights> weights, QuantizableGoogLeNetOptions options) {
  const bool keep_aux = weights ? googlenet_family::settle(*weights, options) : true;
  auto model = detail::build<QuantizableGoogLeNet>(weights, options);
  if (!keep_aux) model->remove_aux();
  return model;
}

QuantizableGoogLeNet googlenet(std::reference_wrapper<const GoogLeNet_Weights> weights, QuantizableGoogLeNetOptions options) {
  const bool keep_aux = googlenet_family::settle(weights.get(), options);
  auto model = detail::build_float<QuantizableGoogLeNet>(weights.get(), options);
  if (!keep_aux) model->remove_aux();
  return model;
}

}  // namespace opsis::inline v1::models::quantization
