#include "opsis/ops/soft_nms.h"

#include <torch/torch.h>

#include <cmath>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/ops/boxes.h"
#include "opsis/ops/scored_boxes.h"
#include "opsis/ops/values.h"

namespace opsis::inline v1::ops {
namespace {

using torch::Tensor;

void check_scored(std::string_view where, const Tensor& boxes, const Tensor& scores) {
  detail::check_scored_boxes(where, boxes, scores);
  const auto type = boxes.scalar_type();
  OPSIS_CHECK((type == torch::kFloat32 || type == torch::kFloat64) && scores.scalar_type() == type,
              "{}: boxes and scores must both be float32 or float64, got {} and {}", where, type, scores.scalar_type());
  OPSIS_CHECK(boxes.device() == scores.device(), "{}: boxes and scores must be on one device, got {} and {}", where,
              boxes.device(), scores.device());
}

}  // namespace

ScoredBoxes soft_nms(const Tensor& boxes, const Tensor& scores, const SoftNmsOptions& options) {
  check_scored("soft_nms", boxes, scores);
  OPSIS_CHECK(options.sigma > 0, "soft_nms: sigma must be positive, got {}", options.sigma);
  detail::need_values("soft_nms", boxes);
  const torch::NoGradGuard no_grad;
  const auto all = boxes.cpu();
  const auto given = scores.to(torch::kCPU, torch::kFloat64).contiguous();
  std::vector<double> left(given.const_data_ptr<double>(), given.const_data_ptr<double>() + given.numel());
  std::vector<int64_t> alive(left.size()), keep;
  for (size_t i = 0; i < alive.size(); ++i) alive[i] = static_cast<int64_t>(i);
  std::vector<double> kept;
  const auto score = [&](int64_t box) { return left[static_cast<size_t>(box)]; };
  for (;;) {
    std::erase_if(alive, [&](int64_t box) { return !(score(box) >= options.score_threshold); });
    if (alive.empty()) break;
    const auto best = std::max_element(alive.begin(), alive.end(), [&](int64_t a, int64_t b) { return score(a) < score(b); });
    const auto box = *best;
    keep.push_back(box);
    kept.push_back(score(box));
    alive.erase(best);
    const auto others = all.index_select(0, torch::tensor(alive, torch::kInt64));
    const auto overlaps = box_iou(all.narrow(0, box, 1), others).to(torch::kFloat64);
    for (size_t i = 0; i < alive.size(); ++i) {
      const auto overlap = overlaps.const_data_ptr<double>()[i];
      const auto iou = std::isnan(overlap) ? 0 : overlap;  // of boxes without an area
      auto& lowered = left[static_cast<size_t>(alive[i])];
      if (options.decay == Decay::Gaussian) lowered *= std::exp(-iou * iou / options.sigma);
      if (options.decay == Decay::Linear && iou > options.iou_threshold) lowered *= 1 - iou;
    }
  }
  return {torch::tensor(keep, torch::kInt64).to(boxes.device()), torch::tensor(kept, torch::kFloat64).to(scores.options())};
}

Tensor matrix_nms(const Tensor& boxes, const Tensor& scores, const Tensor& idxs, const MatrixNmsOptions& options) {
  check_scored("matrix_nms", boxes, scores);
  detail::check_classes("matrix_nms", boxes, idxs);
  const torch::NoGradGuard no_grad;
  if (boxes.size(0) == 0 || boxes.is_meta()) return scores.clone();
  const auto order = std::get<1>(scores.sort(/*stable=*/true, 0, /*descending=*/true));
  const auto sorted = boxes.index_select(0, order), classes = idxs.index_select(0, order);
  // Of each (better, worse) pair of a class; boxes without an area overlap nothing.
  const auto all = box_iou(sorted, sorted), none = torch::zeros_like(all);
  const auto same = classes.unsqueeze(0).eq(classes.unsqueeze(1));
  const auto iou = torch::where(same.logical_and(all.eq(all)), all, none).triu(1);
  const auto suppressed = std::get<0>(iou.max(0)).unsqueeze(1);  // how much the better one is itself overlapped
  const auto decay = options.decay == Decay::Gaussian ? ((suppressed.square() - iou.square()) * options.sigma).exp()
                                                      // What lies under another exactly is gone, and lowers nothing itself.
                                                      : torch::where(suppressed >= 1, none + 1, (1 - iou) / (1 - suppressed));
  auto out = torch::empty_like(scores);
  out.index_copy_(0, order, scores.index_select(0, order) * std::get<0>(decay.min(0)));
  return out;
}

}  // namespace opsis::inline v1::ops
