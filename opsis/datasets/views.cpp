#include "opsis/datasets/views.h"

#include <ATen/ops/randperm.h>

#include <cmath>
#include <map>
#include <numeric>

#include "opsis/core/check.h"
#include "opsis/core/random.h"

namespace opsis::inline v1::datasets::detail {
namespace {

// As Python's math.isclose(sum(lengths), 1) and sum(lengths) <= 1.
bool are_fractions(const std::vector<double>& lengths) {
  const auto sum = std::accumulate(lengths.begin(), lengths.end(), 0.0);
  return sum <= 1 && 1 - sum <= 1e-9;
}

std::vector<size_t> sizes_of_parts(std::string_view where, size_t size, const std::vector<double>& lengths) {
  std::vector<size_t> out;
  size_t sum = 0;
  if (are_fractions(lengths)) {
    for (const auto fraction : lengths) {
      OPSIS_CHECK(fraction >= 0 && fraction <= 1, "{}: a fraction must be in [0, 1], got {}", where, fraction);
      out.push_back(static_cast<size_t>(std::floor(static_cast<double>(size) * fraction)));
      sum += out.back();
    }
    for (size_t i = 0; sum < size; ++i, ++sum) ++out[i % out.size()];
    return out;
  }
  for (const auto length : lengths) {
    OPSIS_CHECK(length >= 0 && length <= static_cast<double>(size) && length == std::floor(length),
                "{}: lengths must be fractions that sum up to 1, or whole numbers up to {}, got {}", where, size, length);
    out.push_back(static_cast<size_t>(length));
    sum += out.back();
  }
  OPSIS_CHECK(sum == size, "{}: lengths must sum up to {}, got {}", where, size, sum);
  return out;
}

std::vector<size_t> random_order(size_t size, std::optional<at::Generator> generator) {
  const auto order = at::randperm(static_cast<int64_t>(size), generator ? std::move(generator) : random::current(), at::kLong);
  return {order.data_ptr<int64_t>(), order.data_ptr<int64_t>() + order.numel()};
}

std::vector<std::vector<size_t>> cut(const std::vector<size_t>& order, const std::vector<size_t>& sizes) {
  std::vector<std::vector<size_t>> out;
  auto begin = order.begin();
  for (const auto size : sizes) {
    out.emplace_back(begin, begin + static_cast<ptrdiff_t>(size));
    begin += static_cast<ptrdiff_t>(size);
  }
  return out;
}

}  // namespace

std::vector<size_t> ends_of(const std::vector<size_t>& sizes) {
  OPSIS_CHECK(!sizes.empty(), "ConcatDataset: there must be at least one data set");
  std::vector<size_t> ends(sizes.size());
  std::partial_sum(sizes.begin(), sizes.end(), ends.begin());
  return ends;
}

std::pair<size_t, size_t> part_of(const std::vector<size_t>& ends, size_t index) {
  const auto part = static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), index) - ends.begin());
  return {part, index - (part == 0 ? 0 : ends[part - 1])};
}

size_t repeated_size(size_t size, size_t times) {
  OPSIS_CHECK(times > 0, "RepeatedDataset: times must be positive, got {}", times);
  size_t out = 0;
  OPSIS_CHECK(!__builtin_mul_overflow(size, times, &out), "RepeatedDataset: {} times {} examples are too many", times, size);
  return out;
}

std::vector<std::vector<size_t>> random_parts(size_t size, const std::vector<double>& lengths,
                                              std::optional<at::Generator> generator) {
  const auto sizes = sizes_of_parts("random_split", size, lengths);
  return cut(random_order(size, std::move(generator)), sizes);
}

// The examples of each class are spread evenly over [0, 1): then every cut of that line has of each class what it has of the
// whole.
std::vector<std::vector<size_t>> stratified_parts(size_t size, const std::vector<int64_t>& labels,
                                                  const std::vector<double>& lengths, std::optional<at::Generator> generator) {
  OPSIS_CHECK(labels.size() == size, "stratified_split: there must be {} labels, one an example, got {}", size, labels.size());
  const auto sizes = sizes_of_parts("stratified_split", size, lengths);
  auto order = random_order(size, std::move(generator));
  std::map<int64_t, size_t> count, passed;
  for (const auto label : labels) ++count[label];
  std::vector<double> place(size);
  for (const auto i : order) {
    place[i] = (static_cast<double>(passed[labels[i]]++) + 0.5) / static_cast<double>(count[labels[i]]);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return place[a] < place[b]; });
  return cut(order, sizes);
}

}  // namespace opsis::inline v1::datasets::detail
