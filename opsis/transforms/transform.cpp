#include "opsis/transforms/transform.h"

#include "opsis/core/check.h"
#include "opsis/core/random.h"

namespace opsis::inline v1::transforms {

Transform::~Transform() = default;

void AnyTransform::apply(std::span<Value> values) const {
  if (transform_) transform_->apply(values);
}

std::string AnyTransform::repr() const { return transform_ ? transform_->repr() : "Identity()"; }

void detail::check_probability(std::string_view where, double p) {
  OPSIS_CHECK(p >= 0.0 && p <= 1.0, "{}: p must be in [0, 1], got {}", where, p);
}

// torch compares its float with p as a float.
bool detail::happens(double p) { return random::uniform() < static_cast<float>(p); }

void detail::Leaves::apply(const Transform& transform) {
  bool tensor_is_image = true;
  for (const auto& leaf : leaves_) {
    if (std::holds_alternative<Image*>(leaf) || std::holds_alternative<Video*>(leaf)) tensor_is_image = false;
  }

  std::vector<Leaf> used;
  std::vector<Value> values;
  for (const auto& leaf : leaves_) {
    if (const auto* tensor = std::get_if<torch::Tensor*>(&leaf)) {
      if (!tensor_is_image || !(*tensor)->defined()) continue;
      tensor_is_image = false;  // only the first one
      Image image;              // not by its constructor: a bare (H, W) stays as it is
      image.data = **tensor;
      values.emplace_back(std::move(image));
    } else {
      std::visit(
          [&](auto* value) {
            if constexpr (!std::is_same_v<decltype(value), torch::Tensor*>) values.emplace_back(*value);
          },
          leaf);
    }
    used.push_back(leaf);
  }

  transform.apply(values);

  for (size_t i = 0; i < used.size(); ++i) {
    std::visit(
        [&](auto* place) {
          using Place = std::remove_pointer_t<decltype(place)>;
          if constexpr (std::is_same_v<Place, torch::Tensor>) {
            const auto* image = std::get_if<Image>(&values[i]);
            OPSIS_CHECK(image, "{}: turned a tensor into another kind of value", transform.repr());
            *place = image->data;
          } else {
            auto* changed = std::get_if<Place>(&values[i]);
            OPSIS_CHECK(changed, "{}: turned a value into another kind than the sample holds", transform.repr());
            *place = std::move(*changed);
          }
        },
        used[i]);
  }
}

}  // namespace opsis::inline v1::transforms
