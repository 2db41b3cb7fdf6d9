#include "opsis/engine/metrics.h"

#include <ATen/ops/bincount.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::engine {

std::vector<int64_t> correct_within(const torch::Tensor& scores, const torch::Tensor& labels, const std::vector<int64_t>& k) {
  OPSIS_CHECK(scores.dim() == 2 && labels.dim() == 1 && scores.size(0) == labels.size(0),
              "correct_within: scores must be (N, classes) and labels (N), got {} and {}", detail::shape(scores),
              detail::shape(labels));
  std::vector<int64_t> counts;
  if (k.empty()) return counts;
  for (const auto each : k) {
    OPSIS_CHECK(each >= 1 && each <= scores.size(1), "correct_within: k must be from 1 to {} classes, got {}", scores.size(1),
                each);
  }
  const auto best = std::get<1>(scores.topk(*std::max_element(k.begin(), k.end()), 1));
  const auto hits = best.eq(labels.unsqueeze(1));
  for (const auto each : k) counts.push_back(hits.narrow(1, 0, each).sum().item<int64_t>());
  return counts;
}

ConfusionMatrix::ConfusionMatrix(int64_t num_classes) {
  OPSIS_CHECK(num_classes > 0, "ConfusionMatrix: there must be a class, got {}", num_classes);
  counts_ = at::zeros({num_classes, num_classes}, torch::kInt64);
}

void ConfusionMatrix::update(const torch::Tensor& labels, const torch::Tensor& predictions) {
  const auto whole = [](const torch::Tensor& t) { return t.defined() && c10::isIntegralType(t.scalar_type(), false); };
  OPSIS_CHECK(whole(labels) && whole(predictions) && labels.sizes() == predictions.sizes(),
              "ConfusionMatrix: labels and predictions must be whole numbers of one shape, got {} and {}",
              detail::shape(labels), detail::shape(predictions));
  const auto classes = counts_.size(0);
  const auto label = labels.to(torch::kCPU, torch::kInt64).flatten(),
             guess = predictions.to(torch::kCPU, torch::kInt64).flatten();
  const auto known = label.ge(0).logical_and(label.lt(classes));
  const auto guessed = guess.masked_select(known);
  OPSIS_CHECK(guessed.numel() == 0 || (guessed.min().item<int64_t>() >= 0 && guessed.max().item<int64_t>() < classes),
              "ConfusionMatrix: predictions must be from 0 to {}, got {} to {}", classes - 1, guessed.min().item<int64_t>(),
              guessed.max().item<int64_t>());
  // A new tensor each time: copies of this keep theirs.
  counts_ =
      counts_ + at::bincount(label.masked_select(known) * classes + guessed, {}, classes * classes).view({classes, classes});
}

void ConfusionMatrix::merge(const ConfusionMatrix& other) {
  OPSIS_CHECK(counts_.sizes() == other.counts_.sizes(), "ConfusionMatrix: both must have as many classes, got {} and {}",
              counts_.size(0), other.counts_.size(0));
  counts_ = counts_ + other.counts_;
}

double ConfusionMatrix::pixel_accuracy() const {
  return counts_.diagonal().sum().to(torch::kFloat64).div(counts_.sum()).item<double>();
}

torch::Tensor ConfusionMatrix::class_accuracy() const { return counts_.diagonal().to(torch::kFloat64).div(counts_.sum(1)); }

torch::Tensor ConfusionMatrix::iou() const {
  const auto right = counts_.diagonal();
  return right.to(torch::kFloat64).div(counts_.sum(1) + counts_.sum(0) - right);
}

double ConfusionMatrix::mean_iou() const {
  const auto each = iou();
  return each.masked_select(each.isnan().logical_not()).mean().item<double>();
}

FlowErrors flow_errors(const torch::Tensor& predicted, const torch::Tensor& truth, const torch::Tensor& valid) {
  OPSIS_CHECK(
      truth.defined() && predicted.defined() && truth.dim() == 4 && truth.size(1) == 2 && predicted.sizes() == truth.sizes(),
      "flow_errors: flows must be (N, 2, H, W), got {} and {}", detail::shape(predicted), detail::shape(truth));
  auto error = (predicted - truth).square().sum(1).sqrt(), length = truth.square().sum(1).sqrt();
  if (valid.defined()) {
    OPSIS_CHECK(valid.sizes() == error.sizes(), "flow_errors: valid must be (N, H, W), got {}", detail::shape(valid));
    const auto known = valid.to(torch::kBool);
    error = error.masked_select(known);
    length = length.masked_select(known);
  }
  const auto share = [](const torch::Tensor& of) { return of.to(torch::kFloat32).mean().item<double>(); };
  return {.epe = error.mean().item<double>(),
          .within_1 = share(error < 1),
          .within_3 = share(error < 3),
          .within_5 = share(error < 5),
          .f1 = share((error > 3).logical_and(error / length > 0.05)) * 100};
}

}  // namespace opsis::inline v1::engine
