// COCO's curves and its table of numbers, from verdicts on detections. How those are reached is in coco_evaluator.cpp.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/listed.h"
#include "opsis/core/parallel.h"
#include "opsis/engine/coco_evaluator.h"

namespace opsis::inline v1::engine {
namespace {

using torch::Tensor;

double mean_of_defined(const Tensor& values) {
  const auto there = values.masked_select(values > -1);
  return there.numel() == 0 ? -1 : there.mean().item<double>();
}

}  // namespace

CocoResult CocoEvaluator::compute() const {
  const auto thresholds = options_.iou_thresholds.size(), recalls = options_.recall_thresholds.size(), labels = labels_.size(),
             areas = options_.area_ranges.size(), mosts = options_.max_detections.size();
  const auto n = [](size_t size) { return static_cast<int64_t>(size); };
  CocoResult out;
  out.precision = at::full({n(thresholds), n(recalls), n(labels), n(areas), n(mosts)}, -1.0, torch::kFloat64);
  out.scores = out.precision.clone();
  out.recall = at::full({n(thresholds), n(labels), n(areas), n(mosts)}, -1.0, torch::kFloat64);
  auto *precision = out.precision.mutable_data_ptr<double>(), *scores = out.scores.mutable_data_ptr<double>(),
       *recall = out.recall.mutable_data_ptr<double>();
  std::vector<const Label*> each;
  for (const auto& [label, seen] : labels_) {
    out.labels.push_back(label);
    each.push_back(&seen);
  }

  // The curve of one label: as more detections are let in, how many of them are right, and how much of the truth they find.
  const auto trace = [&](size_t k, size_t a, size_t m, size_t t, const std::vector<size_t>& order, std::vector<double>& right,
                         std::vector<double>& reached, std::vector<double>& from) {
    const auto& seen = *each[k];
    right.clear();
    reached.clear();
    from.clear();
    double hits = 0, misses = 0;
    for (const auto d : order) {
      const auto& detection = seen.detections[d];
      if (detection.rank >= options_.max_detections[m]) continue;
      const auto& verdict = seen.verdicts[d * areas + a];
      const bool counts = !(verdict.ignored >> t & 1), found = verdict.found >> t & 1;
      if (counts) (found ? hits : misses) += 1;
      reached.push_back(hits / static_cast<double>(seen.truths[a]));
      right.push_back(hits / (misses + hits + std::numeric_limits<double>::epsilon()));  // numpy.spacing(1)
      from.push_back(detection.score);
    }
    recall[((t * labels + k) * areas + a) * mosts + m] = reached.empty() ? 0 : reached.back();
    for (size_t i = right.size(); i-- > 1;) right[i - 1] = std::max(right[i - 1], right[i]);
    size_t i = 0;
    for (size_t r = 0; r < recalls; ++r) {
      while (i < reached.size() && reached[i] < options_.recall_thresholds[r]) ++i;
      const auto at = (((t * recalls + r) * labels + k) * areas + a) * mosts + m;
      precision[at] = i < right.size() ? right[i] : 0;
      scores[at] = i < from.size() ? from[i] : 0;
    }
  };
  parallel_for(0, n(labels), 1, [&](int64_t first, int64_t last) {
    std::vector<double> right, reached, from;
    for (auto k = static_cast<size_t>(first); k < static_cast<size_t>(last); ++k) {
      const auto& all = each[k]->detections;
      std::vector<size_t> order(all.size());
      std::iota(order.begin(), order.end(), size_t{0});
      std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        return std::tuple(-all[a].score, all[a].image, all[a].rank) < std::tuple(-all[b].score, all[b].image, all[b].rank);
      });
      for (size_t a = 0; a < areas; ++a) {
        if (each[k]->truths[a] == 0) continue;
        for (size_t m = 0; m < mosts; ++m) {
          for (size_t t = 0; t < thresholds; ++t) trace(k, a, m, t, order, right, reached, from);
        }
      }
    }
  });

  // COCO's table.
  const auto last = n(mosts) - 1;
  const auto number = [&](std::string name, const Tensor& values) {
    out.numbers.push_back({std::move(name), mean_of_defined(values)});
  };
  const auto at_threshold = [&](const Tensor& values, double threshold) {
    for (size_t t = 0; t < thresholds; ++t) {
      if (std::abs(options_.iou_thresholds[t] - threshold) < 1e-9) return values.narrow(0, n(t), 1);
    }
    return values.narrow(0, 0, 0);
  };
  const bool points = options_.kind == CocoKind::KeyPoints;
  const auto precise = out.precision.select(4, last), recalled = out.recall.select(3, last);
  number("AP", precise.select(3, 0));
  number("AP50", at_threshold(precise.select(3, 0), 0.5));
  number("AP75", at_threshold(precise.select(3, 0), 0.75));
  for (size_t a = 1; a < areas; ++a) number("AP" + options_.area_ranges[a].name, precise.select(3, n(a)));
  if (!options_.frequencies.empty()) {
    for (const auto& [name, frequency] : {std::pair{"APrare", LvisFrequency::Rare},
                                          {"APcommon", LvisFrequency::Common},
                                          {"APfrequent", LvisFrequency::Frequent}}) {
      std::vector<int64_t> columns;
      for (size_t k = 0; k < labels; ++k) {
        const auto at = options_.frequencies.find(out.labels[k]);
        if (at != options_.frequencies.end() && at->second == frequency) columns.push_back(n(k));
      }
      number(name, precise.select(3, 0).index_select(2, torch::tensor(columns, torch::kInt64)));
    }
  }
  if (points) {
    number("AR", recalled.select(2, 0));
    number("AR50", at_threshold(recalled.select(2, 0), 0.5));
    number("AR75", at_threshold(recalled.select(2, 0), 0.75));
  } else {
    for (size_t m = 0; m < mosts; ++m) {
      number(text("AR{}", options_.max_detections[m]), out.recall.select(3, n(m)).select(2, 0));
    }
  }
  for (size_t a = 1; a < areas; ++a) number("AR" + options_.area_ranges[a].name, recalled.select(2, n(a)));
  return out;
}

double CocoResult::operator[](std::string_view name) const {
  std::vector<std::string_view> names;
  for (const auto& number : numbers) {
    if (number.name == name) return number.value;
    names.push_back(number.name);
  }
  raise<NotFoundError>("CocoResult: there is no number \"{}\"; there are {}", name, listed(names));
}

double CocoResult::average_precision(int64_t label) const {
  const auto at = std::lower_bound(labels.begin(), labels.end(), label);
  OPSIS_CHECK(at != labels.end() && *at == label, "CocoResult: label {} was not seen", label);
  return mean_of_defined(precision.select(4, -1).select(3, 0).select(2, at - labels.begin()));
}

std::string CocoResult::to_string() const {
  std::string out;
  for (const auto& number : numbers) {
    out += number.name + std::string(12 - std::min<size_t>(number.name.size(), 11), ' ') + fixed(number.value, 3) + "\n";
  }
  return out;
}

}  // namespace opsis::inline v1::engine
