#include "opsis/transforms/leaves.h"

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

void detail::Leaves::add_per_box(torch::Tensor& rows, size_t first) {
  const BoundingBoxes* boxes = nullptr;
  for (auto i = first; i < leaves_.size() && !boxes; ++i) {
    if (const auto* leaf = std::get_if<BoundingBoxes*>(&leaves_[i])) boxes = *leaf;
  }
  add(RowsPlace(&rows, boxes));
}

bool detail::Leaves::has_per_box(const torch::Tensor& rows) const {
  return std::any_of(leaves_.begin(), leaves_.end(), [&](const Leaf& leaf) {
    const auto* place = std::get_if<RowsPlace>(&leaf);
    return place && place->rows == &rows;
  });
}

void detail::Leaves::apply(const Transform& transform, const std::function<void(std::span<Value>)>& apply) {
  bool tensor_is_image = true;
  for (const auto& leaf : leaves_) {
    if (std::holds_alternative<Image*>(leaf) || std::holds_alternative<Video*>(leaf)) tensor_is_image = false;
  }

  std::vector<Leaf> used;
  std::vector<Value> values;
  const auto place_of = [&](const BoundingBoxes* boxes) {
    size_t i = 0;
    for (; i < used.size(); ++i) {
      const auto* leaf = std::get_if<BoundingBoxes*>(&used[i]);
      if (leaf && *leaf == boxes) break;
    }
    return i;
  };
  for (const auto& leaf : leaves_) {
    if (const auto* tensor = std::get_if<torch::Tensor*>(&leaf)) {
      if (!tensor_is_image || !(*tensor)->defined()) continue;
      tensor_is_image = false;  // only the first one
      Image image;              // not by its constructor: a bare (H, W) stays as it is
      image.data = **tensor;
      values.emplace_back(std::move(image));
    } else if (const auto* custom = std::get_if<CustomPlace>(&leaf)) {
      values.emplace_back(custom->load(custom->place));
    } else if (const auto* place = std::get_if<RowsPlace>(&leaf)) {
      values.emplace_back(Custom(PerBox{*place->rows, place_of(place->boxes)}));
    } else {
      std::visit(
          [&](const auto& value) {
            using Place = std::remove_cvref_t<decltype(value)>;
            if constexpr (std::is_pointer_v<Place> && !std::is_same_v<Place, torch::Tensor*>) values.emplace_back(*value);
          },
          leaf);
    }
    used.push_back(leaf);
  }

  apply(values);

  for (size_t i = 0; i < used.size(); ++i) {
    std::visit(
        [&](const auto& place) {
          using Place = std::remove_pointer_t<std::remove_cvref_t<decltype(place)>>;
          if constexpr (std::is_same_v<Place, CustomPlace>) {
            const auto* custom = std::get_if<Custom>(&values[i]);
            OPSIS_CHECK(custom && place.store(*custom, place.place),
                        "{}: turned a value into another kind than the sample holds", transform.repr());
          } else if constexpr (std::is_same_v<Place, RowsPlace>) {
            const auto* custom = std::get_if<Custom>(&values[i]);
            const auto* held = custom ? custom->get<PerBox>() : nullptr;
            OPSIS_CHECK(held, "{}: turned a value into another kind than the sample holds", transform.repr());
            *place.rows = held->rows;
          } else if constexpr (std::is_same_v<Place, torch::Tensor>) {
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
  for (const auto& then : after_) then();
}

}  // namespace opsis::inline v1::transforms
