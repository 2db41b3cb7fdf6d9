#include "opsis/models/quantization/fake_quantize.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/fake_quantize_per_tensor_affine.h>
#include <ATen/ops/full.h>
#include <ATen/ops/fused_moving_avg_obs_fake_quant.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <limits>

namespace opsis::inline v1::models::quantization {
namespace {

using torch::Tensor;

constexpr double averaging_constant = 0.01;
constexpr auto infinity = std::numeric_limits<float>::infinity();

/// What Python keeps a level deeper.
class RangeImpl final : public torch::nn::Module, public hub::Versioned {
 public:
  RangeImpl(const Tensor& min_val, const Tensor& max_val) : torch::nn::Module("MovingAverageMinMaxObserver") {
    register_buffer("eps", at::full({1}, std::numeric_limits<float>::epsilon()));
    register_buffer("min_val", min_val);
    register_buffer("max_val", max_val);
  }
  int64_t state_version() const override { return 3; }
};

class FixedRangeImpl final : public torch::nn::Module {
 public:
  FixedRangeImpl(const Tensor& scale, const Tensor& zero_point) : torch::nn::Module("FixedQParamsObserver") {
    register_buffer("scale", scale);
    register_buffer("zero_point", zero_point);
  }
};

Tensor as_channels(const Tensor& factors) { return factors.reshape({1, -1, 1, 1}); }

}  // namespace

FakeQuantizeImpl::FakeQuantizeImpl(int64_t most) : torch::nn::Module("FakeQuantize"), least_(0), most_(most) {
  scale = at::ones({1});
  min_val = at::full({}, infinity);
  register_all();
}

FakeQuantizeImpl::FakeQuantizeImpl(const Tensor& weight, bool per_channel)
    : torch::nn::Module("FakeQuantize"), least_(-128), most_(127), of_weight_(true), per_channel_(per_channel) {
  scale = at::ones({per_channel ? weight.size(0) : 1});
  min_val = per_channel ? at::full({weight.size(0)}, infinity) : at::full({}, infinity);
  register_all();
}

void FakeQuantizeImpl::register_all() {
  fake_quant_enabled = register_buffer("fake_quant_enabled", at::ones({1}, torch::kInt64));
  observer_enabled = register_buffer("observer_enabled", at::ones({1}, torch::kInt64));
  register_buffer("scale", scale);
  zero_point = register_buffer("zero_point", at::zeros(scale.sizes(), torch::kInt));
  max_val = -min_val;
  register_module("activation_post_process", std::make_shared<RangeImpl>(min_val, max_val));
}

Tensor FakeQuantizeImpl::forward(Tensor x) {
  return at::fused_moving_avg_obs_fake_quant(x, observer_enabled, fake_quant_enabled, min_val, max_val, scale, zero_point,
                                             averaging_constant, least_, most_, /*ch_axis=*/per_channel_ ? 0 : -1, per_channel_,
                                             /*symmetric_quant=*/of_weight_);
}

void FakeQuantizeImpl::observe(const Tensor& x) {
  const torch::NoGradGuard no_grad;
  forward(x);
}

QParams FakeQuantizeImpl::qparams() const {
  if (min_val.item<float>() > max_val.item<float>()) return {};  // saw nothing
  return detail::affine_qparams(min_val, max_val, most_);
}

Tensor FakeQuantizeImpl::quantized(const Tensor& weight) {
  observe(weight);
  return detail::quantize_weight_between(weight.detach(), min_val, max_val);
}

FixedFakeQuantizeImpl::FixedFakeQuantizeImpl() : torch::nn::Module("FixedFakeQuantize") {
  fake_quant_enabled = register_buffer("fake_quant_enabled", at::ones({1}, torch::kUInt8));
  observer_enabled = register_buffer("observer_enabled", at::ones({1}, torch::kUInt8));
  scale = register_buffer("scale", at::full({1}, 1.0 / 256));
  zero_point = register_buffer("zero_point", at::zeros({1}, torch::kInt));
  register_module("activation_post_process", std::make_shared<FixedRangeImpl>(scale, zero_point));
}

Tensor FixedFakeQuantizeImpl::forward(Tensor x) {
  if (fake_quant_enabled.item<uint8_t>() == 0) return x;
  return at::fake_quantize_per_tensor_affine(x, scale, zero_point, 0, 255);
}

QParams FixedFakeQuantizeImpl::qparams() const { return {scale.item<float>(), zero_point.item<int>()}; }

QatConv2dImpl::QatConv2dImpl(std::shared_ptr<torch::nn::Conv2dImpl> conv, std::shared_ptr<torch::nn::Module> batch_norm,
                             bool relu)
    : torch::nn::Module("QatConv2d"),
      conv_(std::move(conv)),
      norm_(std::dynamic_pointer_cast<torch::nn::BatchNorm2dImpl>(batch_norm)),
      relu_(relu) {
  register_parameter("weight", conv_->weight);
  if (conv_->bias.defined()) register_parameter("bias", conv_->bias);
  if (norm_) register_module("bn", norm_);
}

void QatConv2dImpl::prepare(int64_t most, bool per_channel) {
  weight_fake_quant_ = register_module("weight_fake_quant", FakeQuantize(conv_->weight, per_channel));
  activation_post_process_ = register_module("activation_post_process", FakeQuantize(most));
}

Tensor QatConv2dImpl::forward(Tensor x) {
  const auto convolve = [&](const Tensor& weight, const Tensor& bias) {
    const auto& o = conv_->options;
    return at::conv2d(x, weight, bias, *o.stride(), *std::get<torch::ExpandingArray<2>>(o.padding()), *o.dilation(),
                      o.groups());
  };
  const auto rounded = [&](const Tensor& weight) { return is_prepared() ? weight_fake_quant_->forward(weight) : weight; };
  Tensor y;
  if (norm_ && is_prepared()) {
    // What will be rounded is the weight with the norm folded in; for the statistics the factor is taken out again.
    const auto factor = norm_->weight / (norm_->running_var + norm_->options.eps()).sqrt();
    y = convolve(rounded(conv_->weight * factor.reshape({-1, 1, 1, 1})), {}) / as_channels(factor);
    if (conv_->bias.defined()) y = y + as_channels(conv_->bias);
  } else {
    y = convolve(rounded(conv_->weight), conv_->bias);
  }
  if (norm_) y = norm_->forward(y);
  if (relu_) y = y.relu();
  return is_prepared() ? activation_post_process_->forward(y) : y;
}

QuantizedConv2d QatConv2dImpl::converted() {
  const FoldedConv2d folded(*conv_, norm_.get(), relu_);
  const auto bias = folded->bias.defined() ? folded->bias.detach() : folded->bias;
  return QuantizedConv2d(conv_->options, weight_fake_quant_->quantized(folded->weight), bias, relu_,
                         activation_post_process_->qparams());
}

QatLinearImpl::QatLinearImpl(std::shared_ptr<torch::nn::LinearImpl> linear, int64_t most, bool per_channel)
    : torch::nn::Module("QatLinear"),
      linear_(std::move(linear)),
      weight_fake_quant_(linear_->weight, per_channel),
      activation_post_process_(most) {
  register_parameter("weight", linear_->weight);
  if (linear_->bias.defined()) register_parameter("bias", linear_->bias);
  register_module("weight_fake_quant", weight_fake_quant_);
  register_module("activation_post_process", activation_post_process_);
}

Tensor QatLinearImpl::forward(Tensor x) {
  return activation_post_process_->forward(at::linear(x, weight_fake_quant_->forward(linear_->weight), linear_->bias));
}

QuantizedLinear QatLinearImpl::converted() {
  const auto bias = linear_->bias.defined() ? linear_->bias.detach() : linear_->bias;
  return QuantizedLinear(weight_fake_quant_->quantized(linear_->weight), bias, activation_post_process_->qparams());
}

}  // namespace opsis::inline v1::models::quantization
