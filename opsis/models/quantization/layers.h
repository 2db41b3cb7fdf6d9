// The layers of quantizable models, each before, while and after it is quantized; and modules whose layers can be swapped.
#pragma once

#include <ATen/native/quantized/PackedParams.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/hub/value.h"
#include "opsis/models/layer.h"
#include "opsis/models/quantization/observer.h"

namespace opsis::inline v1::models::quantization {

using ConvOptions = decltype(torch::nn::Conv2dImpl::options);

/// What is swapped in a model while it is quantized: named layers, called by name. Mixed into a module, whose children they are.
class OPSIS_API Slots {
 public:
  virtual ~Slots();
  const std::vector<std::pair<std::string, Layer>>& slots() const { return slots_; }
  const Layer& slot(std::string_view name) const;
  /// Puts another layer in a slot, which keeps its name and place.
  void swap(std::string_view name, Layer layer);

 protected:
  explicit Slots(torch::nn::Module& self) : self_(self) {}
  void add(const std::string& name, Layer layer);
  void remove(const std::string& name);
  /// The slot's layer applied; an empty slot gives what it is given.
  torch::Tensor run(std::string_view name, torch::Tensor x) const { return slot(name)(std::move(x)); }

 private:
  torch::nn::Module& self_;
  std::vector<std::pair<std::string, Layer>> slots_;
};

/// Layers in a row, named "0", "1", ..., that can be swapped.
class OPSIS_API RowImpl final : public torch::nn::Module, public Slots {
 public:
  explicit RowImpl(std::vector<Layer> layers = {});
  void append(Layer layer) { add(std::to_string(slots().size()), std::move(layer)); }
  torch::Tensor forward(torch::Tensor x);
};
TORCH_MODULE(Row);

/// Something with a state of its own in a quantized model's checkpoint.
class OPSIS_API QuantizedState {
 public:
  using Entries = std::vector<std::pair<std::string, hub::Value>>;
  virtual ~QuantizedState();
  /// Its entries as Python names them after the module's own name.
  virtual Entries state() const = 0;
  /// Takes an entry for each of `state()`, in that order.
  virtual void set_state(const std::vector<hub::Value>& values) = 0;
};

/// Arithmetic between tensors, which needs a scale of its own once they are quantized.
/// Source   torch.ao.nn.quantized.FloatFunctional and QFunctional
class OPSIS_API FloatFunctionalImpl final : public torch::nn::Module, public QuantizedState {
 public:
  FloatFunctionalImpl();
  torch::Tensor add(const torch::Tensor& a, const torch::Tensor& b);
  torch::Tensor add_relu(const torch::Tensor& a, const torch::Tensor& b);
  torch::Tensor mul(const torch::Tensor& a, const torch::Tensor& b);
  torch::Tensor cat(const std::vector<torch::Tensor>& parts, int64_t dim);

  void observe_by(std::shared_ptr<Observer> observer);
  void convert();
  Entries state() const override;
  void set_state(const std::vector<hub::Value>& values) override;

 private:
  torch::Tensor seen(torch::Tensor result) const;
  std::shared_ptr<Observer> observer_;
  std::optional<QParams> qparams_;
};
TORCH_MODULE(FloatFunctional);

/// Where a model's input becomes quantized.
/// Source   torch.ao.quantization.QuantStub, torch.ao.nn.quantized.Quantize
class OPSIS_API QuantStubImpl final : public torch::nn::Module, public QuantizedState {
 public:
  QuantStubImpl() : torch::nn::Module("QuantStub") {}
  torch::Tensor forward(torch::Tensor x);
  void observe_by(std::shared_ptr<Observer> observer);
  void convert();
  Entries state() const override;
  void set_state(const std::vector<hub::Value>& values) override;

 private:
  std::shared_ptr<Observer> observer_;
  std::optional<QParams> qparams_;
};
TORCH_MODULE(QuantStub);

/// Where a model's output becomes float again.
/// Source   torch.ao.quantization.DeQuantStub
class OPSIS_API DeQuantStubImpl final : public torch::nn::Module {
 public:
  DeQuantStubImpl() : torch::nn::Module("DeQuantStub") {}
  torch::Tensor forward(torch::Tensor x) { return x.is_quantized() ? x.dequantize() : x; }
};
TORCH_MODULE(DeQuantStub);

/// A convolution with the batch norm and the ReLU behind it folded in, in float.
/// Source   torch.ao.nn.intrinsic.ConvReLU2d, torch.nn.utils.fusion.fuse_conv_bn_eval
class OPSIS_API FoldedConv2dImpl final : public torch::nn::Module {
 public:
  FoldedConv2dImpl(torch::nn::Conv2dImpl& conv, torch::nn::Module* batch_norm, bool relu);
  torch::Tensor forward(torch::Tensor x);

  ConvOptions options;
  torch::Tensor weight, bias;
  bool relu;
};
TORCH_MODULE(FoldedConv2d);

/// A layer whose results are measured. An observer with a state of its own is its "activation_post_process".
class OPSIS_API ObservedImpl final : public torch::nn::Module {
 public:
  ObservedImpl(Layer layer, std::shared_ptr<Observer> observer);
  torch::Tensor forward(torch::Tensor x);

  Layer layer;
  std::shared_ptr<Observer> observer;
};
TORCH_MODULE(Observed);

/// Source   torch.ao.nn.quantized.Conv2d and torch.ao.nn.intrinsic.quantized.ConvReLU2d
class OPSIS_API QuantizedConv2dImpl final : public torch::nn::Module, public QuantizedState {
 public:
  QuantizedConv2dImpl(ConvOptions options, torch::Tensor weight, torch::Tensor bias, bool relu, QParams qparams);
  torch::Tensor forward(torch::Tensor x);
  Entries state() const override;
  void set_state(const std::vector<hub::Value>& values) override;

 private:
  void pack();
  ConvOptions options_;
  torch::Tensor weight_, bias_;
  bool relu_;
  QParams qparams_;
  c10::intrusive_ptr<ConvPackedParamsBase<2>> packed_;
};
TORCH_MODULE(QuantizedConv2d);

/// Source   torch.ao.nn.quantized.Linear
class OPSIS_API QuantizedLinearImpl final : public torch::nn::Module, public QuantizedState, public hub::Versioned {
 public:
  QuantizedLinearImpl(torch::Tensor weight, torch::Tensor bias, QParams qparams);
  torch::Tensor forward(torch::Tensor x);
  Entries state() const override;
  void set_state(const std::vector<hub::Value>& values) override;
  int64_t state_version() const override { return 3; }

 private:
  void pack();
  torch::Tensor weight_, bias_;
  QParams qparams_;
  c10::intrusive_ptr<LinearPackedParamsBase> packed_;
};
TORCH_MODULE(QuantizedLinear);

/// Source   torch.ao.nn.quantized.Hardswish
class OPSIS_API QuantizedHardswishImpl final : public torch::nn::Module, public QuantizedState {
 public:
  explicit QuantizedHardswishImpl(QParams qparams) : torch::nn::Module("QuantizedHardswish"), qparams_(qparams) {}
  torch::Tensor forward(torch::Tensor x);
  Entries state() const override;
  void set_state(const std::vector<hub::Value>& values) override;

 private:
  QParams qparams_;
};
TORCH_MODULE(QuantizedHardswish);

}  // namespace opsis::inline v1::models::quantization
