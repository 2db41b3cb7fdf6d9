#include "opsis/transforms/pick.h"

#include <ATen/ops/multinomial.h>
#include <ATen/ops/tensor.h>

#include <cmath>
#include <numeric>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {
namespace {

std::string listed(const std::vector<AnyTransform>& transforms) {
  std::string out;
  for (const auto& transform : transforms) out += (out.empty() ? "[" : ", ") + transform.repr();
  return out + "]";
}

}  // namespace

RandomChoice::RandomChoice(std::vector<AnyTransform> transforms, std::optional<std::vector<double>> p)
    : transforms_(std::move(transforms)), given_(std::move(p)) {
  OPSIS_CHECK(!transforms_.empty(), "RandomChoice: there must be at least one transform");
  p_ = given_ ? *given_ : std::vector<double>(transforms_.size(), 1.0);
  OPSIS_CHECK(p_.size() == transforms_.size(), "RandomChoice: p must have a number for each of {} transforms, got {}",
              transforms_.size(), p_.size());
  const auto total = std::accumulate(p_.begin(), p_.end(), 0.0);
  OPSIS_CHECK(total != 0, "RandomChoice: the sum of p must not be 0");
  for (auto& one : p_) one /= total;
}

const AnyTransform& RandomChoice::picked() const {
  for (const auto one : p_) OPSIS_CHECK(one >= 0 && std::isfinite(one), "RandomChoice: p must be at least 0, got {}", one);
  const auto weights = at::tensor(p_, at::kFloat);
  const auto picked = at::multinomial(weights, 1, false, random::current()).item<int64_t>();
  return transforms_[static_cast<size_t>(picked)];
}

void RandomChoice::apply(std::span<Value> values) const { picked().apply(values); }

bool RandomChoice::apply_fused(std::span<Value> values, detail::FusedRun& run) const {
  detail::apply_within(picked(), values, run);
  return true;
}

std::string RandomChoice::repr() const {
  return detail::repr("RandomChoice", {{"transforms", listed(transforms_)}, {"p", detail::python(p_)}});
}

RandomOrder::RandomOrder(std::vector<AnyTransform> transforms) : transforms_(std::move(transforms)) {
  OPSIS_CHECK(!transforms_.empty(), "RandomOrder: there must be at least one transform");
}

std::vector<AnyTransform> RandomOrder::ordered() const {
  const auto order = random::permutation(std::ssize(transforms_));
  std::vector<AnyTransform> out;
  for (int64_t i = 0; i < order.size(0); ++i) out.push_back(transforms_[static_cast<size_t>(order[i].item<int64_t>())]);
  return out;
}

void RandomOrder::apply(std::span<Value> values) const {
  for (const auto& transform : ordered()) transform.apply(values);
}

bool RandomOrder::apply_fused(std::span<Value> values, detail::FusedRun& run) const {
  for (const auto& transform : ordered()) detail::apply_within(transform, values, run);
  return true;
}

std::string RandomOrder::repr() const { return detail::repr("RandomOrder", {{"transforms", listed(transforms_)}}); }

}  // namespace opsis::inline v1::transforms
