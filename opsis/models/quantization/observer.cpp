#include "opsis/models/quantization/observer.h"

#include <ATen/ops/aminmax.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/bucketize.h>
#include <ATen/ops/div.h>
#include <ATen/ops/histc.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/quantize_per_channel.h>
#include <ATen/ops/quantize_per_tensor.h>
#include <ATen/ops/round.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <limits>
#include <vector>

#include "opsis/core/check.h"

namespace opsis::inline v1::models::quantization {
namespace {

using torch::Tensor;

// Python computes scales in its order, float or double as it happens there: they are equal only if both are kept.

constexpr double smallest_scale = std::numeric_limits<float>::epsilon();
constexpr int64_t bins = 2048, target_bins = 256, finer = 16;

/// The integral of x^2 from begin to end, times density.
Tensor norm(const Tensor& begin, const Tensor& end, const Tensor& density) {
  return density * ((end * end * end - begin * begin * begin) / 3);
}

/// A histogram over [min, max] as one over [new_min, new_max]: each bin goes, in sixteen pieces, to where its middles lie.
Tensor rebinned(const Tensor& histogram, const Tensor& min, const Tensor& max, const Tensor& new_min, const Tensor& new_max) {
  const auto pieces = histogram.repeat_interleave(finer) / finer;
  const auto width = (max - min) / (bins * finer);
  const auto middles = at::linspace(min, max, bins * finer + 1).slice(0, 0, -1) + 0.5 * width;
  const auto bounds = at::linspace(new_min, new_max, bins + 1);
  auto places = at::bucketize(middles, bounds, /*out_int32=*/false, /*right=*/true) - 1;
  places.clamp_(0, bins - 1);
  return at::bincount(places, pieces, bins);
}

}  // namespace

Observer::~Observer() = default;

Tensor Observer::pass(Tensor x) {
  observe(x);
  return x;
}

QParams detail::affine_qparams(const Tensor& min, const Tensor& max, int64_t most) {
  const auto low = min.clamp_max(0), high = max.clamp_min(0);
  const auto scale = ((high - low) / static_cast<double>(most)).clamp_min(smallest_scale);
  const auto zero_point = (-at::round(low / scale)).to(torch::kInt).clamp(0, most);
  return {scale.item<float>(), zero_point.item<int>()};
}

void MinMaxObserver::observe(const Tensor& x) {
  if (x.numel() == 0) return;
  const auto [min, max] = at::aminmax(x.detach().to(torch::kFloat));
  min_ = min_.defined() ? at::min(min, min_) : min;
  max_ = max_.defined() ? at::max(max, max_) : max;
}

QParams MinMaxObserver::qparams() const { return min_.defined() ? detail::affine_qparams(min_, max_, most_) : QParams{}; }

void HistogramObserver::observe(const Tensor& given) {
  auto x = given.detach();
  if (x.numel() == 0) return;
  auto [min, max] = at::aminmax(x);
  if (std::isinf(min.item<float>()) || std::isinf(max.item<float>())) {
    x = x.masked_select(x.abs() != std::numeric_limits<float>::infinity());
    if (x.numel() == 0) return;
    std::tie(min, max) = at::aminmax(x);
  }
  const auto count = [&](const Tensor& low, const Tensor& high) { return at::histc(x, bins, low.item(), high.item()); };
  if (!min_.defined()) {
    histogram_ = count(min, max);
    min_ = min;
    max_ = max;
    return;
  }
  const auto new_min = at::min(min_, min), new_max = at::max(max_, max);
  const auto update = count(new_min, new_max);
  const auto same = [](const Tensor& a, const Tensor& b) { return a.item<float>() == b.item<float>(); };
  if (same(new_min, min_) && same(new_max, max_)) {
    histogram_ = histogram_ + update;
  } else if (same(min_, max_)) {
    histogram_ = at::histc(min_, bins, new_min.item(), new_max.item()) * histogram_.sum() + update;
  } else {
    histogram_ = (update + rebinned(histogram_, min_, max_, new_min, new_max)).to(histogram_.scalar_type());
  }
  min_ = new_min;
  max_ = new_max;
}

QParams HistogramObserver::qparams() const {
  if (!min_.defined()) return {};
  const auto [min, max] = search();
  return detail::affine_qparams(min, max, most_);
}

/// The squared error when bins `first` to `last` are what is quantized.
double HistogramObserver::error(int64_t first, int64_t last) const {
  const double width = (max_.item<float>() - static_cast<double>(min_.item<float>())) / bins;
  const double target = width * static_cast<double>(last - first + 1) / target_bins;
  if (target == 0) return 0;

  const auto begin = (at::arange(bins) - first) * width;
  const auto end = begin + width;
  const auto target_of = [&](const Tensor& place) { return at::div(place, target, "floor").clamp(0, target_bins - 1); };
  const auto begin_in = target_of(begin), end_in = target_of(end);
  const auto begin_centre = (begin_in + 0.5) * target;
  const auto density = histogram_ / width;

  auto sum = at::zeros(bins);
  sum += norm(begin - begin_centre, at::ones(bins) * (target / 2), density);
  sum += (end_in - begin_in - 1) *
         norm(torch::tensor(static_cast<float>(-target / 2)), torch::tensor(static_cast<float>(target / 2)), density);
  const auto end_centre = end_in * target + target / 2;
  sum += norm(torch::tensor(static_cast<float>(-target / 2)), end - end_centre, density);
  return sum.sum().item<float>();
}

/// Takes quantiles off at the side where more bins are empty, as long as the error falls.
/// https://github.com/pytorch/pytorch/blob/v1.6.0/caffe2/quantization/server/norm_minimization.cc
std::pair<Tensor, Tensor> HistogramObserver::search() const {
  const auto width = (max_ - min_) / bins;
  const double total = histogram_.sum().item<double>();
  const auto sums = histogram_.cumsum(0).to(torch::kDouble).contiguous();
  const auto* sum = sums.data_ptr<double>();
  // What a float tensor is compared with is rounded to float first.
  const auto quantile = [&](double part) { return static_cast<double>(static_cast<float>(part * total)); };

  constexpr double step = 1e-5;
  double alpha = 0, beta = 1, least = std::numeric_limits<double>::infinity();
  int64_t first = 0, last = bins - 1;
  while (alpha < beta) {
    const auto next_alpha = alpha + step, next_beta = beta - step;
    auto left = first, right = last;
    while (left < last && sum[left] < quantile(next_alpha)) ++left;
    while (right > first && sum[right] > quantile(next_beta)) --right;

    auto next_first = first, next_last = last;
    if (left - first > last - right) {
      next_first = left;
      alpha = next_alpha;
    } else {
      next_last = right;
      beta = next_beta;
    }
    if (next_first == first && next_last == last) continue;
    const auto now = error(next_first, next_last);
    if (now > least) break;
    least = now;
    first = next_first;
    last = next_last;
  }
  return {min_ + width * first, min_ + width * (last + 1)};
}

Tensor quantize_weight(const Tensor& given, bool per_channel) {
  const auto weight = given.detach().to(torch::kFloat);
  const auto [min, max] = per_channel ? at::aminmax(weight.flatten(1), 1) : at::aminmax(weight);
  return detail::quantize_weight_between(weight, min, max);
}

Tensor detail::quantize_weight_between(const Tensor& weight, const Tensor& min, const Tensor& max) {
  constexpr double half_range = 255 / 2.0;
  const auto reach = at::max(-min.clamp_max(0), max.clamp_min(0));
  const auto scale = (reach / half_range).clamp_min(smallest_scale);
  if (min.dim() == 0) return at::quantize_per_tensor(weight, scale.item<float>(), 0, torch::kQInt8);
  const auto zero_points = at::zeros({weight.size(0)}, torch::kInt64);
  return at::quantize_per_channel(weight, scale.to(torch::kDouble), zero_points, 0, torch::kQInt8);
}

}  // namespace opsis::inline v1::models::quantization
