#include "opsis/engine/voc_evaluator.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <string_view>
#include <tuple>

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::engine {
namespace {

using torch::Tensor;
using Box = std::array<double, 4>;

// What an image has, or what was found in it: a row each.
struct VocRows {
  std::vector<Box> boxes;
  std::vector<int64_t> labels;
  std::vector<double> numbers;  // scores, or whether a box is difficult

  std::vector<size_t> of(int64_t label) const {
    std::vector<size_t> out;
    for (size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] == label) out.push_back(i);
    }
    return out;
  }
};

VocRows rows_of(std::string_view side, const Tensor& given_boxes, const Tensor& given_labels, const Tensor& given_numbers) {
  OPSIS_CHECK(given_labels.defined() && given_labels.dim() == 1 && c10::isIntegralType(given_labels.scalar_type(), false),
              "VocEvaluator: the labels of the {} must be (N) whole numbers, got {}", side, detail::shape(given_labels));
  const auto count = given_labels.size(0);
  VocRows out;
  if (count == 0) return out;
  OPSIS_CHECK(given_boxes.defined() && given_boxes.sizes() == std::vector<int64_t>({count, 4}),
              "VocEvaluator: the boxes of the {} must be ({}, 4), one for each label, got {}", side, count,
              detail::shape(given_boxes));
  OPSIS_CHECK(!given_numbers.defined() || given_numbers.sizes() == std::vector<int64_t>({count}),
              "VocEvaluator: the {} must have a number for each of {} labels, got {}", side, count,
              detail::shape(given_numbers));
  const auto labels = given_labels.to(torch::kCPU, torch::kInt64).contiguous();
  const auto boxes = given_boxes.to(torch::kCPU, torch::kFloat64).contiguous();
  const auto numbers = given_numbers.defined() ? given_numbers.to(torch::kCPU, torch::kFloat64).contiguous()
                                               : torch::zeros({count}, torch::kFloat64);
  for (int64_t i = 0; i < count; ++i) {
    auto& box = out.boxes.emplace_back();
    std::copy_n(boxes.const_data_ptr<double>() + 4 * i, 4, box.begin());
    OPSIS_CHECK(std::all_of(box.begin(), box.end(), [](double number) { return std::isfinite(number); }),
                "VocEvaluator: the boxes of the {} must be finite; row {} is not", side, i);
    out.labels.push_back(labels.const_data_ptr<int64_t>()[i]);
    out.numbers.push_back(numbers.const_data_ptr<double>()[i]);
  }
  return out;
}

double iou(const Box& a, const Box& b, double beyond) {
  const auto length = [&](double first, double last) { return last - first + beyond; };
  const auto width = length(std::max(a[0], b[0]), std::min(a[2], b[2]));
  const auto height = length(std::max(a[1], b[1]), std::min(a[3], b[3]));
  if (!(width > 0 && height > 0)) return 0;
  const auto area = [&](const Box& box) { return length(box[0], box[2]) * length(box[1], box[3]); };
  return width * height / (area(a) + area(b) - width * height);
}

// Of precisions and recalls as more detections are let in.
double average_of(const std::vector<double>& precision, const std::vector<double>& recall, VocAverage average) {
  if (average == VocAverage::ElevenPoints) {
    double sum = 0;
    for (int step = 0; step <= 10; ++step) {
      double best = 0;
      for (size_t i = 0; i < recall.size(); ++i) {
        if (recall[i] >= step / 10.0) best = std::max(best, precision[i]);
      }
      sum += best;
    }
    return sum / 11;
  }
  double area = 0, best = 0;
  for (size_t i = recall.size(); i-- > 0;) {
    best = std::max(best, precision[i]);
    area += (recall[i] - (i == 0 ? 0 : recall[i - 1])) * best;
  }
  return area;
}

}  // namespace

void VocEvaluator::update(int64_t image_id, const VocTarget& target, const VocDetections& detections) {
  OPSIS_CHECK(!images_.contains(image_id), "VocEvaluator: image {} was there before; each may come once", image_id);
  const auto truth = rows_of("target", target.boxes, target.labels, target.difficult);
  const auto found = rows_of("detections", detections.boxes, detections.labels, detections.scores);
  OPSIS_CHECK(detections.scores.defined() || found.labels.empty(), "VocEvaluator: the detections must have scores");
  for (const auto score : found.numbers) OPSIS_CHECK(!std::isnan(score), "VocEvaluator: scores must be numbers, got NaN");

  images_.insert(image_id);
  std::set<int64_t> labels(truth.labels.begin(), truth.labels.end());
  labels.insert(found.labels.begin(), found.labels.end());
  for (const auto label : labels) {
    auto& seen = labels_[label];
    const auto truths = truth.of(label);
    auto order = found.of(label);
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return found.numbers[a] > found.numbers[b]; });
    seen.truths += std::count_if(truths.begin(), truths.end(), [&](size_t i) { return truth.numbers[i] == 0; });
    std::set<size_t> taken;
    for (size_t rank = 0; rank < order.size(); ++rank) {
      double best = -1;
      std::optional<size_t> match;
      for (const auto i : truths) {
        const auto overlap = iou(found.boxes[order[rank]], truth.boxes[i], options_.whole_pixels ? 1 : 0);
        if (overlap <= best) continue;
        best = overlap;
        match = i;
      }
      auto verdict = Verdict::Wrong;
      if (match && best >= options_.iou_threshold) {
        if (truth.numbers[*match] != 0) {
          verdict = Verdict::LeftOut;
        } else if (taken.insert(*match).second) {
          verdict = Verdict::Right;
        }
      }
      seen.detections.push_back({found.numbers[order[rank]], image_id, static_cast<int64_t>(rank), verdict});
    }
  }
}

void VocEvaluator::merge(const VocEvaluator& other) {
  OPSIS_CHECK(options_ == other.options_, "VocEvaluator: what is merged must have the same options");
  for (const auto image : other.images_) {
    OPSIS_CHECK(!images_.contains(image), "VocEvaluator: image {} was seen by both; each may come once", image);
  }
  images_.insert(other.images_.begin(), other.images_.end());
  for (const auto& [label, seen] : other.labels_) {
    auto& ours = labels_[label];
    ours.truths += seen.truths;
    ours.detections.insert(ours.detections.end(), seen.detections.begin(), seen.detections.end());
  }
}

VocResult VocEvaluator::compute() const {
  VocResult out;
  for (const auto& [label, seen] : labels_) {
    if (seen.truths == 0) continue;
    auto order = seen.detections;
    std::sort(order.begin(), order.end(), [](const Seen& a, const Seen& b) {
      return std::tuple(-a.score, a.image, a.rank) < std::tuple(-b.score, b.image, b.rank);
    });
    std::vector<double> precision, recall;
    double right = 0, wrong = 0;
    for (const auto& detection : order) {
      if (detection.verdict != Verdict::LeftOut) (detection.verdict == Verdict::Right ? right : wrong) += 1;
      precision.push_back(right + wrong > 0 ? right / (right + wrong) : 0);
      recall.push_back(right / static_cast<double>(seen.truths));
    }
    out.average_precision[label] = average_of(precision, recall, options_.average);
  }
  if (out.average_precision.empty()) return out;
  const auto add = [](double sum, const auto& each) { return sum + each.second; };
  out.mean = std::accumulate(out.average_precision.begin(), out.average_precision.end(), 0.0, add) /
             static_cast<double>(out.average_precision.size());
  return out;
}

}  // namespace opsis::inline v1::engine
