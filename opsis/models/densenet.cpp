#include "opsis/models/densenet.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/nn/modules/pooling.h>

#include "opsis/hub/state_dict.h"
#include "opsis/models/builders.h"
#include "opsis/models/initialise.h"
#include "opsis/ops/activation.h"

namespace opsis::inline v1::models {
namespace densenet_family {

using torch::Tensor;
using BatchNorm2d = Observed<torch::nn::BatchNorm2d>;
using Conv2d = Observed<torch::nn::Conv2d>;
using torch::nn::Conv2dOptions;
using Tensors = std::vector<Tensor>;

Conv2d conv(int64_t in, int64_t out, int64_t kernel) {
  return Conv2d(Conv2dOptions(in, out, kernel).padding(kernel / 2).bias(false));
}

class DenseLayerImpl;

// Keeps the layer alive as long as the graph.
struct Keeper : torch::CustomClassHolder {
  explicit Keeper(std::shared_ptr<DenseLayerImpl> kept) : layer(std::move(kept)) {}
  std::shared_ptr<DenseLayerImpl> layer;
};

// The bottleneck of a layer, computed in the backward pass again. Its parameters are inputs, so that autograd knows of them.
struct Recomputed : torch::autograd::Function<Recomputed> {
  static Tensor forward(torch::autograd::AutogradContext* context, std::shared_ptr<DenseLayerImpl> layer,
                        torch::TensorList inputs);
  static Tensors backward(torch::autograd::AutogradContext* context, Tensors gradients);
};

class DenseLayerImpl : public torch::nn::Module {
 public:
  DenseLayerImpl(int64_t in, int64_t growth_rate, const DenseNetOptions& options)
      : torch::nn::Module("_DenseLayer"),
        norm1(register_module("norm1", BatchNorm2d(in))),
        relu1(register_layer(*this, "relu1", ops::relu())),
        conv1(register_module("conv1", conv(in, options.bn_size * growth_rate, 1))),
        norm2(register_module("norm2", BatchNorm2d(options.bn_size * growth_rate))),
        relu2(register_layer(*this, "relu2", ops::relu())),
        conv2(register_module("conv2", conv(options.bn_size * growth_rate, growth_rate, 3))),
        drop_rate_(options.drop_rate),
        memory_efficient_(options.memory_efficient) {}

  Tensor bottleneck(const Tensors& features) { return conv1(relu1(norm1(torch::cat(features, 1)))); }

  Tensor forward(const Tensors& features) {
    const auto recompute = memory_efficient_ && torch::GradMode::is_enabled() &&
                           std::any_of(features.begin(), features.end(), [](const auto& f) { return f.requires_grad(); });
    auto x = recompute ? recomputed(features) : bottleneck(features);
    x = conv2(relu2(norm2(x)));
    return drop_rate_ > 0 ? torch::dropout(x, drop_rate_, is_training()) : x;
  }

  Tensors bottleneck_parameters() const { return {norm1->weight, norm1->bias, conv1->weight}; }

 private:
  Tensor recomputed(Tensors inputs) {
    for (const auto& parameter : bottleneck_parameters()) inputs.push_back(parameter);
    // A list of tensors: autograd does not look into a vector.
    return Recomputed::apply(std::dynamic_pointer_cast<DenseLayerImpl>(shared_from_this()), torch::TensorList(inputs));
  }

  BatchNorm2d norm1;
  Layer relu1;
  Conv2d conv1;
  BatchNorm2d norm2;
  Layer relu2;
  Conv2d conv2;
  double drop_rate_;
  bool memory_efficient_;
};
using DenseLayer = Observed<torch::nn::ModuleHolder<DenseLayerImpl>>;

Tensor Recomputed::forward(torch::autograd::AutogradContext* context, std::shared_ptr<DenseLayerImpl> layer,
                           torch::TensorList inputs) {
  context->save_for_backward(inputs.vec());
  context->saved_data["layer"] = torch::IValue::make_capsule(c10::make_intrusive<Keeper>(layer));
  return layer->bottleneck({inputs.begin(), inputs.end() - 3});
}

Tensors Recomputed::backward(torch::autograd::AutogradContext* context, Tensors gradients) {
  const auto layer = c10::static_intrusive_pointer_cast<Keeper>(context->saved_data["layer"].toCapsule())->layer;
  const auto saved = context->get_saved_variables();
  Tensors inputs;
  for (auto input = saved.begin(); input != saved.end() - 3; ++input) {
    inputs.push_back(input->detach().requires_grad_(input->requires_grad()));
  }
  Tensor output;
  {
    const torch::AutoGradMode enabled(true);
    output = layer->bottleneck(inputs);
  }
  Tensors sources;
  const auto parameters = layer->bottleneck_parameters();
  for (const auto* list : {&std::as_const(inputs), &parameters}) {
    for (const auto& tensor : *list) {
      if (tensor.requires_grad()) sources.push_back(tensor);
    }
  }
  const auto found = torch::autograd::grad({output}, sources, gradients);
  Tensors result{Tensor()};  // for the layer
  size_t next = 0;
  for (const auto* list : {&std::as_const(inputs), &parameters}) {
    for (const auto& tensor : *list) result.push_back(tensor.requires_grad() ? found[next++] : Tensor());
  }
  return result;
}

class DenseBlockImpl : public torch::nn::Module, public hub::Versioned {
 public:
  DenseBlockImpl(int64_t depth, int64_t in, int64_t growth_rate, const DenseNetOptions& options)
      : torch::nn::Module("_DenseBlock") {
    for (int64_t i = 0; i < depth; ++i) {
      layers_.push_back(
          register_module("denselayer" + std::to_string(i + 1), DenseLayer(in + i * growth_rate, growth_rate, options)));
    }
  }

  Tensor forward(Tensor x) {
    Tensors features{std::move(x)};
    for (auto& layer : layers_) features.push_back(layer(features));
    return torch::cat(features, 1);
  }

 private:
  std::vector<DenseLayer> layers_;
};
TORCH_MODULE(DenseBlock);

// Halves the resolution.
Sequential transition(int64_t in, int64_t out) {
  Sequential layers;
  layers->append("norm", BatchNorm2d(in));
  layers->append("relu", ops::relu());
  layers->append("conv", conv(in, out, 1));
  layers->append("pool", torch::nn::AvgPool2d(torch::nn::AvgPool2dOptions(2).stride(2)));
  return layers;
}

}  // namespace densenet_family

DenseNetImpl::DenseNetImpl(int64_t growth_rate, std::array<int64_t, 4> depths, int64_t num_init_features,
                           const DenseNetOptions& options)
    : ImageClassifier("DenseNet") {
  using torch::nn::MaxPool2d;
  using torch::nn::MaxPool2dOptions;
  const auto num_classes = detail::classes("DenseNet", options);
  Sequential layers;
  layers->append(
      "conv0",
      torch::nn::Conv2d(torch::nn::Conv2dOptions(options.in_channels, num_init_features, 7).stride(2).padding(3).bias(false)));
  layers->append("norm0", torch::nn::BatchNorm2d(num_init_features));
  layers->append("relu0", ops::relu());
  layers->append("pool0", MaxPool2d(MaxPool2dOptions(3).stride(2).padding(1)));
  int64_t channels = num_init_features;
  for (size_t i = 0; i < depths.size(); ++i) {
    const auto number = std::to_string(i + 1);
    layers->append("denseblock" + number, densenet_family::DenseBlock(depths[i], channels, growth_rate, options));
    channels += depths[i] * growth_rate;
    if (i + 1 == depths.size()) break;
    layers->append("transition" + number, densenet_family::transition(channels, channels / 2));
    channels /= 2;
  }
  layers->append("norm5", torch::nn::BatchNorm2d(channels));
  features = register_module("features", layers);
  classifier = register_module("classifier", torch::nn::Linear(channels, num_classes));
  detail::initialise(
      *this, [](torch::nn::Conv2dImpl& conv) { torch::nn::init::kaiming_normal_(conv.weight); },
      [](torch::nn::LinearImpl& linear) { torch::nn::init::zeros_(linear.bias); });
}

torch::Tensor DenseNetImpl::forward(torch::Tensor images) {
  const auto x = features(std::move(images)).relu_();
  return classifier(torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1));
}

DenseNet densenet121(std::optional<DenseNet121_Weights> weights, DenseNetOptions options) {
  return detail::build<DenseNet>(weights, options, 32, std::array<int64_t, 4>{6, 12, 24, 16}, 64);
}

DenseNet densenet161(std::optional<DenseNet161_Weights> weights, DenseNetOptions options) {
  return detail::build<DenseNet>(weights, options, 48, std::array<int64_t, 4>{6, 12, 36, 24}, 96);
}

DenseNet densenet169(std::optional<DenseNet169_Weights> weights, DenseNetOptions options) {
  return detail::build<DenseNet>(weights, options, 32, std::array<int64_t, 4>{6, 12, 32, 32}, 64);
}

DenseNet densenet201(std::optional<DenseNet201_Weights> weights, DenseNetOptions options) {
  return detail::build<DenseNet>(weights, options, 32, std::array<int64_t, 4>{6, 12, 48, 32}, 64);
}

}  // namespace opsis::inline v1::models
