#include "opsis/models/video/resnet.h"

#include "opsis/models/builders.h"
#include "opsis/models/initialise.h"
#include "opsis/ops/activation.h"

namespace opsis::inline v1::models::video {
namespace video_resnet {

using torch::Tensor;
using torch::nn::BatchNorm3d;
using torch::nn::Conv3d;
using torch::nn::Conv3dOptions;
using Triple = torch::ExpandingArray<3>;

Conv3d conv(int64_t in, int64_t out, Triple kernel, Triple stride, Triple padding) {
  return Conv3d(Conv3dOptions(in, out, kernel).stride(stride).padding(padding).bias(false));
}

// The layers that a block calls its convolution.
Layer convolution(VideoConv kind, int64_t in, int64_t out, int64_t between, int64_t stride = 1) {
  switch (kind) {
    case VideoConv::SIMPLE: return conv(in, out, 3, stride, 1);
    case VideoConv::NO_TEMPORAL: return conv(in, out, {1, 3, 3}, {1, stride, stride}, {0, 1, 1});
    case VideoConv::TWO_PLUS_ONE: break;
  }
  Sequential layers;
  layers->append(conv(in, between, {1, 3, 3}, {1, stride, stride}, {0, 1, 1}));
  layers->append(BatchNorm3d(between));
  layers->append(ops::relu());
  layers->append(conv(between, out, {3, 1, 1}, {stride, 1, 1}, {1, 0, 0}));
  return layers;
}

// What a convolution's stride does to a clip.
Triple stride_of(VideoConv kind, int64_t stride) {
  return kind == VideoConv::NO_TEMPORAL ? Triple({1, stride, stride}) : Triple(stride);
}

Sequential with_norm(Layer conv, int64_t channels, bool activated) {
  Sequential layers;
  layers->append(std::move(conv));
  layers->append(BatchNorm3d(channels));
  if (activated) layers->append(ops::relu());
  return layers;
}

class BlockImpl : public torch::nn::Module {
 public:
  BlockImpl(VideoResNetBlock block, VideoConv kind, int64_t in, int64_t planes, int64_t stride, Sequential downsample_)
      : torch::nn::Module(block == VideoResNetBlock::BASIC ? "BasicBlock" : "Bottleneck"), downsample(std::move(downsample_)) {
    // As many as make two convolutions in a row as large as one over time and space.
    const auto between = (in * planes * 3 * 3 * 3) / (in * 3 * 3 + 3 * planes);
    if (block == VideoResNetBlock::BASIC) {
      add(with_norm(convolution(kind, in, planes, between, stride), planes, true));
      add(with_norm(convolution(kind, planes, planes, between), planes, false));
    } else {
      add(with_norm(conv(in, planes, 1, 1, 0), planes, true));
      add(with_norm(convolution(kind, planes, planes, between, stride), planes, true));
      add(with_norm(conv(planes, 4 * planes, 1, 1, 0), 4 * planes, false));
    }
    relu = register_layer(*this, "relu", ops::relu());
    if (downsample) register_module("downsample", downsample);
  }

  Tensor forward(Tensor x) {
    auto out = x;
    for (auto& conv : convs) out = conv(out);
    out += downsample ? downsample(x) : x;
    return relu(out);
  }

 private:
  void add(Sequential conv) { convs.push_back(register_module("conv" + std::to_string(convs.size() + 1), std::move(conv))); }

  std::vector<Sequential> convs;
  Layer relu;
  Sequential downsample;
};
TORCH_MODULE(Block);

// Makes layer1 to layer4; the channels reached so far carry over from one to the next.
class Layers {
 public:
  explicit Layers(VideoResNetBlock block) : block_(block) {}

  int64_t channels() const { return in_; }

  Sequential next(VideoConv kind, int64_t planes, int64_t depth, int64_t stride) {
    const auto out = planes * (block_ == VideoResNetBlock::BASIC ? 1 : 4);
    Sequential downsample(nullptr);
    if (stride != 1 || in_ != out) downsample = with_norm(conv(in_, out, 1, stride_of(kind, stride), 0), out, false);
    Sequential layer;
    layer->append(Block(block_, kind, in_, planes, stride, downsample));
    in_ = out;
    for (int64_t i = 1; i < depth; ++i) layer->append(Block(block_, kind, in_, planes, 1, Sequential(nullptr)));
    return layer;
  }

 private:
  VideoResNetBlock block_;
  int64_t in_ = 64;
};

Sequential stem_of(VideoStem kind, int64_t in_channels) {
  if (kind == VideoStem::BASIC) return with_norm(conv(in_channels, 64, {3, 7, 7}, {1, 2, 2}, {1, 3, 3}), 64, true);
  auto layers = with_norm(conv(in_channels, 45, {1, 7, 7}, {1, 2, 2}, {0, 3, 3}), 45, true);
  layers->append(conv(45, 64, {3, 1, 1}, 1, {1, 0, 0}));
  layers->append(BatchNorm3d(64));
  layers->append(ops::relu());
  return layers;
}

// Each a Conv3d, whatever it is called around it.
void initialise(torch::nn::Module& model) {
  namespace init = torch::nn::init;
  for (const auto& module : model.modules(/*include_self=*/false)) {
    if (auto* conv = module->as<Conv3d>()) {
      init::kaiming_normal_(conv->weight, 0, torch::kFanOut, torch::kReLU);
    } else if (auto* norm = module->as<BatchNorm3d>()) {
      init::ones_(norm->weight);
      init::zeros_(norm->bias);
    } else if (auto* linear = module->as<torch::nn::Linear>()) {
      models::detail::small_normal(*linear);
    }
  }
}

template <class W>
VideoResNet build(const std::optional<W>& weights, VideoResNetOptions& options, std::array<VideoConv, 4> convs,
                  VideoStem stem) {
  return models::detail::build<VideoResNet>(weights, options, VideoResNetBlock::BASIC, convs,
                                            std::array<int64_t, 4>{2, 2, 2, 2}, stem);
}

constexpr std::array<VideoConv, 4> all(VideoConv kind) { return {kind, kind, kind, kind}; }

}  // namespace video_resnet

VideoResNetImpl::VideoResNetImpl(VideoResNetBlock block, std::array<VideoConv, 4> convs, std::array<int64_t, 4> depths,
                                 VideoStem stem_, const VideoResNetOptions& options)
    : VideoClassifier("VideoResNet") {
  OPSIS_CHECK(block == VideoResNetBlock::BASIC || !options.zero_init_residual,
              "VideoResNet: zero_init_residual is not for bottlenecks");
  const auto num_classes = models::detail::classes("VideoResNet", options, 400);
  video_resnet::Layers layers(block);
  stem = register_module("stem", video_resnet::stem_of(stem_, options.in_channels));
  layer1 = register_module("layer1", layers.next(convs[0], 64, depths[0], 1));
  layer2 = register_module("layer2", layers.next(convs[1], 128, depths[1], 2));
  layer3 = register_module("layer3", layers.next(convs[2], 256, depths[2], 2));
  layer4 = register_module("layer4", layers.next(convs[3], 512, depths[3], 2));
  avgpool = register_module("avgpool", torch::nn::AdaptiveAvgPool3d(1));
  fc = register_module("fc", torch::nn::Linear(layers.channels(), num_classes));
  video_resnet::initialise(*this);
}

torch::Tensor VideoResNetImpl::forward(torch::Tensor clips) {
  auto x = layer2(layer1(stem(std::move(clips))));
  x = layer4(layer3(std::move(x)));
  return fc(avgpool(std::move(x)).flatten(1));
}

VideoResNet r3d_18(std::optional<R3D_18_Weights> weights, VideoResNetOptions options) {
  return video_resnet::build(weights, options, video_resnet::all(VideoConv::SIMPLE), VideoStem::BASIC);
}

VideoResNet mc3_18(std::optional<MC3_18_Weights> weights, VideoResNetOptions options) {
  auto convs = video_resnet::all(VideoConv::NO_TEMPORAL);
  convs[0] = VideoConv::SIMPLE;
  return video_resnet::build(weights, options, convs, VideoStem::BASIC);
}

VideoResNet r2plus1d_18(std::optional<R2Plus1D_18_Weights> weights, VideoResNetOptions options) {
  return video_resnet::build(weights, options, video_resnet::all(VideoConv::TWO_PLUS_ONE), VideoStem::R2PLUS1D);
}

}  // namespace opsis::inline v1::models::video
