// Measures tensors to choose the scale and the zero point that they are quantized with.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>

#include "opsis/core/api.h"

namespace opsis::inline v1::models::quantization {

/// A quantized number q stands for scale * (q - zero_point).
struct QParams {
  double scale = 1;
  int64_t zero_point = 0;
};

/// Sees tensors and says how tensors like these are best quantized, as quint8 from 0 to `most`. Without having seen one: scale 1
/// and zero point 0.
class OPSIS_API Observer {
 public:
  virtual ~Observer();
  virtual void observe(const torch::Tensor& x) = 0;
  virtual QParams qparams() const = 0;
  /// Observes x and gives what goes on through the model: x itself, or what quantization would leave of it.
  virtual torch::Tensor pass(torch::Tensor x);
};

/// From the smallest and largest number seen.
/// Source   torch.ao.quantization.MinMaxObserver
class OPSIS_API MinMaxObserver final : public Observer {
 public:
  explicit MinMaxObserver(int64_t most = 127) : most_(most) {}
  void observe(const torch::Tensor& x) override;
  QParams qparams() const override;

 private:
  int64_t most_;
  torch::Tensor min_, max_;
};

/// From a histogram of what was seen: the range that makes the squared error smallest, outliers may lie outside.
/// Source   torch.ao.quantization.HistogramObserver
class OPSIS_API HistogramObserver final : public Observer {
 public:
  explicit HistogramObserver(int64_t most = 127) : most_(most) {}
  void observe(const torch::Tensor& x) override;
  QParams qparams() const override;

 private:
  std::pair<torch::Tensor, torch::Tensor> search() const;
  double error(int64_t first_bin, int64_t last_bin) const;

  int64_t most_;
  torch::Tensor histogram_, min_, max_;
};

/// Weights as qint8, symmetric about 0: with a scale for each of the first axis, or with one.
/// Source   torch.ao.quantization.default_per_channel_weight_observer, default_weight_observer
OPSIS_API torch::Tensor quantize_weight(const torch::Tensor& weight, bool per_channel);

namespace detail {
/// What numbers between these two are quantized with; both are float scalars.
QParams affine_qparams(const torch::Tensor& min, const torch::Tensor& max, int64_t most);
/// Weights that lie between these: scalars, or one of each for each of the first axis.
torch::Tensor quantize_weight_between(const torch::Tensor& weight, const torch::Tensor& min, const torch::Tensor& max);
}  // namespace detail

}  // namespace opsis::inline v1::models::quantization
