#include "opsis/models/optical_flow/raft.h"

#include <torch/nn/init.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/instancenorm.h>
#include <torch/nn/modules/linear.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "opsis/core/check.h"
#include "opsis/models/load_weights.h"
#include "opsis/ops/conv_norm_activation.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models::optical_flow {
namespace raft {

using ops::Conv2dNormActivation;
using torch::Tensor;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;

// How much smaller than the images everything is but the result.
constexpr int64_t kFactor = 8;

// Convolutions before a norm have a bias: in training the norms are frozen after the first data set.
Layer convolution(int64_t in, int64_t out, int64_t kernel, int64_t stride, const NormLayer& norm, bool activated = true) {
  ops::Conv2dNormActivationOptions options{.kernel_size = kernel, .stride = stride, .norm_layer = norm, .bias = true};
  if (!activated) options.activation_layer = nullptr;
  return Conv2dNormActivation(in, out, options);
}

Layer plain_convolution(int64_t in, int64_t out, int64_t kernel) { return convolution(in, out, kernel, 1, nullptr); }

class BlockImpl : public torch::nn::Module {
 public:
  BlockImpl(RAFTBlock block, int64_t in, int64_t out, int64_t stride, const NormLayer& norm)
      : torch::nn::Module(block == RAFTBlock::RESIDUAL ? "ResidualBlock" : "BottleneckBlock") {
    if (block == RAFTBlock::RESIDUAL) {
      add(convolution(in, out, 3, stride, norm));
      add(convolution(out, out, 3, 1, norm));
      add_downsample(in, out, stride, norm);
      relu = register_layer(*this, "relu", ops::relu());
    } else {
      add(convolution(in, out / 4, 1, 1, norm));
      add(convolution(out / 4, out / 4, 3, stride, norm));
      add(convolution(out / 4, out, 1, 1, norm));
      relu = register_layer(*this, "relu", ops::relu());
      add_downsample(in, out, stride, norm);
    }
  }

  Tensor forward(const Tensor& x) {
    auto y = x;
    for (const auto& conv : convs) y = conv(y);
    return relu(downsample(x) + y);
  }

 private:
  void add(Layer conv) {
    convs.push_back(register_layer(*this, "convnormrelu" + std::to_string(convs.size() + 1), std::move(conv)));
  }
  void add_downsample(int64_t in, int64_t out, int64_t stride, const NormLayer& norm) {
    const auto layer = stride == 1 ? Layer(torch::nn::Identity()) : convolution(in, out, 1, stride, norm, /*activated=*/false);
    downsample = register_layer(*this, "downsample", layer);
  }

  std::vector<Layer> convs;
  Layer downsample, relu;
};
TORCH_MODULE(Block);

class FeatureEncoderImpl : public torch::nn::Module {
 public:
  explicit FeatureEncoderImpl(const RAFTEncoder& encoder) : torch::nn::Module("FeatureEncoder") {
    namespace init = torch::nn::init;
    const auto& widths = encoder.layers;
    add("convnormrelu", convolution(3, widths[0], 7, 2, encoder.norm_layer));
    for (size_t i = 1; i < 4; ++i) {
      Sequential layer;
      layer->append(Block(encoder.block, widths[i - 1], widths[i], i == 1 ? 1 : 2, encoder.norm_layer));
      layer->append(Block(encoder.block, widths[i], widths[i], 1, encoder.norm_layer));
      add("layer" + std::to_string(i), layer);
    }
    add("conv", Conv2d(Conv2dOptions(widths[3], widths[4], 1)));
    for (const auto& module : modules(/*include_self=*/false)) {
      if (auto* conv = module->as<Conv2d>()) init::kaiming_normal_(conv->weight, 0, torch::kFanOut, torch::kReLU);
      if (auto* norm = module->as<torch::nn::BatchNorm2d>(); norm && norm->weight.defined()) {
        init::ones_(norm->weight);
        init::zeros_(norm->bias);
      }
    }
  }

  Tensor forward(Tensor x) {
    for (const auto& layer : layers) x = layer(std::move(x));
    return x;
  }

 private:
  void add(const std::string& name, Layer layer) { layers.push_back(register_layer(*this, name, std::move(layer))); }

  std::vector<Layer> layers;
};
TORCH_MODULE(FeatureEncoder);

// What is seen where the flow leads, and the flow itself.
class MotionEncoderImpl : public torch::nn::Module {
 public:
  MotionEncoderImpl(int64_t in_channels_corr, const RAFTSize& size) : torch::nn::Module("MotionEncoder") {
    const auto& corr = size.motion_encoder_corr_layers;
    const auto& flow = size.motion_encoder_flow_layers;
    OPSIS_CHECK(corr.size() == 1 || corr.size() == 2, "RAFT: motion_encoder_corr_layers must have 1 or 2 numbers, got {}",
                corr.size());
    convcorr1 = register_layer(*this, "convcorr1", plain_convolution(in_channels_corr, corr[0], 1));
    convcorr2 = register_layer(*this, "convcorr2",
                               corr.size() == 2 ? plain_convolution(corr[0], corr[1], 3) : Layer(torch::nn::Identity()));
    convflow1 = register_layer(*this, "convflow1", plain_convolution(2, flow[0], 7));
    convflow2 = register_layer(*this, "convflow2", plain_convolution(flow[0], flow[1], 3));
    // The flow's two channels follow.
    conv = register_layer(*this, "conv", plain_convolution(corr.back() + flow[1], size.motion_encoder_out_channels - 2, 3));
  }

  Tensor forward(const Tensor& flow, const Tensor& corr_features) {
    const auto corr = convcorr2(convcorr1(corr_features));
    return torch::cat({conv(torch::cat({corr, convflow2(convflow1(flow))}, 1)), flow}, 1);
  }

 private:
  Layer convcorr1, convcorr2, convflow1, convflow2, conv;
};
using MotionEncoder = Observed<torch::nn::ModuleHolder<MotionEncoderImpl>>;

// A gated recurrent unit whose products are convolutions.
class ConvGRUImpl : public torch::nn::Module {
 public:
  ConvGRUImpl(int64_t in, int64_t hidden, std::array<int64_t, 2> kernel) : torch::nn::Module("ConvGRU") {
    const auto make = [&] {
      return Conv2d(Conv2dOptions(hidden + in, hidden, kernel).padding({kernel[0] / 2, kernel[1] / 2}));
    };
    convz = register_module("convz", make());
    convr = register_module("convr", make());
    convq = register_module("convq", make());
  }

  Tensor forward(const Tensor& h, const Tensor& x) {
    const auto hx = torch::cat({h, x}, 1);
    const auto z = torch::sigmoid(convz(hx)), r = torch::sigmoid(convr(hx));
    const auto q = torch::tanh(convq(torch::cat({r * h, x}, 1)));
    return (1 - z) * h + z * q;
  }

 private:
  Observed<Conv2d> convz{nullptr}, convr{nullptr}, convq{nullptr};
};
using ConvGRU = Observed<torch::nn::ModuleHolder<ConvGRUImpl>>;

class RecurrentBlockImpl : public torch::nn::Module {
 public:
  RecurrentBlockImpl(int64_t in, const RAFTSize& size) : torch::nn::Module("RecurrentBlock") {
    const auto& kernels = size.recurrent_block_kernel_size;
    OPSIS_CHECK(kernels.size() == 1 || kernels.size() == 2, "RAFT: recurrent_block_kernel_size must be 1 or 2, got {}",
                kernels.size());
    for (const auto& kernel : kernels) {
      grus.push_back(register_module("convgru" + std::to_string(grus.size() + 1),
                                     ConvGRU(in, size.recurrent_block_hidden_state_size, kernel)));
    }
  }

  Tensor forward(Tensor h, const Tensor& x) {
    for (auto& gru : grus) h = gru(h, x);
    return h;
  }

 private:
  std::vector<ConvGRU> grus;
};
using RecurrentBlock = Observed<torch::nn::ModuleHolder<RecurrentBlockImpl>>;

class FlowHeadImpl : public torch::nn::Module {
 public:
  FlowHeadImpl(int64_t in, int64_t hidden) : torch::nn::Module("FlowHead") {
    conv1 = register_module("conv1", Conv2d(Conv2dOptions(in, hidden, 3).padding(1)));
    conv2 = register_module("conv2", Conv2d(Conv2dOptions(hidden, 2, 3).padding(1)));
    relu = register_layer(*this, "relu", ops::relu());
  }

  Tensor forward(const Tensor& x) { return conv2(relu(conv1(x))); }

 private:
  Observed<Conv2d> conv1{nullptr}, conv2{nullptr};
  Layer relu;
};
using FlowHead = Observed<torch::nn::ModuleHolder<FlowHeadImpl>>;

// A step towards the flow: the new hidden state, and what to add.
class UpdateBlockImpl : public torch::nn::Module {
 public:
  UpdateBlockImpl(int64_t corr_channels, int64_t context_channels, const RAFTSize& size) : torch::nn::Module("UpdateBlock") {
    const auto hidden = size.recurrent_block_hidden_state_size;
    motion_encoder = register_module("motion_encoder", MotionEncoder(corr_channels, size));
    recurrent_block =
        register_module("recurrent_block", RecurrentBlock(size.motion_encoder_out_channels + context_channels, size));
    flow_head = register_module("flow_head", FlowHead(hidden, size.flow_head_hidden_size));
  }

  std::pair<Tensor, Tensor> forward(const Tensor& hidden, const Tensor& context, const Tensor& corr_features,
                                    const Tensor& flow) {
    const auto x = torch::cat({context, motion_encoder(flow, corr_features)}, 1);
    auto state = recurrent_block(hidden, x);
    auto step = flow_head(state);
    return {std::move(state), std::move(step)};
  }

 private:
  MotionEncoder motion_encoder{nullptr};
  RecurrentBlock recurrent_block{nullptr};
  FlowHead flow_head{nullptr};
};
using UpdateBlock = Observed<torch::nn::ModuleHolder<UpdateBlockImpl>>;

// How each pixel of the result is mixed from nine of the estimate's.
class MaskPredictorImpl : public torch::nn::Module {
 public:
  MaskPredictorImpl(int64_t in, int64_t hidden) : torch::nn::Module("MaskPredictor") {
    convrelu = register_layer(*this, "convrelu", plain_convolution(in, hidden, 3));
    conv = register_module("conv", Conv2d(Conv2dOptions(hidden, kFactor * kFactor * 9, 1)));
  }

  // A quarter, so that this branch's gradients weigh less: https://github.com/princeton-vl/RAFT/issues/24
  Tensor forward(const Tensor& x) { return 0.25 * conv(convrelu(x)); }

 private:
  Layer convrelu;
  Observed<Conv2d> conv{nullptr};
};
TORCH_MODULE(MaskPredictor);

// How alike every pixel of one image and every pixel of the other are, at several resolutions of the other.
class Pyramid {
 public:
  Pyramid(const Tensor& first, const Tensor& second, int64_t levels, int64_t radius) : radius_(radius) {
    const auto batch = first.size(0), channels = first.size(1), height = first.size(2), width = first.size(3);
    auto volume = torch::matmul(first.view({batch, channels, height * width}).transpose(1, 2),
                                second.view({batch, channels, height * width}));
    volume.div_(torch::sqrt(torch::tensor(channels)));  // it is large: in place
    levels_.push_back(volume.view({batch * height * width, 1, height, width}));
    for (int64_t i = 1; i < levels; ++i) levels_.push_back(torch::avg_pool2d(levels_.back(), 2, 2));
  }

  // Around where each pixel is thought to be: (N, levels * (2 * radius + 1)^2, H, W), in the layout of the coordinates.
  Tensor around(const Tensor& coords) const {
    const auto side = 2 * radius_ + 1;
    const auto line = torch::linspace(-radius_, radius_, side);
    const auto delta = torch::stack(torch::meshgrid({line, line}, "ij"), -1).to(coords.device()).view({1, side, side, 2});
    const auto batch = coords.size(0), height = coords.size(2), width = coords.size(3);
    auto centres = coords.permute({0, 2, 3, 1}).reshape({batch * height * width, 1, 1, 2});
    std::vector<Tensor> found;
    for (const auto& level : levels_) {
      found.push_back(sampled(level, centres + delta).view({batch, height, width, -1}));
      centres = centres / 2;
    }
    return torch::cat(found, -1).permute({0, 3, 1, 2}).contiguous(coords.suggest_memory_format());
  }

 private:
  // By pixels' own coordinates.
  static Tensor sampled(const Tensor& image, const Tensor& coords) {
    const auto parts = coords.split_with_sizes({1, 1}, -1);
    const auto x = 2 * parts[0] / (image.size(-1) - 1) - 1;
    const auto y = image.size(-2) > 1 ? 2 * parts[1] / (image.size(-2) - 1) - 1 : parts[1];
    return torch::grid_sampler(image, torch::cat({x, y}, -1), /*bilinear*/ 0, /*zeros*/ 0, /*align_corners=*/true);
  }

  std::vector<Tensor> levels_;
  int64_t radius_;
};

// Where every pixel of an eighth of the images is: (N, 2, H / 8, W / 8), across and down, in the images' layout.
Tensor grid_of(const Tensor& images) {
  const auto line = [&](int64_t dim) {
    return torch::arange(images.size(dim) / kFactor, torch::TensorOptions().device(images.device()).dtype(torch::kInt64));
  };
  const auto coords = torch::meshgrid({line(2), line(3)}, "ij");
  const auto grid = torch::stack({coords[1], coords[0]}, 0).to(torch::kFloat32).unsqueeze(0);
  return grid.repeat({images.size(0), 1, 1, 1}).contiguous(images.suggest_memory_format());
}

// An estimate as large as the images.
Tensor enlarged(const Tensor& flow, const Tensor& mask) {
  const auto batch = flow.size(0), channels = flow.size(1), height = flow.size(2), width = flow.size(3);
  const auto rows = height * kFactor, columns = width * kFactor;
  if (!mask.defined()) return kFactor * torch::upsample_bilinear2d(flow, {rows, columns}, /*align_corners=*/true);
  const auto weights = torch::softmax(mask.view({batch, 1, 9, kFactor, kFactor, height, width}), 2);
  const auto neighbours =
      torch::im2col(kFactor * flow, {3, 3}, {1, 1}, {1, 1}, {1, 1}).view({batch, channels, 9, 1, 1, height, width});
  return torch::sum(weights * neighbours, 2).permute({0, 1, 4, 2, 5, 3}).reshape({batch, channels, rows, columns});
}

NormLayer instance_norm() {
  return [](int64_t channels) { return torch::nn::InstanceNorm2d(channels); };
}

}  // namespace raft

class RAFTImpl::Parts {
 public:
  explicit Parts(const RAFTSize& size_) : size(size_) {}

  RAFTSize size;
  Layer feature_encoder, context_encoder, mask_predictor;
  raft::UpdateBlock update_block{nullptr};
};

RAFTImpl::RAFTImpl(const RAFTSize& size, const RAFTOptions& options)
    : FlowModel("RAFT"), parts_(std::make_shared<Parts>(size)) {
  const auto hidden = size.recurrent_block_hidden_state_size;
  const auto context = size.context_encoder.layers.back() - hidden;
  OPSIS_CHECK(context > 0, "RAFT: the context encoder must give more than the {} channels of the hidden state, got {}", hidden,
              size.context_encoder.layers.back());
  OPSIS_CHECK(size.corr_block_num_levels > 0 && size.corr_block_radius >= 0,
              "RAFT: corr_block_num_levels must be positive and corr_block_radius not negative, got {} and {}",
              size.corr_block_num_levels, size.corr_block_radius);
  const auto side = 2 * size.corr_block_radius + 1;
  const auto encoder = [&](const std::string& name, const Layer& given, const RAFTEncoder& usual) {
    return register_layer(*this, name, given ? given : Layer(raft::FeatureEncoder(usual)));
  };
  parts_->feature_encoder = encoder("feature_encoder", options.feature_encoder, size.feature_encoder);
  parts_->context_encoder = encoder("context_encoder", options.context_encoder, size.context_encoder);
  register_module("corr_block", torch::nn::Identity());  // a module in torchvision, without parameters
  parts_->update_block =
      register_module("update_block", raft::UpdateBlock(size.corr_block_num_levels * side * side, context, size));
  if (options.mask_predictor || size.use_mask_predictor) {
    const auto predictor = options.mask_predictor ? options.mask_predictor : Layer(raft::MaskPredictor(hidden, 256));
    parts_->mask_predictor = register_layer(*this, "mask_predictor", predictor);
  }
}

torch::Tensor RAFTImpl::forward(torch::Tensor first, torch::Tensor second, int64_t num_flow_updates) {
  OPSIS_CHECK(num_flow_updates > 0, "RAFT: num_flow_updates must be positive, got {}", num_flow_updates);
  return estimates(first, second, num_flow_updates, /*all=*/false).back();
}

std::vector<torch::Tensor> RAFTImpl::outputs(torch::Tensor first, torch::Tensor second, int64_t num_flow_updates) {
  OPSIS_CHECK(num_flow_updates >= 0, "RAFT: num_flow_updates must not be negative, got {}", num_flow_updates);
  return estimates(first, second, num_flow_updates, /*all=*/true);
}

std::vector<torch::Tensor> RAFTImpl::estimates(const torch::Tensor& first, const torch::Tensor& second, int64_t updates,
                                               bool all) {
  using opsis::detail::shape;
  using raft::kFactor;
  OPSIS_CHECK(first.dim() == 4 && first.sizes() == second.sizes(),
              "RAFT: images must be (N, 3, H, W), both alike, got {} and {}", shape(first), shape(second));
  const auto rows = first.size(2), columns = first.size(3);
  OPSIS_CHECK(rows % kFactor == 0 && columns % kFactor == 0, "RAFT: sides of images must be multiples of 8, got {}",
              shape(first));
  // The coarsest level must have two pixels a side.
  const auto least = kFactor * (int64_t{1} << parts_->size.corr_block_num_levels);
  OPSIS_CHECK(rows >= least && columns >= least, "RAFT: sides of images must be at least {}, got {}", least, shape(first));

  const auto eighth = [&](std::string_view part, const torch::Tensor& maps, int64_t images, std::optional<int64_t> channels) {
    const std::vector<int64_t> needed{images, channels.value_or(maps.dim() == 4 ? maps.size(1) : 0), rows / kFactor,
                                      columns / kFactor};
    OPSIS_CHECK(maps.sizes() == needed, "RAFT: the {} must give maps of {}, got {}", part, at::IntArrayRef(needed),
                shape(maps));
    return maps;
  };
  const auto batch = first.size(0);
  const auto features =
      eighth("feature encoder", parts_->feature_encoder(torch::cat({first, second}, 0)), 2 * batch, {}).chunk(2, 0);
  const raft::Pyramid pyramid(features[0], features[1], parts_->size.corr_block_num_levels, parts_->size.corr_block_radius);
  const auto seen =
      eighth("context encoder", parts_->context_encoder(first), batch, parts_->size.context_encoder.layers.back());
  const auto hidden_channels = parts_->size.recurrent_block_hidden_state_size;
  const auto halves = seen.split_with_sizes({hidden_channels, seen.size(1) - hidden_channels}, 1);
  auto hidden = torch::tanh(halves[0]);
  const auto context = torch::relu(halves[1]);

  const auto start = raft::grid_of(first);
  auto coords = start;
  std::vector<torch::Tensor> found;
  for (int64_t i = 0; i < updates; ++i) {
    coords = coords.detach();  // no gradients by way of where it looks: the paper's section 3.3
    const auto corr_features = pyramid.around(coords);
    auto [state, step] = parts_->update_block(hidden, context, corr_features, coords - start);
    hidden = std::move(state);
    coords = coords + step;
    if (!all && i + 1 < updates) continue;
    const auto mask = parts_->mask_predictor
                          ? eighth("mask predictor", parts_->mask_predictor(hidden), batch, 9 * kFactor * kFactor)
                          : torch::Tensor();
    found.push_back(raft::enlarged(coords - start, mask));
  }
  return found;
}

RAFT raft_large(std::optional<Raft_Large_Weights> weights, RAFTOptions options) {
  RAFT model(RAFTSize{.feature_encoder = {.norm_layer = raft::instance_norm()},
                      .context_encoder = {.norm_layer = ops::batch_norm_2d()}},
             options);
  if (weights) load_weights(*model, *weights);
  return model;
}

RAFT raft_small(std::optional<Raft_Small_Weights> weights, RAFTOptions options) {
  RAFT model(RAFTSize{.feature_encoder = {RAFTBlock::BOTTLENECK, {32, 32, 64, 96, 128}, raft::instance_norm()},
                      .context_encoder = {RAFTBlock::BOTTLENECK, {32, 32, 64, 96, 160}, nullptr},
                      .corr_block_radius = 3,
                      .motion_encoder_corr_layers = {96},
                      .motion_encoder_flow_layers = {64, 32},
                      .motion_encoder_out_channels = 82,
                      .recurrent_block_hidden_state_size = 96,
                      .recurrent_block_kernel_size = {{3, 3}},
                      .flow_head_hidden_size = 128,
                      .use_mask_predictor = false},
             options);
  if (weights) load_weights(*model, *weights);
  return model;
}

}  // namespace opsis::inline v1::models::optical_flow
