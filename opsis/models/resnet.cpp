#include "opsis/models/resnet.h"

#include <torch/nn/init.h>
#include <torch/nn/modules/normalization.h>

#include "opsis/core/check.h"
#include "opsis/models/builders.h"

namespace opsis::inline v1::models {
namespace resnet {

using torch::Tensor;
using torch::nn::BatchNorm2d;
using Conv2d = Observed<torch::nn::Conv2d>;
using torch::nn::Conv2dOptions;
using ReLU = Observed<torch::nn::ReLU>;
using torch::nn::ReLUOptions;

// Submodules are made and registered in torchvision's order: it is the order of the draws and of the state_dict.

Conv2d conv3x3(int64_t in, int64_t out, int64_t stride = 1, int64_t groups = 1, int64_t dilation = 1) {
  return Conv2d(Conv2dOptions(in, out, 3).stride(stride).padding(dilation).groups(groups).bias(false).dilation(dilation));
}

Conv2d conv7x7(int64_t in, int64_t out, int64_t stride) {
  return Conv2d(Conv2dOptions(in, out, 7).stride(stride).padding(3).bias(false));
}

Conv2d conv1x1(int64_t in, int64_t out, int64_t stride = 1) {
  return Conv2d(Conv2dOptions(in, out, 1).stride(stride).bias(false));
}

ReLU inplace_relu() { return ReLU(ReLUOptions(/*inplace=*/true)); }

Layer batch_norm(int64_t channels) { return BatchNorm2d(channels); }

using Shape = ResNetBlockShape;

class Block : public torch::nn::Module {
 public:
  using torch::nn::Module::Module;
  virtual Tensor forward(Tensor x) = 0;
  virtual torch::nn::Module& last_norm() = 0;  // that of the residual branch, for zero_init_residual
};

class BasicBlockImpl final : public Block {
 public:
  static constexpr int64_t expansion = 1;

  explicit BasicBlockImpl(const Shape& shape)
      : Block("BasicBlock"),
        conv1(register_module("conv1", conv3x3(shape.in, shape.planes, shape.stride))),
        bn1(register_layer(*this, "bn1", shape.norm_layer(shape.planes))),
        relu(register_module("relu", inplace_relu())),
        conv2(register_module("conv2", conv3x3(shape.planes, shape.planes))),
        bn2(register_layer(*this, "bn2", shape.norm_layer(shape.planes))),
        downsample(shape.downsample) {
    OPSIS_CHECK(shape.groups == 1 && shape.base_width == 64,
                "ResNet: basic blocks have groups 1 and width_per_group 64, got {} and {}", shape.groups, shape.base_width);
    OPSIS_CHECK(shape.dilation == 1, "ResNet: basic blocks cannot be dilated; leave replace_stride_with_dilation out");
    if (downsample) register_layer(*this, "downsample", downsample);
  }

  Tensor forward(Tensor x) override {
    auto out = relu(bn1(conv1(x)));
    out = bn2(conv2(out));
    out += downsample ? downsample(x) : x;
    return relu(out);
  }

  torch::nn::Module& last_norm() override { return *bn2.module(); }

 private:
  Conv2d conv1;
  Layer bn1;
  ReLU relu;
  Conv2d conv2;
  Layer bn2;
  Layer downsample;
};
TORCH_MODULE(BasicBlock);

// The stride is in the 3x3 convolution and not in the first 1x1 as in the paper: "ResNet V1.5", which is more accurate.
class BottleneckImpl final : public Block {
 public:
  static constexpr int64_t expansion = 4;

  explicit BottleneckImpl(const Shape& shape) : BottleneckImpl(shape, width_of(shape)) {}

  Tensor forward(Tensor x) override {
    auto out = relu(bn1(conv1(x)));
    out = relu(bn2(conv2(out)));
    out = bn3(conv3(out));
    out += downsample ? downsample(x) : x;
    return relu(out);
  }

  torch::nn::Module& last_norm() override { return *bn3.module(); }

 private:
  static int64_t width_of(const Shape& shape) {
    return static_cast<int64_t>(shape.planes * (shape.base_width / 64.0)) * shape.groups;
  }

  BottleneckImpl(const Shape& shape, int64_t width)
      : Block("Bottleneck"),
        conv1(register_module("conv1", conv1x1(shape.in, width))),
        bn1(register_layer(*this, "bn1", shape.norm_layer(width))),
        conv2(register_module("conv2", conv3x3(width, width, shape.stride, shape.groups, shape.dilation))),
        bn2(register_layer(*this, "bn2", shape.norm_layer(width))),
        conv3(register_module("conv3", conv1x1(width, shape.planes * expansion))),
        bn3(register_layer(*this, "bn3", shape.norm_layer(shape.planes * expansion))),
        relu(register_module("relu", inplace_relu())),
        downsample(shape.downsample) {
    if (downsample) register_layer(*this, "downsample", downsample);
  }

  Conv2d conv1;
  Layer bn1;
  Conv2d conv2;
  Layer bn2;
  Conv2d conv3;
  Layer bn3;
  ReLU relu;
  Layer downsample;
};
TORCH_MODULE(Bottleneck);

const ResNetBlockType& type_of(ResNetBlock block) {
  static const ResNetBlockType basic{BasicBlockImpl::expansion, [](const Shape& shape) { return BasicBlock(shape); }};
  static const ResNetBlockType bottleneck{BottleneckImpl::expansion, [](const Shape& shape) { return Bottleneck(shape); }};
  return block == ResNetBlock::BASIC ? basic : bottleneck;
}

// Makes layer1 to layer4; the channels and the dilation reached so far carry over from one to the next.
class Layers {
 public:
  Layers(const ResNetBlockType& block, int64_t groups, int64_t base_width, NormLayer norm)
      : block_(block), groups_(groups), base_width_(base_width), norm_(std::move(norm)) {}

  int64_t channels() const { return in_; }

  Sequential next(int64_t planes, int64_t depth, int64_t stride, bool dilate = false) {
    const auto previous_dilation = dilation_;
    if (dilate) dilation_ *= std::exchange(stride, 1);

    const auto out = planes * block_.expansion;
    Layer downsample;
    if (stride != 1 || in_ != out) {
      auto conv = conv1x1(in_, out, stride);
      downsample = Sequential(std::vector<Layer>{conv, norm_(out)});
    }
    Sequential layer;
    layer->append(make(planes, stride, previous_dilation, downsample));
    in_ = out;
    for (int64_t i = 1; i < depth; ++i) layer->append(make(planes, 1, dilation_, {}));
    return layer;
  }

 private:
  Layer make(int64_t planes, int64_t stride, int64_t dilation, Layer downsample) const {
    return block_.make({.in = in_,
                        .planes = planes,
                        .stride = stride,
                        .dilation = dilation,
                        .groups = groups_,
                        .base_width = base_width_,
                        .downsample = std::move(downsample),
                        .norm_layer = norm_});
  }

  const ResNetBlockType& block_;
  int64_t groups_, base_width_;
  NormLayer norm_;
  int64_t in_ = 64;
  int64_t dilation_ = 1;
};

Tensor parameter(const torch::nn::Module& module, const std::string& name) {
  const auto own = module.named_parameters(/*recurse=*/false);
  const auto* found = own.find(name);
  return found ? *found : Tensor();
}

void initialise(torch::nn::Module& model, bool zero_init_residual) {
  namespace init = torch::nn::init;
  const auto modules = model.modules(/*include_self=*/false);  // it is not in a shared_ptr yet
  for (const auto& module : modules) {
    if (auto* conv = module->as<Conv2d>()) {
      init::kaiming_normal_(conv->weight, 0, torch::kFanOut, torch::kReLU);
    } else if (module->as<BatchNorm2d>() || module->as<torch::nn::GroupNorm>()) {
      if (const auto weight = parameter(*module, "weight"); weight.defined()) init::ones_(weight);
      if (const auto bias = parameter(*module, "bias"); bias.defined()) init::zeros_(bias);
    }
  }
  if (!zero_init_residual) return;
  for (const auto& module : modules) {
    if (auto* block = dynamic_cast<Block*>(module.get())) {
      if (const auto weight = parameter(block->last_norm(), "weight"); weight.defined()) init::zeros_(weight);
    }
  }
}

using Depths = std::array<int64_t, 4>;

template <class W>
ResNet build(ResNetBlock block, Depths depths, const std::optional<W>& weights, ResNetOptions& options) {
  return detail::build<ResNet>(weights, options, block, depths);
}

}  // namespace resnet

ResNetImpl::ResNetImpl(ResNetBlock block, std::array<int64_t, 4> depths, const ResNetOptions& options)
    : ResNetImpl(resnet::type_of(block), depths, options) {}

ResNetImpl::ResNetImpl(const ResNetBlockType& block, std::array<int64_t, 4> depths, const ResNetOptions& options)
    : ImageClassifier("ResNet") {
  OPSIS_CHECK(block.make && block.expansion > 0, "ResNet: a block type needs a positive expansion and a maker");
  const auto num_classes = detail::classes("ResNet", options);
  const NormLayer norm = options.norm_layer ? options.norm_layer : resnet::batch_norm;
  const auto [dilate2, dilate3, dilate4] = options.replace_stride_with_dilation;
  resnet::Layers layers(block, options.groups.value_or(1), options.width_per_group.value_or(64), norm);

  conv1 = register_module("conv1", resnet::conv7x7(options.in_channels, 64, 2));
  bn1 = register_layer(*this, "bn1", norm(64));
  relu = register_module("relu", resnet::inplace_relu());
  maxpool = register_module("maxpool", torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(3).stride(2).padding(1)));
  layer1 = register_module("layer1", layers.next(64, depths[0], 1));
  layer2 = register_module("layer2", layers.next(128, depths[1], 2, dilate2));
  layer3 = register_module("layer3", layers.next(256, depths[2], 2, dilate3));
  layer4 = register_module("layer4", layers.next(512, depths[3], 2, dilate4));
  avgpool = register_module("avgpool", torch::nn::AdaptiveAvgPool2d(1));
  fc = register_module("fc", torch::nn::Linear(layers.channels(), num_classes));

  resnet::initialise(*this, options.zero_init_residual);
}

torch::Tensor ResNetImpl::forward(torch::Tensor images) {
  auto x = maxpool(relu(bn1(conv1(images))));
  x = layer1(std::move(x));
  x = layer2(std::move(x));
  x = layer3(std::move(x));
  x = layer4(std::move(x));
  return fc(avgpool(x).flatten(1));
}

NamedLayers ResNetImpl::layers() const {
  return {{"conv1", conv1},   {"bn1", bn1},       {"relu", relu},     {"maxpool", maxpool},
          {"layer1", layer1}, {"layer2", layer2}, {"layer3", layer3}, {"layer4", layer4}};
}

ResNet resnet18(std::optional<ResNet18_Weights> weights, ResNetOptions options) {
  return resnet::build(ResNetBlock::BASIC, {2, 2, 2, 2}, weights, options);
}

ResNet resnet34(std::optional<ResNet34_Weights> weights, ResNetOptions options) {
  return resnet::build(ResNetBlock::BASIC, {3, 4, 6, 3}, weights, options);
}

ResNet resnet50(std::optional<ResNet50_Weights> weights, ResNetOptions options) {
  return resnet::build(ResNetBlock::BOTTLENECK, {3, 4, 6, 3}, weights, options);
}

ResNet resnet101(std::optional<ResNet101_Weights> weights, ResNetOptions options) {
  return resnet::build(ResNetBlock::BOTTLENECK, {3, 4, 23, 3}, weights, options);
}

ResNet resnet152(std::optional<ResNet152_Weights> weights, ResNetOptions options) {
  return resnet::build(ResNetBlock::BOTTLENECK, {3, 8, 36, 3}, weights, options);
}

ResNet resnext50_32x4d(std::optional<ResNeXt50_32X4D_Weights> weights, ResNetOptions options) {
  detail::settle("resnext50_32x4d", "groups", options.groups, 32);
  detail::settle("resnext50_32x4d", "width_per_group", options.width_per_group, 4);
  return resnet::build(ResNetBlock::BOTTLENECK, {3, 4, 6, 3}, weights, options);
}

ResNet resnext101_32x8d(std::optional<ResNeXt101_32X8D_Weights> weights, ResNetOptions options) {
  detail::settle("resnext101_32x8d", "groups", options.groups, 32);
  detail::settle("resnext101_32x8d", "width_per_group", options.width_per_group, 8);
  return resnet::build(ResNetBlock::BOTTLENECK, {3, 4, 23, 3}, weights, options);
}

ResNet resnext101_64x4d(std::optional<ResNeXt101_64X4D_Weights> weights, ResNetOptions options) {
  detail::settle("resnext101_64x4d", "groups", options.groups, 64);
  detail::settle("resnext101_64x4d", "width_per_group", options.width_per_group, 4);
  return resnet::build(ResNetBlock::BOTTLENECK, {3, 4, 23, 3}, weights, options);
}

ResNet wide_resnet50_2(std::optional<Wide_ResNet50_2_Weights> weights, ResNetOptions options) {
  detail::settle("wide_resnet50_2", "width_per_group", options.width_per_group, 128);
  return resnet::build(ResNetBlock::BOTTLENECK, {3, 4, 6, 3}, weights, options);
}

ResNet wide_resnet101_2(std::optional<Wide_ResNet101_2_Weights> weights, ResNetOptions options) {
  detail::settle("wide_resnet101_2", "width_per_group", options.width_per_group, 128);
  return resnet::build(ResNetBlock::BOTTLENECK, {3, 4, 23, 3}, weights, options);
}

}  // namespace opsis::inline v1::models
