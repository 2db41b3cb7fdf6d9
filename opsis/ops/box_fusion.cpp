#include "opsis/ops/box_fusion.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include "opsis/core/check.h"
#include "opsis/ops/values.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::ops {
namespace {

using torch::Tensor;
using Corners4 = std::array<double, 4>;

struct Found {
  Corners4 box;
  double score;
  int64_t label;
};

double overlap_of(const Corners4& a, const Corners4& b) {
  const auto width = std::max(0.0, std::min(a[2], b[2]) - std::max(a[0], b[0]));
  const auto height = std::max(0.0, std::min(a[3], b[3]) - std::max(a[1], b[1]));
  const auto area = [](const Corners4& box) { return (box[2] - box[0]) * (box[3] - box[1]); };
  const auto inter = width * height;
  return inter == 0 ? 0 : inter / (area(a) + area(b) - inter);
}

// Boxes of one thing, and their mean so far.
struct Cluster {
  Corners4 sum{}, mean{};
  double scores = 0;
  int64_t count = 0;

  void add(const Found& found) {
    scores += found.score;
    ++count;
    for (size_t i = 0; i < 4; ++i) {
      sum[i] += found.score * found.box[i];
      mean[i] = scores > 0 ? sum[i] / scores : found.box[i];
    }
  }
};

void check_found(const LabelledBoxes& found, torch::ScalarType type) {
  using opsis::detail::shape;
  const auto& [boxes, scores, labels] = found;
  OPSIS_CHECK(boxes.defined() && boxes.dim() == 2 && boxes.size(1) == 4, "weighted_boxes_fusion: boxes must be (N, 4), got {}",
              shape(boxes));
  OPSIS_CHECK(
      scores.defined() && scores.sizes() == boxes.sizes().slice(0, 1) && labels.defined() && labels.sizes() == scores.sizes(),
      "weighted_boxes_fusion: scores and labels must be ({},), one for each box, got {} and {}", boxes.size(0), shape(scores),
      shape(labels));
  OPSIS_CHECK((type == torch::kFloat32 || type == torch::kFloat64) && boxes.scalar_type() == type &&
                  scores.scalar_type() == type && labels.scalar_type() == torch::kInt64,
              "weighted_boxes_fusion: boxes and scores must all be float32 or float64 and labels int64, got {}, {} and {}",
              boxes.scalar_type(), scores.scalar_type(), labels.scalar_type());
}

}  // namespace

LabelledBoxes weighted_boxes_fusion(const std::vector<LabelledBoxes>& models, const BoxFusionOptions& options) {
  OPSIS_CHECK(!models.empty() && models[0].boxes.defined(), "weighted_boxes_fusion: there must be a model's boxes, got none");
  const auto weights = options.weights.empty() ? std::vector<double>(models.size(), 1) : options.weights;
  OPSIS_CHECK(weights.size() == models.size() && std::all_of(weights.begin(), weights.end(), [](double w) { return w > 0; }),
              "weighted_boxes_fusion: weights must be positive, one for each of {} models", models.size());
  detail::need_no_trace("weighted_boxes_fusion");
  const auto type = models[0].boxes.scalar_type();
  const torch::NoGradGuard no_grad;

  std::vector<Found> all;
  for (size_t m = 0; m < models.size(); ++m) {
    check_found(models[m], type);
    detail::need_values("weighted_boxes_fusion", models[m].boxes);
    const auto boxes = models[m].boxes.to(torch::kCPU, torch::kFloat64).contiguous();
    const auto scores = models[m].scores.to(torch::kCPU, torch::kFloat64).contiguous();
    const auto labels = models[m].labels.cpu().contiguous();
    for (int64_t i = 0; i < boxes.size(0); ++i) {
      const auto score = scores.const_data_ptr<double>()[i];
      if (!(score >= options.score_threshold)) continue;
      const auto* const box = boxes.const_data_ptr<double>() + 4 * i;
      OPSIS_CHECK(box[2] >= box[0] && box[3] >= box[1],
                  "weighted_boxes_fusion: boxes must be XYXY with their corners in order, got {}, {}, {}, {}", box[0], box[1],
                  box[2], box[3]);
      if (box[2] == box[0] || box[3] == box[1]) continue;
      all.push_back({{box[0], box[1], box[2], box[3]}, score * weights[m], labels.const_data_ptr<int64_t>()[i]});
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Found& a, const Found& b) { return a.score > b.score; });

  std::map<int64_t, std::vector<Cluster>> clusters;  // by label
  for (const auto& found : all) {
    auto& of_label = clusters[found.label];
    Cluster* best = nullptr;
    auto most = options.iou_threshold;
    for (auto& cluster : of_label) {
      const auto iou = overlap_of(cluster.mean, found.box);
      if (iou > most) {
        most = iou;
        best = &cluster;
      }
    }
    (best ? *best : of_label.emplace_back()).add(found);
  }

  std::vector<Found> fused;
  const auto sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (const auto& [label, of_label] : clusters) {
    for (const auto& cluster : of_label) {
      const auto models_seen = std::min(static_cast<double>(weights.size()), static_cast<double>(cluster.count));
      fused.push_back({cluster.mean, cluster.scores / static_cast<double>(cluster.count) * models_seen / sum, label});
    }
  }
  std::stable_sort(fused.begin(), fused.end(), [](const Found& a, const Found& b) { return a.score > b.score; });

  const auto count = static_cast<int64_t>(fused.size());
  const auto boxes = torch::empty({count, 4}, torch::kFloat64), scores = torch::empty({count}, torch::kFloat64);
  const auto labels = torch::empty({count}, torch::kInt64);
  for (int64_t i = 0; i < count; ++i) {
    const auto& [box, score, label] = fused[static_cast<size_t>(i)];
    std::copy(box.begin(), box.end(), boxes.mutable_data_ptr<double>() + 4 * i);
    scores.mutable_data_ptr<double>()[i] = score;
    labels.mutable_data_ptr<int64_t>()[i] = label;
  }
  const auto device = models[0].boxes.device();
  return {boxes.to(device, type), scores.to(device, type), labels.to(device)};
}

}  // namespace opsis::inline v1::ops
