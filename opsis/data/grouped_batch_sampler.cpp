#include "opsis/data/grouped_batch_sampler.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "opsis/core/check.h"

namespace opsis::inline v1::data {
namespace {

// A batch that is not full.
struct Waiting {
  size_t group;
  std::vector<size_t> batch;
};

// One epoch under way.
struct Grouping {
  Indices indices;
  const std::vector<size_t>& groups;
  size_t batch_size, batches_left;
  std::map<size_t, std::vector<size_t>> seen;
  std::vector<Waiting> waiting;           // in the order in which they were begun, which decides where lengths are equal
  std::vector<std::vector<size_t>> rest;  // the last batch first
  bool sampler_is_empty = false;

  // The batches that are still to come, filled up.
  void fill_up() {
    std::stable_sort(waiting.begin(), waiting.end(),
                     [](const Waiting& a, const Waiting& b) { return a.batch.size() > b.batch.size(); });
    waiting.resize(std::min(waiting.size(), batches_left));
    for (auto& [group, batch] : waiting) {
      const auto& before = seen[group];
      for (size_t i = 0; batch.size() < batch_size; ++i) batch.push_back(before[i % before.size()]);
      rest.push_back(std::move(batch));
    }
    std::reverse(rest.begin(), rest.end());
  }

  std::vector<size_t> next() {
    while (!sampler_is_empty) {
      const auto index = indices();
      if (!index) {
        sampler_is_empty = true;
        fill_up();
        break;
      }
      OPSIS_CHECK(*index < groups.size(), "GroupedBatchSampler: there is no group for index {}, only for {}", *index,
                  groups.size());
      const auto group = groups[*index];
      seen[group].push_back(*index);
      auto place = std::find_if(waiting.begin(), waiting.end(), [&](const Waiting& one) { return one.group == group; });
      if (place == waiting.end()) place = waiting.insert(waiting.end(), {group, {}});
      place->batch.push_back(*index);
      if (place->batch.size() < batch_size) continue;
      --batches_left;
      auto batch = std::move(place->batch);
      waiting.erase(place);
      return batch;
    }
    if (rest.empty()) return {};
    auto batch = std::move(rest.back());
    rest.pop_back();
    return batch;
  }
};

}  // namespace

GroupedBatchSampler::GroupedBatchSampler(std::shared_ptr<Sampler> sampler, std::vector<size_t> groups, size_t batch_size)
    : BatchSampler(sampler, batch_size), sampler_(std::move(sampler)), groups_(std::move(groups)), batch_size_(batch_size) {}

Batches GroupedBatchSampler::epoch() {
  return [grouping = Grouping{.indices = sampler_->epoch(),
                              .groups = groups_,
                              .batch_size = batch_size_,
                              .batches_left = size(),
                              .seen = {},
                              .waiting = {},
                              .rest = {}}]() mutable { return grouping.next(); };
}

std::vector<size_t> aspect_ratio_groups(std::span<const double> ratios, size_t k) {
  std::vector<double> borders{1};
  if (k > 0) borders.resize(2 * k + 1);
  for (size_t i = 0; k > 0 && i < borders.size(); ++i) {
    borders[i] = std::exp2(static_cast<double>(i) / static_cast<double>(k) - 1);
  }
  std::vector<size_t> groups;
  for (const auto ratio : ratios) {
    OPSIS_CHECK(ratio > 0, "aspect_ratio_groups: ratios must be positive, got {}", ratio);
    groups.push_back(static_cast<size_t>(std::upper_bound(borders.begin(), borders.end(), ratio) - borders.begin()));
  }
  return groups;
}

}  // namespace opsis::inline v1::data
