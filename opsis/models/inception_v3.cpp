#include "opsis/models/inception_v3.h"

#include "opsis/models/builders.h"
#include "opsis/models/inception_blocks.h"
#include "opsis/models/initialise.h"

namespace opsis::inline v1::models {
namespace inception_family {

using detail::BasicConv2d;
using torch::Tensor;
using Shape = torch::ExpandingArray<2>;

const Shape wide7({1, 7}), wide7_padding({0, 3}), tall7({7, 1}), tall7_padding({3, 0});
const Shape wide3({1, 3}), wide3_padding({0, 1}), tall3({3, 1}), tall3_padding({1, 0});

Tensor avg_pool_3x3(const Tensor& x) { return torch::avg_pool2d(x, 3, 1, 1); }
Tensor max_pool_3x3(const Tensor& x) { return torch::max_pool2d(x, 3, 2); }

// A module that registers its convolutions as they are made.
class Block : public torch::nn::Module {
 public:
  using torch::nn::Module::Module;

 protected:
  BasicConv2d conv(const std::string& name, int64_t in, int64_t out, Shape kernel, Shape padding = 0, int64_t stride = 1) {
    return register_module(name, BasicConv2d(in, out, kernel, padding, stride));
  }
};

class InceptionAImpl : public Block {
 public:
  InceptionAImpl(int64_t in, int64_t pool_features)
      : Block("InceptionA"),
        branch1x1(conv("branch1x1", in, 64, 1)),
        branch5x5_1(conv("branch5x5_1", in, 48, 1)),
        branch5x5_2(conv("branch5x5_2", 48, 64, 5, 2)),
        branch3x3dbl_1(conv("branch3x3dbl_1", in, 64, 1)),
        branch3x3dbl_2(conv("branch3x3dbl_2", 64, 96, 3, 1)),
        branch3x3dbl_3(conv("branch3x3dbl_3", 96, 96, 3, 1)),
        branch_pool(conv("branch_pool", in, pool_features, 1)) {}

  Tensor forward(Tensor x) {
    const auto first = branch1x1(x);
    const auto second = branch5x5_2(branch5x5_1(x));
    const auto third = branch3x3dbl_3(branch3x3dbl_2(branch3x3dbl_1(x)));
    return torch::cat({first, second, third, branch_pool(avg_pool_3x3(x))}, 1);
  }

 private:
  BasicConv2d branch1x1, branch5x5_1, branch5x5_2, branch3x3dbl_1, branch3x3dbl_2, branch3x3dbl_3, branch_pool;
};
TORCH_MODULE(InceptionA);

class InceptionBImpl : public Block {
 public:
  explicit InceptionBImpl(int64_t in)
      : Block("InceptionB"),
        branch3x3(conv("branch3x3", in, 384, 3, 0, 2)),
        branch3x3dbl_1(conv("branch3x3dbl_1", in, 64, 1)),
        branch3x3dbl_2(conv("branch3x3dbl_2", 64, 96, 3, 1)),
        branch3x3dbl_3(conv("branch3x3dbl_3", 96, 96, 3, 0, 2)) {}

  Tensor forward(Tensor x) {
    const auto first = branch3x3(x);
    const auto second = branch3x3dbl_3(branch3x3dbl_2(branch3x3dbl_1(x)));
    return torch::cat({first, second, max_pool_3x3(x)}, 1);
  }

 private:
  BasicConv2d branch3x3, branch3x3dbl_1, branch3x3dbl_2, branch3x3dbl_3;
};
TORCH_MODULE(InceptionB);

class InceptionCImpl : public Block {
 public:
  InceptionCImpl(int64_t in, int64_t c7)
      : Block("InceptionC"),
        branch1x1(conv("branch1x1", in, 192, 1)),
        branch7x7_1(conv("branch7x7_1", in, c7, 1)),
        branch7x7_2(conv("branch7x7_2", c7, c7, wide7, wide7_padding)),
        branch7x7_3(conv("branch7x7_3", c7, 192, tall7, tall7_padding)),
        branch7x7dbl_1(conv("branch7x7dbl_1", in, c7, 1)),
        branch7x7dbl_2(conv("branch7x7dbl_2", c7, c7, tall7, tall7_padding)),
        branch7x7dbl_3(conv("branch7x7dbl_3", c7, c7, wide7, wide7_padding)),
        branch7x7dbl_4(conv("branch7x7dbl_4", c7, c7, tall7, tall7_padding)),
        branch7x7dbl_5(conv("branch7x7dbl_5", c7, 192, wide7, wide7_padding)),
        branch_pool(conv("branch_pool", in, 192, 1)) {}

  Tensor forward(Tensor x) {
    const auto first = branch1x1(x);
    const auto second = branch7x7_3(branch7x7_2(branch7x7_1(x)));
    const auto third = branch7x7dbl_5(branch7x7dbl_4(branch7x7dbl_3(branch7x7dbl_2(branch7x7dbl_1(x)))));
    return torch::cat({first, second, third, branch_pool(avg_pool_3x3(x))}, 1);
  }

 private:
  BasicConv2d branch1x1, branch7x7_1, branch7x7_2, branch7x7_3;
  BasicConv2d branch7x7dbl_1, branch7x7dbl_2, branch7x7dbl_3, branch7x7dbl_4, branch7x7dbl_5, branch_pool;
};
TORCH_MODULE(InceptionC);

class InceptionDImpl : public Block {
 public:
  explicit InceptionDImpl(int64_t in)
      : Block("InceptionD"),
        branch3x3_1(conv("branch3x3_1", in, 192, 1)),
        branch3x3_2(conv("branch3x3_2", 192, 320, 3, 0, 2)),
        branch7x7x3_1(conv("branch7x7x3_1", in, 192, 1)),
        branch7x7x3_2(conv("branch7x7x3_2", 192, 192, wide7, wide7_padding)),
        branch7x7x3_3(conv("branch7x7x3_3", 192, 192, tall7, tall7_padding)),
        branch7x7x3_4(conv("branch7x7x3_4", 192, 192, 3, 0, 2)) {}

  Tensor forward(Tensor x) {
    const auto first = branch3x3_2(branch3x3_1(x));
    const auto second = branch7x7x3_4(branch7x7x3_3(branch7x7x3_2(branch7x7x3_1(x))));
    return torch::cat({first, second, max_pool_3x3(x)}, 1);
  }

 private:
  BasicConv2d branch3x3_1, branch3x3_2, branch7x7x3_1, branch7x7x3_2, branch7x7x3_3, branch7x7x3_4;
};
TORCH_MODULE(InceptionD);

class InceptionEImpl : public Block {
 public:
  explicit InceptionEImpl(int64_t in)
      : Block("InceptionE"),
        branch1x1(conv("branch1x1", in, 320, 1)),
        branch3x3_1(conv("branch3x3_1", in, 384, 1)),
        branch3x3_2a(conv("branch3x3_2a", 384, 384, wide3, wide3_padding)),
        branch3x3_2b(conv("branch3x3_2b", 384, 384, tall3, tall3_padding)),
        branch3x3dbl_1(conv("branch3x3dbl_1", in, 448, 1)),
        branch3x3dbl_2(conv("branch3x3dbl_2", 448, 384, 3, 1)),
        branch3x3dbl_3a(conv("branch3x3dbl_3a", 384, 384, wide3, wide3_padding)),
        branch3x3dbl_3b(conv("branch3x3dbl_3b", 384, 384, tall3, tall3_padding)),
        branch_pool(conv("branch_pool", in, 192, 1)) {}

  Tensor forward(Tensor x) {
    const auto first = branch1x1(x);
    const auto middle = branch3x3_1(x);
    const auto second = torch::cat({branch3x3_2a(middle), branch3x3_2b(middle)}, 1);
    const auto deep = branch3x3dbl_2(branch3x3dbl_1(x));
    const auto third = torch::cat({branch3x3dbl_3a(deep), branch3x3dbl_3b(deep)}, 1);
    return torch::cat({first, second, third, branch_pool(avg_pool_3x3(x))}, 1);
  }

 private:
  BasicConv2d branch1x1, branch3x3_1, branch3x3_2a, branch3x3_2b;
  BasicConv2d branch3x3dbl_1, branch3x3dbl_2, branch3x3dbl_3a, branch3x3dbl_3b, branch_pool;
};
TORCH_MODULE(InceptionE);

class AuxImpl : public Block {
 public:
  AuxImpl(int64_t in, int64_t num_classes)
      : Block("InceptionAux"),
        conv0(conv("conv0", in, 128, 1)),
        conv1(conv("conv1", 128, 768, 5)),
        fc(register_module("fc", torch::nn::Linear(768, num_classes))) {}

  Tensor forward(Tensor x) {
    x = conv1(conv0(torch::avg_pool2d(x, 5, 3)));
    return fc(torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1));
  }

  BasicConv2d conv0, conv1;
  Observed<torch::nn::Linear> fc;
};
TORCH_MODULE(Aux);

}  // namespace inception_family

Inception3Impl::Inception3Impl(const Inception3Options& options)
    : ImageClassifier("Inception3"), transform_input(options.transform_input.value_or(false)) {
  using namespace inception_family;
  using torch::nn::Conv2dOptions;
  using torch::nn::MaxPool2d;
  using torch::nn::MaxPool2dOptions;
  const auto num_classes = detail::classes("Inception3", options);
  OPSIS_CHECK(!transform_input || options.in_channels == 3, "Inception3: transform_input is for 3 channels, got in_channels {}",
              options.in_channels);
  const auto& given = options.inception_blocks;
  const auto conv = [&](const std::string& name, const Conv2dOptions& size) {
    return register_layer(*this, name, given.conv ? given.conv(size) : detail::basic_conv_2d(size));
  };
  const auto a = [&](const std::string& name, int64_t in, int64_t pool_features) {
    return register_layer(*this, name, given.a ? given.a(in, pool_features) : Layer(InceptionA(in, pool_features)));
  };
  const auto b = [&](const std::string& name, int64_t in) {
    return register_layer(*this, name, given.b ? given.b(in) : Layer(InceptionB(in)));
  };
  const auto c = [&](const std::string& name, int64_t in, int64_t channels_7x7) {
    return register_layer(*this, name, given.c ? given.c(in, channels_7x7) : Layer(InceptionC(in, channels_7x7)));
  };
  const auto d = [&](const std::string& name, int64_t in) {
    return register_layer(*this, name, given.d ? given.d(in) : Layer(InceptionD(in)));
  };
  const auto e = [&](const std::string& name, int64_t in) {
    return register_layer(*this, name, given.e ? given.e(in) : Layer(InceptionE(in)));
  };
  Conv2d_1a_3x3 = conv("Conv2d_1a_3x3", Conv2dOptions(options.in_channels, 32, 3).stride(2));
  Conv2d_2a_3x3 = conv("Conv2d_2a_3x3", Conv2dOptions(32, 32, 3));
  Conv2d_2b_3x3 = conv("Conv2d_2b_3x3", Conv2dOptions(32, 64, 3).padding(1));
  maxpool1 = register_module("maxpool1", MaxPool2d(MaxPool2dOptions(3).stride(2)));
  Conv2d_3b_1x1 = conv("Conv2d_3b_1x1", Conv2dOptions(64, 80, 1));
  Conv2d_4a_3x3 = conv("Conv2d_4a_3x3", Conv2dOptions(80, 192, 3));
  maxpool2 = register_module("maxpool2", MaxPool2d(MaxPool2dOptions(3).stride(2)));
  Mixed_5b = a("Mixed_5b", 192, 32);
  Mixed_5c = a("Mixed_5c", 256, 64);
  Mixed_5d = a("Mixed_5d", 288, 64);
  Mixed_6a = b("Mixed_6a", 288);
  Mixed_6b = c("Mixed_6b", 768, 128);
  Mixed_6c = c("Mixed_6c", 768, 160);
  Mixed_6d = c("Mixed_6d", 768, 160);
  Mixed_6e = c("Mixed_6e", 768, 192);
  if (options.aux_logits.value_or(true)) {
    AuxLogits = register_layer(*this, "AuxLogits", given.aux ? given.aux(768, num_classes) : Layer(Aux(768, num_classes)));
  }
  Mixed_7a = d("Mixed_7a", 768);
  Mixed_7b = e("Mixed_7b", 1280);
  Mixed_7c = e("Mixed_7c", 2048);
  avgpool = register_module("avgpool", torch::nn::AdaptiveAvgPool2d(1));
  dropout = register_module("dropout", torch::nn::Dropout(options.dropout));
  fc = register_module("fc", torch::nn::Linear(2048, num_classes));
  if (options.init_weights.value_or(true)) {
    // Convolutions by 0.1 except for the auxiliary head's linear layer; torchvision marks its BasicConv2d too, which has no effect.
    const auto* aux = AuxLogits ? AuxLogits.module()->as<AuxImpl>() : nullptr;
    detail::initialise(
        *this, [](torch::nn::Conv2dImpl& conv) { detail::trunc_normal_(conv.weight, 0, 0.1); },
        [&](torch::nn::LinearImpl& linear) {
          detail::trunc_normal_(linear.weight, 0, aux && &linear == aux->fc.get() ? 0.001 : 0.1);
        });
  }
}

InceptionOutputs Inception3Impl::outputs(torch::Tensor images) {
  InceptionOutputs out;
  auto x = transform_input ? detail::normalised_by_halves(images) : std::move(images);
  x = maxpool1(Conv2d_2b_3x3(Conv2d_2a_3x3(Conv2d_1a_3x3(x))));
  x = maxpool2(Conv2d_4a_3x3(Conv2d_3b_1x1(x)));
  x = Mixed_5d(Mixed_5c(Mixed_5b(x)));
  x = Mixed_6e(Mixed_6d(Mixed_6c(Mixed_6b(Mixed_6a(x)))));
  if (AuxLogits && is_training()) out.aux_logits = AuxLogits(x);
  x = Mixed_7c(Mixed_7b(Mixed_7a(x)));
  out.logits = fc(dropout(avgpool(x)).flatten(1));
  return out;
}

std::vector<std::string> Inception3Impl::heads() const {
  if (!AuxLogits) return {"fc"};
  return {"fc", AuxLogits.module()->as<inception_family::AuxImpl>() ? "AuxLogits.fc" : "AuxLogits"};
}

torch::Tensor Inception3Impl::forward(torch::Tensor images) { return outputs(std::move(images)).logits; }

void Inception3Impl::remove_aux() {
  if (!AuxLogits) return;
  unregister_module("AuxLogits");
  AuxLogits = Layer();
}

Inception3 inception_v3(std::optional<Inception_V3_Weights> weights, Inception3Options options) {
  if (weights) {
    if (!options.transform_input) options.transform_input = options.in_channels == 3;
    detail::settle(weights->name, "aux_logits", options.aux_logits, true);
    if (!detail::wants_new_head(*weights, options.num_classes)) {
      detail::settle(weights->name, "init_weights", options.init_weights, false);
    }
  }
  return detail::build<Inception3>(weights, options);
}

}  // namespace opsis::inline v1::models
