#include "opsis/models/quantization/resnet.h"

#include <torch/nn/init.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>

#include "opsis/core/check.h"
#include "opsis/models/builders.h"
#include "opsis/models/quantization/family.h"

namespace opsis::inline v1::models::quantization {
namespace resnet {

using torch::Tensor;
using torch::nn::BatchNorm2d;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;
using torch::nn::ReLU;

// Children are made and registered in torchvision's order: it is the order of the draws and of the state_dict.

Conv2d conv(int64_t in, int64_t out, int64_t size, int64_t stride = 1, int64_t groups = 1, int64_t dilation = 1) {
  const auto padding = size / 2 * dilation;
  return Conv2d(Conv2dOptions(in, out, size).stride(stride).padding(padding).groups(groups).bias(false).dilation(dilation));
}

struct Style {
  int64_t groups, base_width;
  NormLayer norm;
};

struct Shape {
  int64_t in, planes, stride, dilation;
  Row downsample;
};

class Block : public detail::Block {
 public:
  using detail::Block::Block;
  virtual void fuse_model() = 0;
  virtual std::string_view last_norm() const = 0;

 protected:
  void add_downsample(const Row& downsample) {
    if (downsample) add("downsample", downsample);
    downsample_ = downsample;
  }
  Tensor shortcut(const Tensor& x) { return downsample_ ? downsample_->forward(x) : x; }
  void fuse_downsample() {
    if (downsample_) fuse(*downsample_, {"0", "1"});
  }

 private:
  Row downsample_{nullptr};
};

class QuantizableBasicBlockImpl final : public Block {
 public:
  static constexpr int64_t expansion = 1;

  QuantizableBasicBlockImpl(const Shape& shape, const Style& style) : Block("QuantizableBasicBlock") {
    add("conv1", conv(shape.in, shape.planes, 3, shape.stride));
    add("bn1", style.norm(shape.planes));
    add("relu", ReLU());
    add("conv2", conv(shape.planes, shape.planes, 3));
    add("bn2", style.norm(shape.planes));
    add_downsample(shape.downsample);
    add_relu = register_module("add_relu", FloatFunctional());
  }

  Tensor forward(Tensor x) {
    auto y = run("relu", run("bn1", run("conv1", x)));
    y = run("bn2", run("conv2", y));
    return add_relu->add_relu(y, shortcut(x));
  }

  void fuse_model() override {
    fuse(*this, {"conv1", "bn1", "relu"});
    fuse(*this, {"conv2", "bn2"});
    fuse_downsample();
  }

  std::string_view last_norm() const override { return "bn2"; }

 private:
  FloatFunctional add_relu{nullptr};
};
TORCH_MODULE(QuantizableBasicBlock);

class QuantizableBottleneckImpl final : public Block {
 public:
  static constexpr int64_t expansion = 4;

  QuantizableBottleneckImpl(const Shape& shape, const Style& style) : Block("QuantizableBottleneck") {
    const auto width = static_cast<int64_t>(shape.planes * (style.base_width / 64.0)) * style.groups;
    add("conv1", conv(shape.in, width, 1));
    add("bn1", style.norm(width));
    add("conv2", conv(width, width, 3, shape.stride, style.groups, shape.dilation));
    add("bn2", style.norm(width));
    add("conv3", conv(width, shape.planes * expansion, 1));
    add("bn3", style.norm(shape.planes * expansion));
    add("relu", ReLU());
    add_downsample(shape.downsample);
    skip_add_relu = register_module("skip_add_relu", FloatFunctional());
    add("relu1", ReLU());
    add("relu2", ReLU());
  }

  Tensor forward(Tensor x) {
    auto y = run("relu1", run("bn1", run("conv1", x)));
    y = run("relu2", run("bn2", run("conv2", y)));
    y = run("bn3", run("conv3", y));
    return skip_add_relu->add_relu(y, shortcut(x));
  }

  void fuse_model() override {
    fuse(*this, {"conv1", "bn1", "relu1"});
    fuse(*this, {"conv2", "bn2", "relu2"});
    fuse(*this, {"conv3", "bn3"});
    fuse_downsample();
  }

  std::string_view last_norm() const override { return "bn3"; }

 private:
  FloatFunctional skip_add_relu{nullptr};
};
TORCH_MODULE(QuantizableBottleneck);

// Makes layer1 to layer4; the channels and the dilation reached so far carry over from one to the next.
class Layers {
 public:
  Layers(ResNetBlock block, Style style) : basic_(block == ResNetBlock::BASIC), style_(std::move(style)) {
    OPSIS_CHECK(!basic_ || (style_.groups == 1 && style_.base_width == 64),
                "ResNet: basic blocks have groups 1 and width_per_group 64, got {} and {}", style_.groups, style_.base_width);
  }

  int64_t channels() const { return in_; }

  Row next(int64_t planes, int64_t depth, int64_t stride, bool dilate = false) {
    const auto previous_dilation = dilation_;
    if (dilate) dilation_ *= std::exchange(stride, 1);
    OPSIS_CHECK(!basic_ || dilation_ == 1, "ResNet: basic blocks cannot be dilated; leave replace_stride_with_dilation out");
    const auto out = planes * (basic_ ? QuantizableBasicBlockImpl::expansion : QuantizableBottleneckImpl::expansion);
    Row downsample(nullptr);
    if (stride != 1 || in_ != out) {
      const auto shortcut = conv(in_, out, 1, stride);
      downsample = Row(std::vector<Layer>{shortcut, style_.norm(out)});
    }
    Row layer;
    layer->append(make({in_, planes, stride, previous_dilation, downsample}));
    in_ = out;
    for (int64_t i = 1; i < depth; ++i) layer->append(make({in_, planes, 1, dilation_, nullptr}));
    return layer;
  }

 private:
  Layer make(const Shape& shape) const {
    return basic_ ? Layer(QuantizableBasicBlock(shape, style_)) : Layer(QuantizableBottleneck(shape, style_));
  }

  bool basic_;
  Style style_;
  int64_t in_ = 64;
  int64_t dilation_ = 1;
};

// Of the two ResNeXts.
QuantizableResNetOptions& grouped(std::string_view name, QuantizableResNetOptions& options, int64_t groups, int64_t width) {
  models::detail::settle(name, "groups", options.groups, groups);
  models::detail::settle(name, "width_per_group", options.width_per_group, width);
  return options;
}

constexpr std::array<int64_t, 4> depths18{2, 2, 2, 2}, depths50{3, 4, 6, 3}, depths101{3, 4, 23, 3};

}  // namespace resnet

QuantizableResNetImpl::QuantizableResNetImpl(ResNetBlock block, std::array<int64_t, 4> depths, const ResNetOptions& options)
    : QuantizableClassifier("QuantizableResNet") {
  namespace init = torch::nn::init;
  const auto num_classes = models::detail::classes("ResNet", options);
  const NormLayer batch_norm = [](int64_t channels) -> Layer { return torch::nn::BatchNorm2d(channels); };
  const resnet::Style style{options.groups.value_or(1), options.width_per_group.value_or(64),
                            options.norm_layer ? options.norm_layer : batch_norm};
  const auto [dilate2, dilate3, dilate4] = options.replace_stride_with_dilation;
  resnet::Layers layers(block, style);

  add("conv1", resnet::conv(options.in_channels, 64, 7, 2));
  add("bn1", style.norm(64));
  add("relu", torch::nn::ReLU());
  add("maxpool", torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(3).stride(2).padding(1)));
  add("layer1", layers.next(64, depths[0], 1));
  add("layer2", layers.next(128, depths[1], 2, dilate2));
  add("layer3", layers.next(256, depths[2], 2, dilate3));
  add("layer4", layers.next(512, depths[3], 2, dilate4));
  add("avgpool", torch::nn::AdaptiveAvgPool2d(1));
  add("fc", torch::nn::Linear(layers.channels(), num_classes));
  quant_ = register_module("quant", QuantStub());
  dequant_ = register_module("dequant", DeQuantStub());

  for (const auto& module : modules(/*include_self=*/false)) {
    if (auto* conv = module->as<torch::nn::Conv2d>()) {
      init::kaiming_normal_(conv->weight, 0, torch::kFanOut, torch::kReLU);
    } else if (options.zero_init_residual) {
      auto* block = dynamic_cast<resnet::Block*>(module.get());
      if (!block) continue;
      if (auto* norm = block->slot(block->last_norm()).module()->as<torch::nn::BatchNorm2d>()) init::zeros_(norm->weight);
    }
  }
}

torch::Tensor QuantizableResNetImpl::forward(torch::Tensor images) {
  auto x = quant_->forward(std::move(images));
  for (const auto* name : {"conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool"}) {
    x = run(name, std::move(x));
  }
  return dequant_->forward(run("fc", x.flatten(1)));
}

void QuantizableResNetImpl::fuse_model() {
  fuse(*this, {"conv1", "bn1", "relu"});
  for (const auto& module : modules(/*include_self=*/false)) {
    if (auto* block = dynamic_cast<resnet::Block*>(module.get())) block->fuse_model();
  }
}

QuantizableResNet resnet18(std::optional<ResNet18_QuantizedWeights> weights, QuantizableResNetOptions options) {
  return detail::build<QuantizableResNet>(weights, options, ResNetBlock::BASIC, resnet::depths18);
}
QuantizableResNet resnet18(std::reference_wrapper<const ResNet18_Weights> weights, QuantizableResNetOptions options) {
  return detail::build_float<QuantizableResNet>(weights.get(), options, ResNetBlock::BASIC, resnet::depths18);
}

QuantizableResNet resnet50(std::optional<ResNet50_QuantizedWeights> weights, QuantizableResNetOptions options) {
  return detail::build<QuantizableResNet>(weights, options, ResNetBlock::BOTTLENECK, resnet::depths50);
}
QuantizableResNet resnet50(std::reference_wrapper<const ResNet50_Weights> weights, QuantizableResNetOptions options) {
  return detail::build_float<QuantizableResNet>(weights.get(), options, ResNetBlock::BOTTLENECK, resnet::depths50);
}

QuantizableResNet resnext101_32x8d(std::optional<ResNeXt101_32X8D_QuantizedWeights> weights, QuantizableResNetOptions options) {
  return detail::build<QuantizableResNet>(weights, resnet::grouped("resnext101_32x8d", options, 32, 8), ResNetBlock::BOTTLENECK,
                                          resnet::depths101);
}
QuantizableResNet resnext101_32x8d(std::reference_wrapper<const ResNeXt101_32X8D_Weights> weights,
                                   QuantizableResNetOptions options) {
  return detail::build_float<QuantizableResNet>(weights.get(), resnet::grouped("resnext101_32x8d", options, 32, 8),
                                                ResNetBlock::BOTTLENECK, resnet::depths101);
}

QuantizableResNet resnext101_64x4d(std::optional<ResNeXt101_64X4D_QuantizedWeights> weights, QuantizableResNetOptions options) {
  return detail::build<QuantizableResNet>(weights, resnet::grouped("resnext101_64x4d", options, 64, 4), ResNetBlock::BOTTLENECK,
                                          resnet::depths101);
}
QuantizableResNet resnext101_64x4d(std::reference_wrapper<const ResNeXt101_64X4D_Weights> weights,
                                   QuantizableResNetOptions options) {
  return detail::build_float<QuantizableResNet>(weights.get(), resnet::grouped("resnext101_64x4d", options, 64, 4),
                                                ResNetBlock::BOTTLENECK, resnet::depths101);
}

}  // namespace opsis::inline v1::models::quantization
