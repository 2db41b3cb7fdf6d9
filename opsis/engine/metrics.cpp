#include "opsis/engine/metrics.h"

#include <ATen/ops/topk.h>

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

}  // namespace opsis::inline v1::engine
