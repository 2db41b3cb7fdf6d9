// Quantization aware training: float layers that round as the quantized ones will, so that training gets used to it.
#pragma once

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "opsis/core/api.h"
#include "opsis/models/quantization/layers.h"
#include "opsis/models/quantization/observer.h"

namespace opsis::inline v1::models::quantization {

/// Measures tensors by a moving average of their smallest and largest numbers, and rounds them to the steps which these give.
/// Gradients pass through as if nothing had been rounded. The state has Python's names; before anything was seen, the ranges of
/// channels have their full length, where Python's are empty.
/// Source   torch.ao.quantization.FusedMovingAvgObsFakeQuantize
class OPSIS_API FakeQuantizeImpl final : public torch::nn::Module, public Observer {
 public:
  /// Of activations: as quint8 from 0 to `most`.
  explicit FakeQuantizeImpl(int64_t most);
  /// Of weights: as qint8, symmetric about 0, with a scale for each of the first axis or with one.
  FakeQuantizeImpl(const torch::Tensor& weight, bool per_channel);
  torch::Tensor forward(torch::Tensor x);
  void observe(const torch::Tensor& x) override;
  torch::Tensor pass(torch::Tensor x) override { return forward(std::move(x)); }
  /// Of activations.
  QParams qparams() const override;
  /// The weight as qint8, seen once more.
  torch::Tensor quantized(const torch::Tensor& weight);

  torch::Tensor fake_quant_enabled, observer_enabled;  ///< int64 (1,): whether to round, whether to measure
  torch::Tensor scale, zero_point;                     ///< those that were used last
  torch::Tensor min_val, max_val;

 private:
  void register_all();
  int64_t least_, most_;
  bool of_weight_ = false, per_channel_ = false;
};
TORCH_MODULE(FakeQuantize);

/// Rounds to steps of 1 / 256, which suits what lies between 0 and 1.
/// Source   torch.ao.quantization.FixedQParamsFakeQuantize for default_fixed_qparams_range_0to1_observer
class OPSIS_API FixedFakeQuantizeImpl final : public torch::nn::Module, public Observer {
 public:
  FixedFakeQuantizeImpl();
  torch::Tensor forward(torch::Tensor x);
  void observe(const torch::Tensor&) override {}
  torch::Tensor pass(torch::Tensor x) override { return forward(std::move(x)); }
  QParams qparams() const override;

  torch::Tensor fake_quant_enabled, observer_enabled, scale, zero_point;
};
TORCH_MODULE(FixedFakeQuantize);

/// A convolution with its batch norm, which goes on learning, and its ReLU; once `prepare` was called, rounding as quantized.
/// Source   torch.ao.nn.intrinsic.qat.ConvBnReLU2d, ConvBn2d and ConvReLU2d, torch.ao.nn.qat.Conv2d
class OPSIS_API QatConv2dImpl final : public torch::nn::Module, public hub::Versioned {
 public:
  /// `batch_norm`, a torch::nn::BatchNorm2d, may be nullptr.
  QatConv2dImpl(std::shared_ptr<torch::nn::Conv2dImpl> conv, std::shared_ptr<torch::nn::Module> batch_norm, bool relu);
  void prepare(int64_t most, bool per_channel);
  int64_t state_version() const override { return norm_ ? 2 : 1; }
  bool is_prepared() const { return !weight_fake_quant_.is_empty(); }
  torch::Tensor forward(torch::Tensor x);
  QuantizedConv2d converted();

 private:
  std::shared_ptr<torch::nn::Conv2dImpl> conv_;  // not registered: its parameters are this module's
  std::shared_ptr<torch::nn::BatchNorm2dImpl> norm_;
  FakeQuantize weight_fake_quant_{nullptr}, activation_post_process_{nullptr};
  bool relu_;
};
TORCH_MODULE(QatConv2d);

/// Source   torch.ao.nn.qat.Linear
class OPSIS_API QatLinearImpl final : public torch::nn::Module {
 public:
  QatLinearImpl(std::shared_ptr<torch::nn::LinearImpl> linear, int64_t most, bool per_channel);
  torch::Tensor forward(torch::Tensor x);
  QuantizedLinear converted();

 private:
  std::shared_ptr<torch::nn::LinearImpl> linear_;  // likewise
  FakeQuantize weight_fake_quant_, activation_post_process_;
};
TORCH_MODULE(QatLinear);

}  // namespace opsis::inline v1::models::quantization
