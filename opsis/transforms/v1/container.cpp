#include "opsis/transforms/v1/container.h"

#include "opsis/core/check.h"
#include "opsis/core/python_random.h"
#include "opsis/core/random.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms::v1 {
namespace {

// A line for each part, indented but for what their own lines hold.
std::string lines_of(std::string_view name, std::span<const AnyTransform> transforms, const std::string& first = {}) {
  auto out = std::string(name) + "(" + first;
  for (const auto& transform : transforms) out += "\n    " + transform.repr();
  return out + "\n)";
}

}  // namespace

Compose::Compose(std::vector<AnyTransform> transforms) {
  if (!transforms.empty()) some_.emplace(std::move(transforms));
}

void Compose::apply(std::span<Value> values) const {
  if (some_) some_->apply(values);
}

std::span<const AnyTransform> Compose::parts() const { return some_ ? some_->parts() : std::span<const AnyTransform>(); }

bool Compose::apply_fused(std::span<Value> values, detail::FusedRun& run) const {
  return !some_ || some_->apply_fused(values, run);
}

std::string Compose::repr() const { return lines_of("Compose", parts()); }

RandomApply::RandomApply(std::vector<AnyTransform> transforms, double p) : transforms_(std::move(transforms)), p_(p) {}

void RandomApply::apply(std::span<Value> values) const {
  if (random::uniform() > static_cast<float>(p_)) return;
  for (const auto& transform : transforms_) transform.apply(values);
}

std::string RandomApply::repr() const { return lines_of("RandomApply", transforms_, "\n    p=" + detail::python(p_)); }

RandomChoice::RandomChoice(std::vector<AnyTransform> transforms, std::optional<std::vector<double>> p)
    : transforms_(std::move(transforms)), p_(std::move(p)) {}

void RandomChoice::apply(std::span<Value> values) const {
  transforms_[static_cast<size_t>(random::python_choice(std::ssize(transforms_), p_))].apply(values);
}

std::string RandomChoice::repr() const {
  return lines_of("RandomChoice", transforms_) + "(p=" + (p_ ? detail::python(*p_) : "None") + ")";
}

RandomOrder::RandomOrder(std::vector<AnyTransform> transforms) : transforms_(std::move(transforms)) {}

void RandomOrder::apply(std::span<Value> values) const {
  for (const auto i : random::python_shuffled(std::ssize(transforms_))) transforms_[static_cast<size_t>(i)].apply(values);
}

std::string RandomOrder::repr() const { return lines_of("RandomOrder", transforms_); }

}  // namespace opsis::inline v1::transforms::v1
