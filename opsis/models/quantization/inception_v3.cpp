#include "opsis/models/quantization/inception_v3.h"

#include "opsis/models/builders.h"
#include "opsis/models/imagenet_categories.h"
#include "opsis/models/inception_blocks.h"
#include "opsis/models/initialise.h"
#include "opsis/models/quantization/basic_conv2d.h"
#include "opsis/models/quantization/weights_notes.h"

namespace opsis::inline v1::models::quantization {
namespace inception_family {

using torch::Tensor;
using Extent = torch::ExpandingArray<2>;

// Integer kernels want both sides named.
Tensor avg_pool_3x3(const Tensor& x) { return torch::avg_pool2d(x, {3, 3}, {1, 1}, {1, 1}); }
Tensor max_pool_3x3(const Tensor& x) { return torch::max_pool2d(x, {3, 3}, {2, 2}, {0, 0}, {1, 1}); }

// One convolution of a block.
struct Conv {
  const char* name;
  int64_t in, out;
  Extent kernel = 1, padding = 0;
  int64_t stride = 1;
};

const Extent wide7({1, 7}), tall7({7, 1}), wide3({1, 3}), tall3({3, 1});
const Extent wide7_padding({0, 3}), tall7_padding({3, 0}), wide3_padding({0, 1}), tall3_padding({1, 0});

class QuantizableBlock : public detail::Block {
 public:
  QuantizableBlock(std::string name, const std::vector<Conv>& convs) : Block(std::move(name)) {
    for (const auto& conv : convs) {
      add(conv.name, detail::BasicConv2d(conv.in, conv.out, conv.kernel, conv.padding, conv.stride));
    }
  }

 protected:
  Tensor through(std::initializer_list<const char*> names, Tensor x) const {
    for (const auto* name : names) x = run(name, std::move(x));
    return x;
  }
  FloatFunctional add_functional(const std::string& name) { return register_module(name, FloatFunctional()); }
};

class QuantizableInceptionAImpl final : public QuantizableBlock {
 public:
  QuantizableInceptionAImpl(int64_t in, int64_t pool_features)
      : QuantizableBlock("QuantizableInceptionA", {{"branch1x1", in, 64},
                                                   {"branch5x5_1", in, 48},
                                                   {"branch5x5_2", 48, 64, 5, 2},
                                                   {"branch3x3dbl_1", in, 64},
                                                   {"branch3x3dbl_2", 64, 96, 3, 1},
                                                   {"branch3x3dbl_3", 96, 96, 3, 1},
                                                   {"branch_pool", in, pool_features}}),
        myop(add_functional("myop")) {}

  Tensor forward(Tensor x) {
    const auto first = run("branch1x1", x);
    const auto second = through({"branch5x5_1", "branch5x5_2"}, x);
    const auto third = through({"branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"}, x);
    return myop->cat({first, second, third, run("branch_pool", avg_pool_3x3(x))}, 1);
  }

 private:
  FloatFunctional myop;
};
TORCH_MODULE(QuantizableInceptionA);

class QuantizableInceptionBImpl final : public QuantizableBlock {
 public:
  explicit QuantizableInceptionBImpl(int64_t in)
      : QuantizableBlock("QuantizableInceptionB", {{"branch3x3", in, 384, 3, 0, 2},
                                                   {"branch3x3dbl_1", in, 64},
                                                   {"branch3x3dbl_2", 64, 96, 3, 1},
                                                   {"branch3x3dbl_3", 96, 96, 3, 0, 2}}),
        myop(add_functional("myop")) {}

  Tensor forward(Tensor x) {
    const auto first = run("branch3x3", x);
    const auto second = through({"branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"}, x);
    return myop->cat({first, second, max_pool_3x3(x)}, 1);
  }

 private:
  FloatFunctional myop;
};
TORCH_MODULE(QuantizableInceptionB);

class QuantizableInceptionCImpl final : public QuantizableBlock {
 public:
  QuantizableInceptionCImpl(int64_t in, int64_t c7)
      : QuantizableBlock("QuantizableInceptionC", {{"branch1x1", in, 192},
                                                   {"branch7x7_1", in, c7},
                                                   {"branch7x7_2", c7, c7, wide7, wide7_padding},
                                                   {"branch7x7_3", c7, 192, tall7, tall7_padding},
                                                   {"branch7x7dbl_1", in, c7},
                                                   {"branch7x7dbl_2", c7, c7, tall7, tall7_padding},
                                                   {"branch7x7dbl_3", c7, c7, wide7, wide7_padding},
                                                   {"branch7x7dbl_4", c7, c7, tall7, tall7_padding},
                                                   {"branch7x7dbl_5", c7, 192, wide7, wide7_padding},
                                                   {"branch_pool", in, 192}}),
        myop(add_functional("myop")) {}

  Tensor forward(Tensor x) {
    const auto first = run("branch1x1", x);
    const auto second = through({"branch7x7_1", "branch7x7_2", "branch7x7_3"}, x);
    const auto third = through({"branch7x7dbl_1", "branch7x7dbl_2", "branch7x7dbl_3", "branch7x7dbl_4", "branch7x7dbl_5"}, x);
    return myop->cat({first, second, third, run("branch_pool", avg_pool_3x3(x))}, 1);
  }

 private:
  FloatFunctional myop;
};
TORCH_MODULE(QuantizableInceptionC);

class QuantizableInceptionDImpl final : public QuantizableBlock {
 public:
  explicit QuantizableInceptionDImpl(int64_t in)
      : QuantizableBlock("QuantizableInceptionD", {{"branch3x3_1", in, 192},
                                                   {"branch3x3_2", 192, 320, 3, 0, 2},
                                                   {"branch7x7x3_1", in, 192},
                                                   {"branch7x7x3_2", 192, 192, wide7, wide7_padding},
                                                   {"branch7x7x3_3", 192, 192, tall7, tall7_padding},
                                                   {"branch7x7x3_4", 192, 192, 3, 0, 2}}),
        myop(add_functional("myop")) {}

  Tensor forward(Tensor x) {
    const auto first = through({"branch3x3_1", "branch3x3_2"}, x);
    const auto second = through({"branch7x7x3_1", "branch7x7x3_2", "branch7x7x3_3", "branch7x7x3_4"}, x);
    return myop->cat({first, second, max_pool_3x3(x)}, 1);
  }

 private:
  FloatFunctional myop;
};
TORCH_MODULE(QuantizableInceptionD);

class QuantizableInceptionEImpl final : public QuantizableBlock {
 public:
  explicit QuantizableInceptionEImpl(int64_t in)
      : QuantizableBlock("QuantizableInceptionE", {{"branch1x1", in, 320},
                                                   {"branch3x3_1", in, 384},
                                                   {"branch3x3_2a", 384, 384, wide3, wide3_padding},
                                                   {"branch3x3_2b", 384, 384, tall3, tall3_padding},
                                                   {"branch3x3dbl_1", in, 448},
                                                   {"branch3x3dbl_2", 448, 384, 3, 1},
                                                   {"branch3x3dbl_3a", 384, 384, wide3, wide3_padding},
                                                   {"branch3x3dbl_3b", 384, 384, tall3, tall3_padding},
                                                   {"branch_pool", in, 192}}),
        myop1(add_functional("myop1")),
        myop2(add_functional("myop2")),
        myop3(add_functional("myop3")) {}

  Tensor forward(Tensor x) {
    const auto first = run("branch1x1", x);
    const auto middle = run("branch3x3_1", x);
    const auto second = myop1->cat({run("branch3x3_2a", middle), run("branch3x3_2b", middle)}, 1);
    const auto deep = through({"branch3x3dbl_1", "branch3x3dbl_2"}, x);
    const auto third = myop2->cat({run("branch3x3dbl_3a", deep), run("branch3x3dbl_3b", deep)}, 1);
    return myop3->cat({first, second, third, run("branch_pool", avg_pool_3x3(x))}, 1);
  }

 private:
  FloatFunctional myop1, myop2, myop3;
};
TORCH_MODULE(QuantizableInceptionE);

class QuantizableInceptionAuxImpl final : public QuantizableBlock {
 public:
  QuantizableInceptionAuxImpl(int64_t in, int64_t num_classes)
      : QuantizableBlock("QuantizableInceptionAux", {{"conv0", in, 128}, {"conv1", 128, 768, 5}}) {
    add("fc", torch::nn::Linear(768, num_classes));
  }

  Tensor forward(Tensor x) {
    x = through({"conv0", "conv1"}, torch::avg_pool2d(x, 5, 3));
    return run("fc", torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1));
  }
};
TORCH_MODULE(QuantizableInceptionAux);

// What all weights of the family fix; whether the auxiliary head stays.
bool settle(const Weights& weights, QuantizableInception3Options& options) {
  const bool keep_aux = options.aux_logits.value_or(false);
  if (!options.transform_input) options.transform_input = options.in_channels == 3;
  models::detail::settle(weights.name, "aux_logits", options.aux_logits, true);
  return keep_aux;
}

}  // namespace inception_family

QuantizableInception3Impl::QuantizableInception3Impl(const Inception3Options& options)
    : QuantizableClassifier("QuantizableInception3"),
      transform_input(options.transform_input.value_or(false)),
      aux_(options.aux_logits.value_or(true)) {
  using namespace inception_family;
  using detail::BasicConv2d;
  using torch::nn::MaxPool2d;
  using torch::nn::MaxPool2dOptions;
  const auto num_classes = models::detail::classes("Inception3", options);
  const auto& given = options.inception_blocks;
  detail::refuse_blocks("QuantizableInception3",
                        given.conv || given.a || given.b || given.c || given.d || given.e || given.aux);
  OPSIS_CHECK(!transform_input || options.in_channels == 3, "Inception3: transform_input is for 3 channels, got in_channels {}",
              options.in_channels);
  add("Conv2d_1a_3x3", BasicConv2d(options.in_channels, 32, 3, 0, 2));
  add("Conv2d_2a_3x3", BasicConv2d(32, 32, 3));
  add("Conv2d_2b_3x3", BasicConv2d(32, 64, 3, 1));
  add("maxpool1", MaxPool2d(MaxPool2dOptions(3).stride(2)));
  add("Conv2d_3b_1x1", BasicConv2d(64, 80, 1));
  add("Conv2d_4a_3x3", BasicConv2d(80, 192, 3));
  add("maxpool2", MaxPool2d(MaxPool2dOptions(3).stride(2)));
  add("Mixed_5b", QuantizableInceptionA(192, 32));
  add("Mixed_5c", QuantizableInceptionA(256, 64));
  add("Mixed_5d", QuantizableInceptionA(288, 64));
  add("Mixed_6a", QuantizableInceptionB(288));
  add("Mixed_6b", QuantizableInceptionC(768, 128));
  add("Mixed_6c", QuantizableInceptionC(768, 160));
  add("Mixed_6d", QuantizableInceptionC(768, 160));
  add("Mixed_6e", QuantizableInceptionC(768, 192));
  const torch::nn::Module* aux_head = nullptr;
  if (aux_) {
    const QuantizableInceptionAux aux(768, num_classes);
    aux_head = aux->slot("fc").module().get();
    add("AuxLogits", aux);
  }
  add("Mixed_7a", QuantizableInceptionD(768));
  add("Mixed_7b", QuantizableInceptionE(1280));
  add("Mixed_7c", QuantizableInceptionE(2048));
  add("avgpool", torch::nn::AdaptiveAvgPool2d(1));
  add("dropout", torch::nn::Dropout(options.dropout));
  add("fc", torch::nn::Linear(2048, num_classes));
  quant_ = register_module("quant", QuantStub());
  dequant_ = register_module("dequant", DeQuantStub());
  if (options.init_weights.value_or(true)) {
    models::detail::initialise(
        *this, [](torch::nn::Conv2dImpl& conv) { models::detail::trunc_normal_(conv.weight, 0, 0.1); },
        [&](torch::nn::LinearImpl& linear) {
          models::detail::trunc_normal_(linear.weight, 0, &linear == aux_head ? 0.001 : 0.1);
        });
  }
}

InceptionOutputs QuantizableInception3Impl::outputs(torch::Tensor images) {
  InceptionOutputs out;
  auto x = quant_->forward(transform_input ? models::detail::normalised_by_halves(images) : std::move(images));
  const auto through = [&](std::initializer_list<const char*> names) {
    for (const auto* name : names) x = run(name, std::move(x));
  };
  through({"Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "maxpool1", "Conv2d_3b_1x1", "Conv2d_4a_3x3", "maxpool2"});
  through({"Mixed_5b", "Mixed_5c", "Mixed_5d", "Mixed_6a", "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"});
  if (aux_ && is_training()) out.aux_logits = run("AuxLogits", x);
  through({"Mixed_7a", "Mixed_7b", "Mixed_7c", "avgpool", "dropout"});
  out.logits = dequant_->forward(run("fc", x.flatten(1)));
  return out;
}

torch::Tensor QuantizableInception3Impl::forward(torch::Tensor images) { return outputs(std::move(images)).logits; }

std::vector<std::string> QuantizableInception3Impl::heads() const {
  return aux_ ? std::vector<std::string>{"fc", "AuxLogits.fc"} : std::vector<std::string>{"fc"};
}

void QuantizableInception3Impl::fuse_model() { detail::fuse_convolutions(*this); }

void QuantizableInception3Impl::remove_aux() {
  if (std::exchange(aux_, false)) remove("AuxLogits");
}

constinit const Inception_V3_QuantizedWeights Inception_V3_QuantizedWeights::IMAGENET1K_FBGEMM_V1{{
    .name = "Inception_V3_QuantizedWeights.IMAGENET1K_FBGEMM_V1",
    .url = "https://download.pytorch.org/models/quantized/inception_v3_google_fbgemm-a2837893.pth",
    .preset = ImageClassificationOptions{.crop_size = 299, .resize_size = 342},
    .categories = kImagenetCategories,
    .num_params = 27161264,
    .min_size = {75, 75},
    .metrics = imagenet_1k(77.176, 93.354),
    .gflops = 5.713,
    .file_size_mb = 23.146,
    .recipe = after_training_recipe,
    .docs = after_training,
    .backend = "fbgemm",
    .unquantized = &Inception_V3_Weights::IMAGENET1K_V1,
}};

QuantizableInception3 inception_v3(std::optional<Inception_V3_QuantizedWeights> weights, QuantizableInception3Options options) {
  if (!weights) return detail::build<QuantizableInception3>(weights, options);
  // The checkpoint has no auxiliary head, which is taken off before it is loaded.
  const bool keep_aux = inception_family::settle(*weights, options);
  detail::settle_sizes(*weights, options);
  options.quantize = true;
  options.backend = weights->backend;
  const std::optional<Inception_V3_QuantizedWeights> later;
  auto model = detail::build<QuantizableInception3>(later, options);
  if (!keep_aux) model->remove_aux();
  detail::load_quantized_weights(*model, *weights);
  return model;
}

QuantizableInception3 inception_v3(std::reference_wrapper<const Inception_V3_Weights> weights,
                                   QuantizableInception3Options options) {
  const bool keep_aux = inception_family::settle(weights.get(), options);
  auto model = detail::build_float<QuantizableInception3>(weights.get(), options);
  if (!keep_aux) model->remove_aux();
  return model;
}

}  // namespace opsis::inline v1::models::quantization
