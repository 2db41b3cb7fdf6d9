#include "opsis/models/video/s3d.h"

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/dropout.h>

#include "opsis/models/builders.h"
#include "opsis/ops/activation.h"

namespace opsis::inline v1::models::video {
namespace s3d_family {

using torch::Tensor;
using torch::nn::Conv3d;
using torch::nn::Conv3dOptions;
using torch::nn::MaxPool3d;
using torch::nn::MaxPool3dOptions;
using Triple = torch::ExpandingArray<3>;

// A convolution, its norm and a ReLU.
Sequential brick(int64_t in, int64_t out, const NormLayer& norm, Triple kernel = 1, Triple stride = 1, Triple padding = 0) {
  Sequential layers;
  layers->append(Conv3d(Conv3dOptions(in, out, kernel).stride(stride).padding(padding).bias(false)));
  layers->append(norm(out));
  layers->append(ops::relu());
  return layers;
}

// Over space, then over time.
Sequential separable(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding, const NormLayer& norm) {
  Sequential layers;
  layers->append(brick(in, out, norm, {1, kernel, kernel}, {1, stride, stride}, {0, padding, padding}));
  layers->append(brick(out, out, norm, {kernel, 1, 1}, {stride, 1, 1}, {padding, 0, 0}));
  return layers;
}

// What the four branches of a block put out, and two of them have in between.
struct Widths {
  int64_t branch0, between1, branch1, between2, branch2, branch3;
};

class SepInceptionBlock3DImpl : public torch::nn::Module {
 public:
  SepInceptionBlock3DImpl(int64_t in, const Widths& widths, const NormLayer& norm) : torch::nn::Module("SepInceptionBlock3D") {
    branch0 = register_module("branch0", brick(in, widths.branch0, norm));
    branch1 = register_module("branch1", through(in, widths.between1, widths.branch1, norm));
    branch2 = register_module("branch2", through(in, widths.between2, widths.branch2, norm));
    branch3 = register_module("branch3", Sequential(std::vector<Layer>{MaxPool3d(MaxPool3dOptions(3).stride(1).padding(1)),
                                                                       brick(in, widths.branch3, norm)}));
  }

  Tensor forward(Tensor x) {
    const auto first = branch0(x), second = branch1(x), third = branch2(x), fourth = branch3(x);
    return torch::cat({first, second, third, fourth}, 1);
  }

 private:
  static Sequential through(int64_t in, int64_t between, int64_t out, const NormLayer& norm) {
    Sequential layers;
    layers->append(brick(in, between, norm));
    layers->append(separable(between, out, 3, 1, 1, norm));
    return layers;
  }

  Sequential branch0{nullptr}, branch1{nullptr}, branch2{nullptr}, branch3{nullptr};
};
TORCH_MODULE(SepInceptionBlock3D);

MaxPool3d halve_space() { return MaxPool3d(MaxPool3dOptions({1, 3, 3}).stride({1, 2, 2}).padding({0, 1, 1})); }

Layer default_norm(int64_t channels) {
  return torch::nn::BatchNorm3d(torch::nn::BatchNorm3dOptions(channels).eps(0.001).momentum(0.001));
}

}  // namespace s3d_family

S3DImpl::S3DImpl(const S3DOptions& options) : VideoClassifier("S3D") {
  using namespace s3d_family;
  const auto num_classes = models::detail::classes("S3D", options, 400);
  const auto norm = options.norm_layer ? options.norm_layer : NormLayer(default_norm);
  Sequential layers;
  layers->append(separable(options.in_channels, 64, 7, 2, 3, norm));
  layers->append(halve_space());
  layers->append(brick(64, 64, norm));
  layers->append(separable(64, 192, 3, 1, 1, norm));
  layers->append(halve_space());
  layers->append(SepInceptionBlock3D(192, Widths{64, 96, 128, 16, 32, 32}, norm));
  layers->append(SepInceptionBlock3D(256, Widths{128, 128, 192, 32, 96, 64}, norm));
  layers->append(MaxPool3d(MaxPool3dOptions(3).stride(2).padding(1)));
  layers->append(SepInceptionBlock3D(480, Widths{192, 96, 208, 16, 48, 64}, norm));
  layers->append(SepInceptionBlock3D(512, Widths{160, 112, 224, 24, 64, 64}, norm));
  layers->append(SepInceptionBlock3D(512, Widths{128, 128, 256, 24, 64, 64}, norm));
  layers->append(SepInceptionBlock3D(512, Widths{112, 144, 288, 32, 64, 64}, norm));
  layers->append(SepInceptionBlock3D(528, Widths{256, 160, 320, 32, 128, 128}, norm));
  layers->append(MaxPool3d(MaxPool3dOptions(2).stride(2)));
  layers->append(SepInceptionBlock3D(832, Widths{256, 160, 320, 32, 128, 128}, norm));
  layers->append(SepInceptionBlock3D(832, Widths{384, 192, 384, 48, 128, 128}, norm));
  features = register_module("features", layers);
  avgpool = register_module("avgpool", torch::nn::AvgPool3d(torch::nn::AvgPool3dOptions({2, 7, 7}).stride(1)));
  classifier = register_module("classifier", Sequential(std::vector<Layer>{torch::nn::Dropout(options.dropout),
                                                                           Conv3d(Conv3dOptions(1024, num_classes, 1))}));
}

torch::Tensor S3DImpl::forward(torch::Tensor clips) { return classifier(avgpool(features(std::move(clips)))).mean({2, 3, 4}); }

S3D s3d(std::optional<S3D_Weights> weights, S3DOptions options) { return models::detail::build<S3D>(weights, options); }

}  // namespace opsis::inline v1::models::video
