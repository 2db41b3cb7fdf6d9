#include "opsis/ops/soft_nms.h"

#include <torch/library.h>
#include <torch/torch.h>

#include <cmath>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/ops/boxes.h"
#include "opsis/ops/by_way_of_cpu.h"
#include "opsis/ops/scored_boxes.h"
#include "opsis/ops/values.h"

namespace opsis::inline v1::ops {
namespace {

using torch::Tensor;

std::tuple<Tensor, Tensor> soft_nms_cpu(const Tensor& boxes, const Tensor& scores, int64_t decay, double iou_threshold,
                                        double sigma, double score_threshold) {
  detail::check_floating_scored_boxes("soft_nms", boxes, scores);
  OPSIS_CHECK(sigma > 0, "soft_nms: sigma must be positive, got {}", sigma);
  const torch::NoGradGuard no_grad;
  const auto given = scores.to(torch::kCPU, torch::kFloat64).contiguous();
  std::vector<double> left(given.const_data_ptr<double>(), given.const_data_ptr<double>() + given.numel());
  std::vector<int64_t> alive(left.size()), keep;
  for (size_t i = 0; i < alive.size(); ++i) alive[i] = static_cast<int64_t>(i);
  std::vector<double> kept;
  const auto score = [&](int64_t box) { return left[static_cast<size_t>(box)]; };
  for (;;) {
    std::erase_if(alive, [&](int64_t box) { return !(score(box) >= score_threshold); });
    if (alive.empty()) break;
    const auto best = std::max_element(alive.begin(), alive.end(), [&](int64_t a, int64_t b) { return score(a) < score(b); });
    const auto box = *best;
    keep.push_back(box);
    kept.push_back(score(box));
    alive.erase(best);
    const auto others = boxes.index_select(0, torch::tensor(alive, torch::kInt64));
    const auto overlaps = box_iou(boxes.narrow(0, box, 1), others).to(torch::kFloat64);
    for (size_t i = 0; i < alive.size(); ++i) {
      const auto overlap = overlaps.const_data_ptr<double>()[i];
      const auto iou = std::isnan(overlap) ? 0 : overlap;  // of boxes without an area
      auto& lowered = left[static_cast<size_t>(alive[i])];
      if (decay == static_cast<int64_t>(Decay::Gaussian)) lowered *= std::exp(-iou * iou / sigma);
      if (decay == static_cast<int64_t>(Decay::Linear) && iou > iou_threshold) lowered *= 1 - iou;
    }
  }
  return {torch::tensor(keep, torch::kInt64), torch::tensor(kept, torch::kFloat64).to(scores.scalar_type())};
}

// An operator, so that a trace calls it again.
TORCH_LIBRARY_FRAGMENT(opsis, m) {
  using c10::DispatchKey;
  m.def(
      "soft_nms(Tensor dets, Tensor scores, int decay, float iou_threshold, float sigma, float score_threshold) -> (Tensor, "
      "Tensor)");
  m.impl("soft_nms", DispatchKey::CPU, soft_nms_cpu);
  m.impl("soft_nms", DispatchKey::CompositeExplicitAutograd, detail::by_way_of_cpu<soft_nms_cpu>);
  m.impl("soft_nms", DispatchKey::Meta, [](const Tensor& boxes, const Tensor&, int64_t, double, double, double) {
    detail::need_values("soft_nms", boxes);
    return std::tuple<Tensor, Tensor>();
  });
  m.impl("soft_nms", DispatchKey::Autograd, torch::CppFunction::makeFallthrough());
}

}  // namespace

ScoredBoxes soft_nms(const Tensor& boxes, const Tensor& scores, const SoftNmsOptions& options) {
  detail::check_floating_scored_boxes("soft_nms", boxes, scores);
  OPSIS_CHECK(options.sigma > 0, "soft_nms: sigma must be positive, got {}", options.sigma);
  detail::need_values("soft_nms", boxes);
  static const auto op =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("opsis::soft_nms", "")
          .typed<std::tuple<Tensor, Tensor>(const Tensor&, const Tensor&, int64_t, double, double, double)>();
  auto [keep, kept] = op.call(boxes, scores, static_cast<int64_t>(options.decay), options.iou_threshold, options.sigma,
                              options.score_threshold);
  return {keep, kept};
}

}  // namespace opsis::inline v1::ops
