#include "opsis/models/mnasnet.h"

#include <torch/nn/modules/dropout.h>

#include "opsis/models/builders.h"
#include "opsis/models/initialise.h"
#include "opsis/ops/activation.h"
#include "opsis/ops/norm.h"

namespace opsis::inline v1::models {
namespace mnasnet_family {

using torch::Tensor;

// Those of a TensorFlow model with 0.9997.
Layer norm(int64_t channels) {
  static const auto make = ops::batch_norm_2d(1e-5, 1 - 0.9997);
  return make(channels);
}

Layer conv(int64_t in, int64_t out, int64_t kernel, int64_t stride = 1, int64_t groups = 1) {
  return torch::nn::Conv2d(
      torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).groups(groups).bias(false));
}

class InvertedResidualImpl : public torch::nn::Module {
 public:
  InvertedResidualImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t expansion)
      : torch::nn::Module("_InvertedResidual"),
        layers(register_module("layers", make(in, out, kernel, stride, in * expansion))),
        is_residual_(in == out && stride == 1) {}

  Tensor forward(Tensor x) { return is_residual_ ? layers(x) + x : layers(x); }

 private:
  static Sequential make(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t middle) {
    return Sequential(std::vector<Layer>{conv(in, middle, 1), norm(middle), ops::relu(),
                                         conv(middle, middle, kernel, stride, middle), norm(middle), ops::relu(),
                                         conv(middle, out, 1), norm(out)});
  }

  Sequential layers;
  bool is_residual_;
};
TORCH_MODULE(InvertedResidual);

Layer stack(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t expansion, int64_t repeats) {
  Sequential blocks;
  for (int64_t i = 0; i < repeats; ++i) {
    blocks->append(InvertedResidual(i == 0 ? in : out, out, kernel, i == 0 ? stride : 1, expansion));
  }
  return blocks;
}

// Up rather than down, where down takes more than a tenth.
int64_t rounded(double width) {
  const auto multiple = std::max<int64_t>(8, static_cast<int64_t>(width + 4) / 8 * 8);
  return static_cast<double>(multiple) >= 0.9 * width ? multiple : multiple + 8;
}

std::array<int64_t, 8> widths(double alpha) {
  std::array<int64_t, 8> all{32, 16, 24, 40, 80, 96, 192, 320};
  for (auto& width : all) width = rounded(static_cast<double>(width) * alpha);
  return all;
}

// The layers up to the first stack of blocks, that included.
std::vector<Layer> stem(int64_t in, int64_t first, int64_t second, int64_t out) {
  return {conv(in, first, 3, 2),           norm(first),  ops::relu(),  //
          conv(first, first, 3, 1, first), norm(first),  ops::relu(),  //
          conv(first, second, 1),          norm(second),               //
          stack(second, out, 3, 2, 3, 3)};
}

}  // namespace mnasnet_family

MNASNetImpl::MNASNetImpl(double alpha, const MNASNetOptions& options)
    : ImageClassifier("MNASNet"), alpha_(alpha), in_channels_(options.in_channels) {
  using namespace mnasnet_family;
  OPSIS_CHECK(alpha > 0, "MNASNet: alpha must be above 0, got {}", alpha);
  const auto num_classes = detail::classes("MNASNet", options);
  const auto width = widths(alpha);
  Sequential all(stem(in_channels_, width[0], width[1], width[2]));
  all->append(stack(width[2], width[3], 5, 2, 3, 3));
  all->append(stack(width[3], width[4], 5, 2, 6, 3));
  all->append(stack(width[4], width[5], 3, 1, 6, 2));
  all->append(stack(width[5], width[6], 5, 2, 6, 4));
  all->append(stack(width[6], width[7], 3, 1, 6, 1));
  for (const auto& layer : {conv(width[7], 1280, 1), norm(1280), ops::relu()}) all->append(layer);
  layers = register_module("layers", all);
  classifier = register_module(
      "classifier", Sequential(std::vector<Layer>{torch::nn::Dropout(torch::nn::DropoutOptions(options.dropout).inplace(true)),
                                                  torch::nn::Linear(1280, num_classes)}));
  detail::initialise(*this, detail::kaiming_fan_out, [](torch::nn::LinearImpl& linear) {
    torch::nn::init::kaiming_uniform_(linear.weight, 0, torch::kFanOut, torch::kSigmoid);
    torch::nn::init::zeros_(linear.bias);
  });
}

void MNASNetImpl::use_first_stem() {
  using namespace mnasnet_family;
  if (alpha_ == 1) return;
  auto all = stem(in_channels_, 32, 16, widths(alpha_)[2]);
  for (size_t i = 0; i < all.size(); ++i) {
    auto &fresh = *all[i].module(), &old = *(*layers)[i].module();
    const auto fresh_parts = fresh.modules(), old_parts = old.modules();
    for (size_t part = 0; part < fresh_parts.size(); ++part) {
      fresh_parts[part]->train(old_parts[part]->is_training());
      // The old one stays frozen as well: it comes back when the checkpoint does not fit.
      freeze_as(*old_parts[part], fresh_parts[part]);
    }
    const auto follow = [](std::vector<Tensor> tensors, const std::vector<Tensor>& like) {
      for (size_t t = 0; t < tensors.size(); ++t) {
        tensors[t].set_data(tensors[t].to(like[t].options()));
        if (tensors[t].is_floating_point()) tensors[t].set_requires_grad(like[t].requires_grad());
      }
    };
    follow(fresh.parameters(), old.parameters());
    follow(fresh.buffers(), old.buffers());
  }
  for (size_t i = all.size(); i < layers->size(); ++i) all.push_back((*layers)[i]);
  Sequential whole;
  whole->train(layers->is_training());
  for (auto& layer : all) whole->append(std::move(layer));
  layers = whole;
  replace_module("layers", layers);
}

int64_t MNASNetImpl::state_version() const {
  const auto& first = *(*layers)[0].module()->as<torch::nn::Conv2d>();
  return first.weight.size(0) == mnasnet_family::widths(alpha_)[0] ? 2 : 1;
}

torch::Tensor MNASNetImpl::forward(torch::Tensor images) {
  return classifier(layers(std::move(images)).mean(torch::IntArrayRef{2, 3}));
}

MNASNet mnasnet0_5(std::optional<MNASNet0_5_Weights> weights, MNASNetOptions options) {
  return detail::build<MNASNet>(weights, options, 0.5);
}

MNASNet mnasnet0_75(std::optional<MNASNet0_75_Weights> weights, MNASNetOptions options) {
  return detail::build<MNASNet>(weights, options, 0.75);
}

MNASNet mnasnet1_0(std::optional<MNASNet1_0_Weights> weights, MNASNetOptions options) {
  return detail::build<MNASNet>(weights, options, 1.0);
}

MNASNet mnasnet1_3(std::optional<MNASNet1_3_Weights> weights, MNASNetOptions options) {
  return detail::build<MNASNet>(weights, options, 1.3);
}

}  // namespace opsis::inline v1::models
