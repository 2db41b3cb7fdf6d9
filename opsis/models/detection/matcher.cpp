#include "opsis/models/detection/matcher.h"

#include <torch/torch.h>

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models::detection {
namespace matching {

using torch::Tensor;

Tensor permutation(int64_t count, torch::Device device) {
  return device.is_cpu() ? random::permutation(count)
                         : torch::randperm(count, torch::TensorOptions(device).dtype(torch::kInt64));
}

// A mask of `count` of the candidates, as the draw puts them first.
Tensor drawn(const Tensor& candidates, int64_t count) {
  const auto numbers = candidates.nonzero().squeeze(1);
  const auto taken = numbers.index_select(0, permutation(numbers.size(0), numbers.device()).slice(0, 0, count));
  return torch::zeros_like(candidates).index_fill_(0, taken, true);
}

}  // namespace matching

using torch::Tensor;

Tensor Matcher::operator()(const Tensor& qualities) const {
  OPSIS_CHECK(low_threshold <= high_threshold, "Matcher: low_threshold must not be above high_threshold, got {} and {}",
              low_threshold, high_threshold);
  OPSIS_CHECK(qualities.dim() == 2 && qualities.numel() > 0, "Matcher: there must be targets and predictions, got {}",
              opsis::detail::shape(qualities));
  const auto [best, best_target] = qualities.max(0);
  auto matches = torch::where(best < low_threshold, BELOW_LOW_THRESHOLD, best_target);
  matches = torch::where((best >= low_threshold).logical_and(best < high_threshold), BETWEEN_THRESHOLDS, matches);
  if (!allow_low_quality_matches) return matches;
  // One that is nobody's best stays as it is.
  const auto best_of_target = std::get<0>(qualities.max(1, /*keepdim=*/true));
  return torch::where((qualities == best_of_target).any(0), best_target, matches);
}

Tensor SSDMatcher::operator()(const Tensor& qualities) const {
  auto matches = Matcher{.high_threshold = threshold, .low_threshold = threshold}(qualities);
  const auto best_prediction = std::get<1>(qualities.max(1));
  // One after another: of targets that share their best prediction the last one gets it.
  return matches.index_put_({best_prediction}, torch::arange(best_prediction.size(0), best_prediction.options()));
}

std::pair<Tensor, Tensor> BalancedPositiveNegativeSampler::operator()(const Tensor& labels) const {
  const auto positive = labels >= 1, negative = labels == 0;
  const auto wanted = static_cast<int64_t>(static_cast<double>(batch_size_per_image) * positive_fraction);
  const auto positives = std::min(positive.sum().item<int64_t>(), wanted);
  const auto negatives = std::min(negative.sum().item<int64_t>(), batch_size_per_image - positives);
  auto of_positive = matching::drawn(positive, positives);
  return {std::move(of_positive), matching::drawn(negative, negatives)};
}

void detail::check_iou_thresholds(std::string_view owner, double fg_iou_thresh, double bg_iou_thresh) {
  OPSIS_CHECK(bg_iou_thresh <= fg_iou_thresh, "{}: bg_iou_thresh must not be above fg_iou_thresh, got {} and {}", owner,
              bg_iou_thresh, fg_iou_thresh);
}

}  // namespace opsis::inline v1::models::detection
