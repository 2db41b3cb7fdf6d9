#include "opsis/transforms/container.h"

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/core/work.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {
namespace {

std::vector<std::string> reprs(const std::vector<AnyTransform>& transforms) {
  std::vector<std::string> out;
  for (const auto& transform : transforms) out.push_back(transform.repr());
  return out;
}

}  // namespace

Compose::Compose(std::initializer_list<AnyTransform> transforms) : Compose(std::vector<AnyTransform>(transforms)) {}

Compose::Compose(std::vector<AnyTransform> transforms) : transforms_(std::move(transforms)) {
  OPSIS_CHECK(!transforms_.empty(), "Compose: there must be at least one transform");
}

void Compose::apply(std::span<Value> values) const {
  const WorkScope transforming(Work::Transforming);
  if (!fuses_ || detail::is_recording()) {  // a part is recorded when it is applied
    for (const auto& transform : transforms_) transform.apply(values);
    return;
  }
  detail::FusedRun run(values);
  apply_all(values, run, [](const AnyTransform&) {});
  run.settle();
}

void Compose::apply_all(std::span<Value> values, detail::FusedRun& run,
                        const std::function<void(const AnyTransform&)>& after) const {
  for (const auto& transform : transforms_) {
    detail::apply_within(transform, values, run);
    after(transform);
  }
}

bool Compose::apply_fused(std::span<Value> values, detail::FusedRun& run) const {
  if (!fuses_) return false;
  apply_all(values, run, [](const AnyTransform&) {});
  return true;
}

Compose Compose::with_fusion(bool on) const {
  auto out = *this;
  out.fuses_ = on;
  return out;
}

std::string Compose::explain(const Image& image) const {
  const random::Scope scope(0);  // not the caller's draws
  std::vector<Value> values{image};
  detail::FusedRun run(values);
  std::string out;
  apply_all(values, run, [&](const AnyTransform& transform) {
    const auto pass = fuses_ ? run.pass(0) : 0;
    auto line = transform.repr();
    std::replace(line.begin(), line.end(), '\n', ' ');
    out += (pass > 0 ? "pass " + std::to_string(pass) : std::string("alone ")) + "  " + line + "\n";
  });
  return out;
}

std::string Compose::explain() const { return explain(Image(torch::zeros({3, 480, 640}, torch::kUInt8))); }

std::optional<Description> Compose::description() const {
  Json::List list;
  std::vector<std::string> parts;
  for (const auto& transform : transforms_) {
    list.push_back(transform.to_json());
    parts.push_back(transform.code());
  }
  // A Compose of one Compose would be its copy.
  if (parts.size() == 1 && parts[0].starts_with("Compose{")) parts[0] = "AnyTransform(" + parts[0] + ")";
  return Description{.name = "Compose", .arguments = {{"transforms", list}}, .code = detail::joined("Compose{", parts, "}")};
}

std::string Compose::repr() const { return detail::repr_of_parts("Compose", reprs(transforms_)); }

RandomApply::RandomApply(std::vector<AnyTransform> transforms, double p) : transforms_(std::move(transforms)), p_(p) {
  OPSIS_CHECK(!transforms_.empty(), "RandomApply: there must be at least one transform");
  detail::check_probability("RandomApply", p);
}

void RandomApply::apply(std::span<Value> values) const {
  if (!detail::happens(p_)) return;
  for (const auto& transform : transforms_) transform.apply(values);
}

bool RandomApply::apply_fused(std::span<Value> values, detail::FusedRun& run) const {
  if (!detail::happens(p_)) return true;
  for (const auto& transform : transforms_) detail::apply_within(transform, values, run);
  return true;
}

std::string RandomApply::repr() const { return detail::repr_of_parts("RandomApply", reprs(transforms_)); }

}  // namespace opsis::inline v1::transforms
