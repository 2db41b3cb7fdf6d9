// Holds what was found in an image against what is there. What the numbers are then is in coco_numbers.cpp.
#include "opsis/engine/coco_evaluator.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::engine {
namespace {

using torch::Tensor;

// numpy.linspace
std::vector<double> even_steps(double first, double last, int64_t count) {
  std::vector<double> out;
  const auto step = (last - first) / static_cast<double>(count - 1);
  for (int64_t i = 0; i < count; ++i) out.push_back(static_cast<double>(i) * step + first);
  out.back() = last;
  return out;
}

template <class T>
void set_unless_given(std::vector<T>& given, std::vector<T> usual) {
  if (given.empty()) given = std::move(usual);
}

// numpy.spacing(1)
constexpr double kSpacing = std::numeric_limits<double>::epsilon();

// A row of numbers for each label, as doubles.
Tensor rows(std::string_view side, std::string_view name, const Tensor& tensor, int64_t count, int64_t numbers) {
  if (!tensor.defined()) return tensor;
  OPSIS_CHECK(tensor.dim() == (numbers == 1 ? 1 : 2) && tensor.size(0) == count && (numbers == 1 || tensor.size(1) == numbers),
              "CocoEvaluator: the {} of the {} must have {} for each of {} labels, got {}", name, side,
              numbers == 1 ? "a number" : "4 numbers", count, detail::shape(tensor));
  return tensor.to(torch::kCPU, torch::kFloat64).contiguous();
}

// What is no number would be found wherever something is: no comparison tells it from a perfect match.
void check_finite(std::string_view side, std::string_view name, size_t row, std::span<const double> numbers) {
  OPSIS_CHECK(std::all_of(numbers.begin(), numbers.end(), [](double number) { return std::isfinite(number); }),
              "CocoEvaluator: the {} of the {} must be finite; row {} is not", name, side, row);
}

std::vector<int64_t> labels_of(std::string_view side, const Tensor& labels) {
  OPSIS_CHECK(labels.defined() && labels.dim() == 1 && c10::isIntegralType(labels.scalar_type(), false),
              "CocoEvaluator: the labels of the {} must be (N) whole numbers, got {}", side, detail::shape(labels));
  const auto flat = labels.to(torch::kCPU, torch::kInt64).contiguous();
  return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
}

std::set<int64_t> set_of(const Tensor& labels) {
  const auto all = labels_of("target", labels);
  return {all.begin(), all.end()};
}

std::vector<double> numbers_of(const Tensor& row) {
  return {row.const_data_ptr<double>(), row.const_data_ptr<double>() + row.numel()};
}

// Widths and heights are subtracted in the type that the boxes have, as torchvision's references do.
std::vector<io::RunBox> boxes_of(std::string_view side, const Tensor& boxes, BoundingBoxFormat format, int64_t count) {
  rows(side, "boxes", boxes, count, 4);
  const auto xywh = transforms::functional::convert_bounding_box_format(boxes, format, BoundingBoxFormat::XYWH)
                        .to(torch::kCPU, torch::kFloat64)
                        .contiguous();
  std::vector<io::RunBox> out(static_cast<size_t>(count));
  for (size_t i = 0; i < out.size(); ++i) {
    std::copy_n(xywh.const_data_ptr<double>() + 4 * i, 4, out[i].begin());
    check_finite(side, "boxes", i, out[i]);
  }
  return out;
}

}  // namespace

// What is in one image, or was found in it: a row each.
struct CocoEvaluator::Side {
  std::vector<int64_t> labels;
  std::vector<size_t> kept;  // those rows that count, in their order
  std::vector<io::RunBox> boxes;
  const std::vector<io::RunLengths>* masks = nullptr;
  Tensor key_points;  // (N, K, 2 or 3) float64
  std::vector<double> areas, scores;
  std::vector<bool> crowd, left_out;
  std::set<int64_t> incomplete;  // labels

  std::vector<size_t> rows_of(int64_t label) const {
    std::vector<size_t> out;
    for (const auto i : kept) {
      if (labels[i] == label) out.push_back(i);
    }
    return out;
  }

  void keep_all() {
    kept.resize(labels.size());
    std::iota(kept.begin(), kept.end(), size_t{0});
  }
  void keep_best(int64_t count) {
    std::stable_sort(kept.begin(), kept.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
    kept.resize(static_cast<size_t>(count));
  }

  // The boxes of masks and of points, and the areas of all.
  void measure(CocoKind kind, bool boxes_are_given) {
    for (size_t i = 0; i < labels.size(); ++i) {
      if (kind == CocoKind::Masks) {
        boxes.push_back(io::bounding_box((*masks)[i]));
        areas.push_back(static_cast<double>(io::area((*masks)[i])));
        continue;
      }
      if (!boxes_are_given) {
        const auto points = key_points[static_cast<int64_t>(i)].slice(1, 0, 2);
        const auto least = numbers_of(points.amin(0)), most = numbers_of(points.amax(0));
        boxes.push_back({least[0], least[1], most[0] - least[0], most[1] - least[1]});
      }
      areas.push_back(boxes[i][2] * boxes[i][3]);
    }
  }
};

namespace {

// Object key point similarity: how near the points are, for the size of the thing and for how well people place each point.
double likeness_of_points(const double* found, int64_t stride, const double* truth, const io::RunBox& box, double area,
                          const std::vector<double>& sigmas) {
  bool any = false;
  for (size_t k = 0; k < sigmas.size(); ++k) any = any || truth[3 * k + 2] > 0;
  double sum = 0;
  int64_t count = 0;
  for (size_t k = 0; k < sigmas.size(); ++k) {
    const auto* point = found + static_cast<int64_t>(k) * stride;
    double dx = point[0] - truth[3 * k], dy = point[1] - truth[3 * k + 1];
    if (!any) {
      // No point is labelled: those within twice the box are right.
      const auto beyond = [](double at, double from, double length) {
        return std::max(0.0, from - length - at) + std::max(0.0, at - (from + length * 2));
      };
      dx = beyond(point[0], box[0], box[2]);
      dy = beyond(point[1], box[1], box[3]);
    } else if (!(truth[3 * k + 2] > 0)) {
      continue;
    }
    const auto variance = (sigmas[k] * 2) * (sigmas[k] * 2);
    sum += std::exp(-((dx * dx + dy * dy) / variance / (area + kSpacing) / 2));
    ++count;
  }
  return sum / static_cast<double>(count);
}

}  // namespace

CocoOptions lvis_options(CocoKind kind, std::map<int64_t, LvisFrequency> frequencies) {
  OPSIS_CHECK(kind != CocoKind::KeyPoints, "lvis_options: LVIS has boxes and masks, no key points");
  CocoOptions options;
  options.kind = kind;
  options.max_detections = {300};
  options.federated = true;
  options.max_per_image = 300;
  options.frequencies = std::move(frequencies);
  return options;
}

CocoEvaluator::CocoEvaluator(CocoOptions options) : options_(std::move(options)) {
  const bool points = options_.kind == CocoKind::KeyPoints;
  constexpr double all = 1e5 * 1e5, small = 32 * 32, medium = 96 * 96;
  std::vector<CocoAreaRange> ranges{{"all", 0, all}, {"small", 0, small}, {"medium", small, medium}, {"large", medium, all}};
  if (points) ranges.erase(ranges.begin() + 1);
  set_unless_given(options_.area_ranges, std::move(ranges));
  set_unless_given(options_.iou_thresholds, even_steps(0.5, 0.95, 10));
  set_unless_given(options_.recall_thresholds, even_steps(0, 1, 101));
  set_unless_given(options_.max_detections, points ? std::vector<int64_t>{20} : std::vector<int64_t>{1, 10, 100});
  set_unless_given(options_.sigmas, {0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107,
                                     0.087, 0.087, 0.089, 0.089});

  const auto& most = options_.max_detections;
  OPSIS_CHECK(options_.iou_thresholds.size() <= 64, "CocoEvaluator: there must be at most 64 iou_thresholds, got {}",
              options_.iou_thresholds.size());
  OPSIS_CHECK(most.front() > 0 && std::is_sorted(most.begin(), most.end()),
              "CocoEvaluator: max_detections must be positive and ascend");
  OPSIS_CHECK(std::is_sorted(options_.recall_thresholds.begin(), options_.recall_thresholds.end()),
              "CocoEvaluator: recall_thresholds must ascend");
  OPSIS_CHECK(!is_rotated_bounding_format(options_.box_format), "CocoEvaluator: boxes must be upright, got {}",
              options_.box_format);
}

void CocoEvaluator::update(int64_t image_id, const CocoTarget& target, const CocoDetections& detections) {
  OPSIS_CHECK(!images_.contains(image_id), "CocoEvaluator: image {} was there before; each may come once", image_id);
  const bool points = options_.kind == CocoKind::KeyPoints;

  const auto read = [&](std::string_view name, const auto& from, bool boxes_are_given, int64_t point_numbers) {
    Side side;
    side.labels = labels_of(name, from.labels);
    side.keep_all();
    const auto count = std::ssize(side.labels);
    if (boxes_are_given && count > 0) {
      OPSIS_CHECK(from.boxes.defined(), "CocoEvaluator: the {} must have boxes", name);
      side.boxes = boxes_of(name, from.boxes, options_.box_format, count);
    }
    if (options_.kind == CocoKind::Masks) {
      OPSIS_CHECK(std::ssize(from.masks) == count, "CocoEvaluator: the {} must have a mask for each of {} labels, got {}", name,
                  count, from.masks.size());
      side.masks = &from.masks;
    }
    if (points && count > 0) {
      const auto& all = from.key_points;
      OPSIS_CHECK(all.defined() && all.dim() == 3 && all.size(0) == count && all.size(1) == std::ssize(options_.sigmas) &&
                      all.size(2) >= point_numbers && all.size(2) <= 3,
                  "CocoEvaluator: the key points of the {} must be ({}, {}, 3), one for each label and sigma, got {}", name,
                  count, options_.sigmas.size(), detail::shape(all));
      side.key_points = all.to(torch::kCPU, torch::kFloat64).contiguous();
      const auto numbers = static_cast<size_t>(all.size(2)), row = static_cast<size_t>(all.size(1)) * numbers;
      const auto* const points_of = side.key_points.const_data_ptr<double>();
      for (size_t i = 0; i < side.labels.size() * row; i += numbers) {
        const bool is_looked_at = point_numbers == 2 || points_of[i + 2] > 0;
        if (is_looked_at) check_finite(name, "key points", i / row, {points_of + i, 2});
      }
    }
    side.measure(options_.kind, boxes_are_given);
    return side;
  };
  const auto check_masks = [&](const std::vector<io::RunLengths>& masks, Size size) {
    for (const auto& mask : masks) {
      OPSIS_CHECK(mask.size == size, "CocoEvaluator: all masks of an image must have one size, got {} and {}", size, mask.size);
    }
  };
  if (options_.kind == CocoKind::Masks && !(target.masks.empty() && detections.masks.empty())) {
    const auto size = (target.masks.empty() ? detections.masks : target.masks)[0].size;
    check_masks(target.masks, size);
    check_masks(detections.masks, size);
  }
  auto truth = read("target", target, options_.kind != CocoKind::Masks, 3);
  auto found = read("detections", detections, options_.kind == CocoKind::Boxes, 2);

  const auto truths = std::ssize(truth.labels), count = std::ssize(found.labels);
  const auto take_areas = [](std::string_view name, const Tensor& given, Side& side) {
    const auto area = rows(name, "area", given, std::ssize(side.labels), 1);
    if (!area.defined()) return;
    side.areas = numbers_of(area);
    for (size_t i = 0; i < side.areas.size(); ++i) check_finite(name, "areas", i, {&side.areas[i], 1});
  };
  take_areas("target", target.area, truth);
  take_areas("detections", detections.area, found);
  const auto crowd = rows("target", "is_crowd", target.is_crowd, truths, 1);
  const auto counts = rows("target", "num_keypoints", target.num_keypoints, truths, 1);
  const auto has_points = [&](int64_t i) {
    if (counts.defined()) return counts.const_data_ptr<double>()[i] != 0;
    return truth.key_points[i].select(1, 2).gt(0).any().item<bool>();
  };
  for (int64_t i = 0; i < truths; ++i) {
    truth.crowd.push_back(crowd.defined() && crowd.const_data_ptr<double>()[i] != 0);
    truth.left_out.push_back(truth.crowd.back() || (points && !has_points(i)));
  }
  const auto scores = rows("detections", "scores", detections.scores, count, 1);
  OPSIS_CHECK(scores.defined() || count == 0, "CocoEvaluator: the detections must have scores");
  if (count > 0) found.scores = numbers_of(scores);
  for (const auto score : found.scores) OPSIS_CHECK(!std::isnan(score), "CocoEvaluator: scores must be numbers, got NaN");

  std::set<int64_t> labels(truth.labels.begin(), truth.labels.end());
  if (options_.federated) {
    if (target.absent.defined()) labels.merge(set_of(target.absent));
    if (target.incomplete.defined()) truth.incomplete = set_of(target.incomplete);
  } else {
    labels.insert(found.labels.begin(), found.labels.end());
  }
  if (options_.max_per_image > 0 && count > options_.max_per_image) found.keep_best(options_.max_per_image);
  std::map<int64_t, Label> judged;
  for (const auto label : labels) judged.emplace(label, judge(image_id, truth, found, label));
  images_.insert(image_id);
  for (const auto& [label, seen] : judged) labels_[label].add(seen);
}

// Detections in turn, the best first, each take the truth most like them that is still to be had. Truths that do not count (crowds,
// other areas) are taken only where none that counts is alike enough.
CocoEvaluator::Label CocoEvaluator::judge(int64_t image_id, const Side& truth, const Side& found, int64_t label) const {
  const auto truths = truth.rows_of(label);
  auto detections = found.rows_of(label);
  std::stable_sort(detections.begin(), detections.end(), [&](size_t a, size_t b) { return found.scores[a] > found.scores[b]; });
  detections.resize(std::min(detections.size(), static_cast<size_t>(options_.max_detections.back())));

  std::vector<double> likeness(detections.size() * truths.size());
  for (size_t d = 0; d < detections.size(); ++d) {
    for (size_t g = 0; g < truths.size(); ++g) {
      const auto i = detections[d], j = truths[g];
      auto& value = likeness[d * truths.size() + g];
      if (options_.kind == CocoKind::KeyPoints) {
        const auto a = static_cast<int64_t>(i), b = static_cast<int64_t>(j);
        const auto stride = found.key_points.size(2);
        value = likeness_of_points(found.key_points.const_data_ptr<double>() + a * found.key_points.stride(0), stride,
                                   truth.key_points.const_data_ptr<double>() + b * truth.key_points.stride(0), truth.boxes[j],
                                   truth.areas[j], options_.sigmas);
        continue;
      }
      value = io::run_iou(found.boxes[i], truth.boxes[j], truth.crowd[j]);
      if (options_.kind == CocoKind::Masks && value > 0) {
        value = io::run_iou((*found.masks)[i], (*truth.masks)[j], truth.crowd[j]);
      }
    }
  }

  const auto areas = options_.area_ranges.size();
  const bool incomplete = truth.incomplete.contains(label);
  Label out;
  out.truths.resize(areas);
  out.verdicts.resize(detections.size() * areas);
  for (size_t d = 0; d < detections.size(); ++d) {
    out.detections.push_back({found.scores[detections[d]], image_id, static_cast<int64_t>(d)});
  }
  for (size_t a = 0; a < areas; ++a) {
    const auto beyond = [&](double area) {
      return area < options_.area_ranges[a].least || area > options_.area_ranges[a].most;
    };
    std::vector<bool> left_out;
    for (const auto g : truths) left_out.push_back(truth.left_out[g] || beyond(truth.areas[g]));
    std::vector<size_t> order(truths.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_partition(order.begin(), order.end(), [&](size_t g) { return !left_out[g]; });
    out.truths[a] = std::count(left_out.begin(), left_out.end(), false);

    for (size_t t = 0; t < options_.iou_thresholds.size(); ++t) {
      std::vector<bool> taken(truths.size());
      for (size_t d = 0; d < detections.size(); ++d) {
        auto best = std::min(options_.iou_thresholds[t], 1 - 1e-10);
        std::optional<size_t> match;
        for (const auto g : order) {
          if (taken[g] && !truth.crowd[truths[g]]) continue;
          if (match && !left_out[*match] && left_out[g]) break;
          if (likeness[d * truths.size() + g] < best) continue;
          best = likeness[d * truths.size() + g];
          match = g;
        }
        auto& verdict = out.verdicts[d * areas + a];
        const auto bit = uint64_t{1} << t;
        if (match) {
          taken[*match] = true;
          verdict.found |= bit;
          if (left_out[*match]) verdict.ignored |= bit;
        } else if (incomplete || beyond(found.areas[detections[d]])) {
          verdict.ignored |= bit;
        }
      }
    }
  }
  return out;
}

void CocoEvaluator::Label::add(const Label& other) {
  detections.insert(detections.end(), other.detections.begin(), other.detections.end());
  verdicts.insert(verdicts.end(), other.verdicts.begin(), other.verdicts.end());
  truths.resize(other.truths.size());
  for (size_t a = 0; a < truths.size(); ++a) truths[a] += other.truths[a];
}

void CocoEvaluator::merge(const CocoEvaluator& other) {
  OPSIS_CHECK(options_ == other.options_, "CocoEvaluator: what is merged must have the same options");
  for (const auto image : other.images_) {
    OPSIS_CHECK(!images_.contains(image), "CocoEvaluator: image {} was seen by both; each may come once", image);
  }
  images_.insert(other.images_.begin(), other.images_.end());
  for (const auto& [label, seen] : other.labels_) labels_[label].add(seen);
}

void CocoEvaluator::reset() {
  images_.clear();
  labels_.clear();
}

}  // namespace opsis::inline v1::engine
