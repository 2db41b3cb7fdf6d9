#include "opsis/models/shufflenet_v2.h"

#include <torch/nn/modules/batchnorm.h>

#include "opsis/models/builders.h"
#include "opsis/models/shufflenet_blocks.h"
#include "opsis/ops/activation.h"

namespace opsis::inline v1::models {
namespace shufflenet_v2_family {

using namespace detail::shufflenet;  // NOLINT
using torch::Tensor;
using torch::nn::BatchNorm2d;

class InvertedResidualImpl : public torch::nn::Module {
 public:
  InvertedResidualImpl(int64_t in, int64_t out, int64_t stride) : torch::nn::Module("InvertedResidual"), stride_(stride) {
    const auto half = out / 2;
    OPSIS_CHECK(stride > 1 || in == half * 2,
                "ShuffleNetV2: a block of stride 1 keeps its even number of channels, got {} and {}", in, out);
    branch1 =
        register_module("branch1", stride > 1 ? Sequential(std::vector<Layer>{depthwise(in, stride), BatchNorm2d(in),
                                                                              conv(in, half), BatchNorm2d(half), ops::relu()})
                                              : Sequential());
    branch2 = register_module("branch2", Sequential(std::vector<Layer>{conv(stride > 1 ? in : half, half), BatchNorm2d(half),
                                                                       ops::relu(), depthwise(half, stride), BatchNorm2d(half),
                                                                       conv(half, half), BatchNorm2d(half), ops::relu()}));
  }

  Tensor forward(Tensor x) {
    Tensor first, second;
    if (stride_ == 1) {
      const auto halves = x.chunk(2, 1);
      first = halves[0];
      second = branch2(halves[1]);
    } else {
      first = branch1(x);
      second = branch2(x);
    }
    return shuffled_channels(torch::cat({first, second}, 1), 2);
  }

 private:
  Sequential branch1{nullptr}, branch2{nullptr};
  int64_t stride_;
};
TORCH_MODULE(InvertedResidual);

Sequential stage(int64_t in, int64_t out, int64_t repeats, const ShuffleNetV2Options& options) {
  const auto block = [&](int64_t from, int64_t stride) {
    return options.inverted_residual ? options.inverted_residual(from, out, stride)
                                     : Layer(InvertedResidual(from, out, stride));
  };
  Sequential blocks;
  blocks->append(block(in, 2));
  for (int64_t i = 1; i < repeats; ++i) blocks->append(block(out, 1));
  return blocks;
}

template <class W>
ShuffleNetV2 build(const Channels& channels, const std::optional<W>& weights, ShuffleNetV2Options& options) {
  return detail::build<ShuffleNetV2>(weights, options, kRepeats, channels);
}

}  // namespace shufflenet_v2_family

ShuffleNetV2Impl::ShuffleNetV2Impl(std::array<int64_t, 3> repeats, std::array<int64_t, 5> channels,
                                   const ShuffleNetV2Options& options)
    : ImageClassifier("ShuffleNetV2") {
  using namespace shufflenet_v2_family;
  const auto num_classes = detail::classes("ShuffleNetV2", options);
  const auto [first, second, third, fourth, last] = channels;
  conv1 = register_module(
      "conv1", Sequential(std::vector<Layer>{conv(options.in_channels, first, 3, 2), BatchNorm2d(first), ops::relu()}));
  maxpool = register_module("maxpool", torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(3).stride(2).padding(1)));
  stage2 = register_module("stage2", stage(first, second, repeats[0], options));
  stage3 = register_module("stage3", stage(second, third, repeats[1], options));
  stage4 = register_module("stage4", stage(third, fourth, repeats[2], options));
  conv5 = register_module("conv5", Sequential(std::vector<Layer>{conv(fourth, last), BatchNorm2d(last), ops::relu()}));
  fc = register_module("fc", torch::nn::Linear(last, num_classes));
}

torch::Tensor ShuffleNetV2Impl::forward(torch::Tensor images) {
  const auto x = stage4(stage3(stage2(maxpool(conv1(std::move(images))))));
  return fc(conv5(x).mean(torch::IntArrayRef{2, 3}));
}

ShuffleNetV2 shufflenet_v2_x0_5(std::optional<ShuffleNet_V2_X0_5_Weights> weights, ShuffleNetV2Options options) {
  return shufflenet_v2_family::build(shufflenet_v2_family::x0_5, weights, options);
}

ShuffleNetV2 shufflenet_v2_x1_0(std::optional<ShuffleNet_V2_X1_0_Weights> weights, ShuffleNetV2Options options) {
  return shufflenet_v2_family::build(shufflenet_v2_family::x1_0, weights, options);
}

ShuffleNetV2 shufflenet_v2_x1_5(std::optional<ShuffleNet_V2_X1_5_Weights> weights, ShuffleNetV2Options options) {
  return shufflenet_v2_family::build(shufflenet_v2_family::x1_5, weights, options);
}

ShuffleNetV2 shufflenet_v2_x2_0(std::optional<ShuffleNet_V2_X2_0_Weights> weights, ShuffleNetV2Options options) {
  return shufflenet_v2_family::build(shufflenet_v2_family::x2_0, weights, options);
}

}  // namespace opsis::inline v1::models
