#include "opsis/transforms/v1/pick.h"

#include "opsis/core/check.h"
#include "opsis/core/python_random.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms::v1 {
namespace {

// A line for each part, indented but for what their own lines hold.
std::string lines_of(std::string_view name, const std::vector<AnyTransform>& transforms) {
  auto out = std::string(name) + "(";
  for (const auto& transform : transforms) out += "\n    " + transform.repr();
  return out + "\n)";
}

}  // namespace

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
