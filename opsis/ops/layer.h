// A layer of any class, and layers in a row: what blocks and models are put together from.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/ops/observe.h"

namespace opsis::inline v1::ops {

/// A module from one tensor to one tensor, whatever its class; copies share the module. Any module holder converts:
///     Layer norm = torch::nn::GroupNorm(8, 64);
///     auto y = norm(x);
/// A call costs one indirect call, where torch::nn::AnyModule allocates for argument and result.
class OPSIS_API Layer {
 public:
  /// No layer: converts to false and must not be called.
  Layer() = default;

  template <class Impl>
  requires std::derived_from<Impl, torch::nn::Module> Layer(torch::nn::ModuleHolder<Impl> holder)
      : Layer(holder.is_empty() ? std::shared_ptr<Impl>() : holder.ptr()) {}

  /// Of what get_model gives, too.
  template <class Impl>
  requires std::derived_from<Impl, torch::nn::Module> Layer(std::shared_ptr<Impl> module)
      : module_(std::move(module)), forward_([](torch::nn::Module& module, torch::Tensor x) -> torch::Tensor {
          return ops::call(static_cast<Impl&>(module), std::move(x));
        }) {}

  torch::Tensor operator()(torch::Tensor x) const { return forward_(*module_, std::move(x)); }
  explicit operator bool() const { return module_ != nullptr; }
  /// For register_module, as<T>() and parameters().
  const std::shared_ptr<torch::nn::Module>& module() const { return module_; }

 private:
  std::shared_ptr<torch::nn::Module> module_;
  torch::Tensor (*forward_)(torch::nn::Module&, torch::Tensor) = nullptr;
};

/// Registers the layer's module under that name and gives the layer back, for initialiser lists.
/// Throws   ValueError when there is no layer
OPSIS_API Layer register_layer(torch::nn::Module& parent, const std::string& name, Layer layer);

/// Makes the normalisation that follows a convolution: `[](int64_t channels) { return torch::nn::GroupNorm(8, channels); }`.
using NormLayer = std::function<Layer(int64_t channels)>;

/// Makes an activation: `[] { return torch::nn::GELU(); }`; opsis/ops/activation.h has the usual ones.
using ActivationLayer = std::function<Layer()>;

/// Layers in a row, named "0", "1", ... as in torch.nn.Sequential unless they are given names, and quicker to compile and call
/// than LibTorch's.
class OPSIS_API SequentialImpl : public torch::nn::Module {
 public:
  SequentialImpl() : SequentialImpl(std::vector<Layer>{}) {}
  explicit SequentialImpl(std::vector<Layer> layers);
  void append(Layer layer);
  void append(const std::string& name, Layer layer);
  size_t size() const { return layers_.size(); }
  const Layer& operator[](size_t index) const { return layers_.at(index); }
  torch::Tensor forward(torch::Tensor x);

 private:
  std::vector<Layer> layers_;
};
using Sequential = Observed<torch::nn::ModuleHolder<SequentialImpl>>;

}  // namespace opsis::inline v1::ops
