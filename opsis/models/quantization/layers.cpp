#include "opsis/models/quantization/layers.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/add.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/quantize_per_tensor.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/tensor.h>
#include <torch/nn/modules/batchnorm.h>

#include "opsis/core/check.h"

namespace opsis::inline v1::models::quantization {
namespace {

using hub::Value;
using torch::Tensor;

/// LibTorch's operator of that name, looked up once.
template <class Signature>
c10::TypedOperatorHandle<Signature> torch_operator(const char* name, const char* overload = "") {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, overload).typed<Signature>();
}

Tensor float_scalar(double value) { return torch::tensor(static_cast<float>(value)); }
Tensor int_scalar(int64_t value) { return torch::tensor(value); }

QParams as_qparams(const Value& scale, const Value& zero_point) {
  return {scale.as_tensor().item<float>(), zero_point.as_tensor().item<int64_t>()};
}

Value or_none(const Tensor& tensor) { return tensor.defined() ? Value(tensor) : Value(); }
// A copy: the tensors of a checkpoint may lie in a file that changes.
Tensor or_undefined(const Value& value) { return value.is_none() ? Tensor() : value.as_tensor().clone(); }

std::optional<Tensor> given(const Tensor& tensor) { return tensor.defined() ? std::optional(tensor) : std::nullopt; }

void check_prepared(bool is) { OPSIS_CHECK(is, "convert: the model is not prepared; call prepare or prepare_qat before it"); }

using Pair = std::array<int64_t, 2>;
/// An observer that is a module stands in the state dict under this name.
constexpr auto observer_name = "activation_post_process";
std::shared_ptr<torch::nn::Module> as_module(const std::shared_ptr<Observer>& observer) {
  return std::dynamic_pointer_cast<torch::nn::Module>(observer);
}

/// Python's has its weight in a module of its own.
class LinearPackedParamsImpl final : public torch::nn::Module, public hub::Versioned {
 public:
  LinearPackedParamsImpl() : torch::nn::Module("LinearPackedParams") {}
  int64_t state_version() const override { return 3; }
};

Pair pair(const torch::ExpandingArray<2>& both) { return {(*both)[0], (*both)[1]}; }
Pair padding(const ConvOptions& options) { return pair(std::get<torch::ExpandingArray<2>>(options.padding())); }
c10::List<int64_t> as_list(const Pair& both) { return c10::List<int64_t>({both[0], both[1]}); }

}  // namespace

Slots::~Slots() = default;
QuantizedState::~QuantizedState() = default;

const Layer& Slots::slot(std::string_view name) const {
  for (const auto& [known, layer] : slots_) {
    if (known == name) return layer;
  }
  TORCH_INTERNAL_ASSERT(false, "no slot ", std::string(name));
}

void Slots::add(const std::string& name, Layer layer) {
  self_.register_module(name, layer.module());
  slots_.emplace_back(name, std::move(layer));
}

void Slots::remove(const std::string& name) {
  self_.unregister_module(name);
  std::erase_if(slots_, [&](const auto& slot) { return slot.first == name; });
}

void Slots::swap(std::string_view name, Layer layer) {
  for (auto& [known, held] : slots_) {
    if (known != name) continue;
    self_.replace_module(known, layer.module());
    layer.module()->train(self_.is_training());
    held = std::move(layer);
    return;
  }
}

RowImpl::RowImpl(std::vector<Layer> layers) : torch::nn::Module("Row"), Slots(static_cast<torch::nn::Module&>(*this)) {
  for (auto& layer : layers) append(std::move(layer));
}

Tensor RowImpl::forward(Tensor x) {
  for (const auto& [name, layer] : slots()) x = layer(std::move(x));
  return x;
}

FloatFunctionalImpl::FloatFunctionalImpl() : torch::nn::Module("FloatFunctional") {
  register_module(observer_name, torch::nn::Identity());  // where Python's observer is
}

void FloatFunctionalImpl::observe_by(std::shared_ptr<Observer> observer) {
  observer_ = std::move(observer);
  if (auto module = as_module(observer_)) replace_module(observer_name, std::move(module));
}

Tensor FloatFunctionalImpl::seen(Tensor result) const { return observer_ ? observer_->pass(std::move(result)) : result; }

Tensor FloatFunctionalImpl::add(const Tensor& a, const Tensor& b) {
  if (!qparams_) return seen(at::add(a, b));
  static const auto op = torch_operator<Tensor(Tensor, Tensor, double, int64_t)>("quantized::add");
  return op.call(a, b, qparams_->scale, qparams_->zero_point);
}

Tensor FloatFunctionalImpl::add_relu(const Tensor& a, const Tensor& b) {
  if (!qparams_) return seen(at::add(a, b).relu());
  static const auto op = torch_operator<Tensor(Tensor, Tensor, double, int64_t)>("quantized::add_relu");
  return op.call(a, b, qparams_->scale, qparams_->zero_point);
}

Tensor FloatFunctionalImpl::mul(const Tensor& a, const Tensor& b) {
  if (!qparams_) return seen(at::mul(a, b));
  static const auto op = torch_operator<Tensor(Tensor, Tensor, double, int64_t)>("quantized::mul");
  return op.call(a, b, qparams_->scale, qparams_->zero_point);
}

Tensor FloatFunctionalImpl::cat(const std::vector<Tensor>& parts, int64_t dim) {
  if (!qparams_) return seen(at::cat(parts, dim));
  static const auto op =
      torch_operator<Tensor(const c10::List<Tensor>&, int64_t, std::optional<double>, std::optional<int64_t>)>(
          "quantized::cat");
  // The dispatcher does not look into such a list for whose kernel it is.
  return op.redispatch(c10::DispatchKeySet(c10::DispatchKey::QuantizedCPU), c10::List<Tensor>(parts), dim, qparams_->scale,
                       qparams_->zero_point);
}

void FloatFunctionalImpl::convert() {
  check_prepared(observer_ != nullptr);
  qparams_ = observer_->qparams();
  observer_.reset();
  replace_module(observer_name, torch::nn::Identity());
}

QuantizedState::Entries FloatFunctionalImpl::state() const {
  if (!qparams_) return {};
  return {{"scale", float_scalar(qparams_->scale)}, {"zero_point", int_scalar(qparams_->zero_point)}};
}

void FloatFunctionalImpl::set_state(const std::vector<Value>& values) { qparams_ = as_qparams(values[0], values[1]); }

void QuantStubImpl::observe_by(std::shared_ptr<Observer> observer) {
  observer_ = std::move(observer);
  if (auto module = as_module(observer_)) register_module(observer_name, std::move(module));
}

Tensor QuantStubImpl::forward(Tensor x) {
  if (observer_) return observer_->pass(std::move(x));
  return qparams_ ? at::quantize_per_tensor(x, qparams_->scale, qparams_->zero_point, torch::kQUInt8) : x;
}

void QuantStubImpl::convert() {
  check_prepared(observer_ != nullptr);
  qparams_ = observer_->qparams();
  if (as_module(observer_)) unregister_module(observer_name);
  observer_.reset();
}

QuantizedState::Entries QuantStubImpl::state() const {
  if (!qparams_) return {};
  return {{"scale", float_scalar(qparams_->scale).reshape(1)}, {"zero_point", int_scalar(qparams_->zero_point).reshape(1)}};
}

void QuantStubImpl::set_state(const std::vector<Value>& values) { qparams_ = as_qparams(values[0], values[1]); }

FoldedConv2dImpl::FoldedConv2dImpl(torch::nn::Conv2dImpl& conv, torch::nn::Module* batch_norm, bool relu)
    : torch::nn::Module("FoldedConv2d"), options(conv.options), weight(conv.weight), bias(conv.bias), relu(relu) {
  if (batch_norm) {
    const auto& norm = *batch_norm->as<torch::nn::BatchNorm2dImpl>();
    const torch::NoGradGuard no_grad;
    const auto factor = at::rsqrt(norm.running_var + norm.options.eps());
    const auto before = bias.defined() ? bias : torch::zeros_like(norm.running_mean);
    weight = weight * (norm.weight * factor).reshape({-1, 1, 1, 1});
    bias = (before - norm.running_mean) * factor * norm.weight + norm.bias;
  }
  register_parameter("weight", weight);
  register_parameter("bias", bias);
}

Tensor FoldedConv2dImpl::forward(Tensor x) {
  const auto y =
      at::conv2d(x, weight, bias, pair(options.stride()), padding(options), pair(options.dilation()), options.groups());
  return relu ? y.relu() : y;
}

ObservedImpl::ObservedImpl(Layer layer, std::shared_ptr<Observer> given)
    : torch::nn::Module("Observed"), layer(register_layer(*this, "layer", std::move(layer))), observer(std::move(given)) {
  if (auto module = as_module(observer)) register_module(observer_name, std::move(module));
}

Tensor ObservedImpl::forward(Tensor x) { return observer->pass(layer(std::move(x))); }

QuantizedConv2dImpl::QuantizedConv2dImpl(ConvOptions options, Tensor weight, Tensor bias, bool relu, QParams qparams)
    : torch::nn::Module("QuantizedConv2d"),
      options_(options),
      weight_(std::move(weight)),
      bias_(std::move(bias)),
      relu_(relu),
      qparams_(qparams) {
  pack();
}

void QuantizedConv2dImpl::pack() {
  using Packed = c10::intrusive_ptr<ConvPackedParamsBase<2>>;
  using Numbers = c10::List<int64_t>;
  static const auto prepack =
      torch_operator<Packed(Tensor, std::optional<Tensor>, Numbers, Numbers, Numbers, int64_t)>("quantized::conv2d_prepack");
  packed_ = prepack.call(weight_, given(bias_), as_list(pair(options_.stride())), as_list(padding(options_)),
                         as_list(pair(options_.dilation())), options_.groups());
}

Tensor QuantizedConv2dImpl::forward(Tensor x) {
  return relu_ ? packed_->apply_relu(x, qparams_.scale, qparams_.zero_point)
               : packed_->apply(x, qparams_.scale, qparams_.zero_point);
}

QuantizedState::Entries QuantizedConv2dImpl::state() const {
  return {{"weight", weight_},
          {"bias", or_none(bias_)},
          {"scale", float_scalar(qparams_.scale)},
          {"zero_point", int_scalar(qparams_.zero_point)}};
}

void QuantizedConv2dImpl::set_state(const std::vector<Value>& values) {
  weight_ = values[0].as_tensor().clone();
  bias_ = or_undefined(values[1]);
  qparams_ = as_qparams(values[2], values[3]);
  pack();
}

QuantizedLinearImpl::QuantizedLinearImpl(Tensor weight, Tensor bias, QParams qparams)
    : torch::nn::Module("QuantizedLinear"), weight_(std::move(weight)), bias_(std::move(bias)), qparams_(qparams) {
  register_module("_packed_params", std::make_shared<LinearPackedParamsImpl>());
  pack();
}

void QuantizedLinearImpl::pack() {
  static const auto prepack =
      torch_operator<c10::intrusive_ptr<LinearPackedParamsBase>(Tensor, std::optional<Tensor>)>("quantized::linear_prepack");
  packed_ = prepack.call(weight_, given(bias_));
}

Tensor QuantizedLinearImpl::forward(Tensor x) { return packed_->apply(std::move(x), qparams_.scale, qparams_.zero_point); }

QuantizedState::Entries QuantizedLinearImpl::state() const {
  return {{"scale", float_scalar(qparams_.scale)},
          {"zero_point", int_scalar(qparams_.zero_point)},
          {"_packed_params.dtype", Value::dtype("torch.qint8")},
          {"_packed_params._packed_params", Value::tuple({weight_, or_none(bias_)})}};
}

void QuantizedLinearImpl::set_state(const std::vector<Value>& values) {
  qparams_ = as_qparams(values[0], values[1]);
  weight_ = values[3].items().at(0).as_tensor().clone();
  bias_ = or_undefined(values[3].items().at(1));
  pack();
}

Tensor QuantizedHardswishImpl::forward(Tensor x) {
  static const auto op = torch_operator<Tensor(const Tensor&, double, int64_t)>("quantized::hardswish");
  return op.call(x, qparams_.scale, qparams_.zero_point);
}

QuantizedState::Entries QuantizedHardswishImpl::state() const {
  return {{"scale", float_scalar(qparams_.scale)}, {"zero_point", int_scalar(qparams_.zero_point)}};
}

void QuantizedHardswishImpl::set_state(const std::vector<Value>& values) { qparams_ = as_qparams(values[0], values[1]); }

}  // namespace opsis::inline v1::models::quantization
