#include "opsis/core/nearest.h"

#include <algorithm>
#include <numeric>

namespace opsis::inline v1 {
namespace {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> nearest(std::string_view wanted, std::span<const std::string_view> names, size_t count) {
  // Only the head of a hostile, very long name is compared: the cost stays bounded.
  wanted = wanted.substr(0, 64);
  std::vector<std::pair<size_t, std::string_view>> ranked;
  for (const auto name : names) {
    const auto distance = edit_distance(wanted, name);
    if (distance * 2 <= std::max(wanted.size(), name.size())) ranked.emplace_back(distance, name);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> out;
  for (const auto& [distance, name] : ranked) {
    if (out.size() == count) break;
    out.emplace_back(name);
  }
  return out;
}

std::string did_you_mean(std::string_view wanted, std::span<const std::string_view> names) {
  const auto near = nearest(wanted, names);
  if (near.empty()) return {};
  std::string out = "; did you mean " + near[0];
  for (size_t i = 1; i < near.size(); ++i) out += " or " + near[i];
  return out + "?";
}

}  // namespace opsis::inline v1
