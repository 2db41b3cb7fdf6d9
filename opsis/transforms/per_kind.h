// A setting for each kind of value.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "opsis/core/api.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// torchvision's dict from kinds of value to settings; `others` stands for the kinds that are not named. A bare tensor that
/// is transformed counts as an image.
///     Pad(2, {.fill = PerKind<Fill>{.image = 127, .mask = 0}})
///     ToDtype({.image = torch::kFloat32, .mask = torch::kInt64, .others = unchanged})
template <class Setting>
struct PerKind {
  std::optional<Setting> image{};
  std::optional<Setting> video{};
  std::optional<Setting> mask{};
  std::optional<Setting> bounding_boxes{};
  std::optional<Setting> key_points{};
  std::optional<Setting> others{};

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("image", image);
    visit("video", video);
    visit("mask", mask);
    visit("bounding_boxes", bounding_boxes);
    visit("key_points", key_points);
    visit("others", others);
  }

  /// The setting for a value's kind, or that of the others; none when neither is named.
  const std::optional<Setting>& operator[](const Value& value) const {
    const std::optional<Setting>* const named[] = {&image, &video, &mask, &bounding_boxes, &key_points};
    static_assert(std::variant_size_v<Value> == 6, "a new kind of value needs a place here");
    if (std::holds_alternative<Custom>(value)) return others;
    const auto& own = *named[value.index()];
    return own ? own : others;
  }
};

/// "Image", "Video", "Mask", "BoundingBoxes", "KeyPoints" or "Custom".
inline std::string_view kind_name(const Value& value) {
  constexpr std::string_view names[] = {"Image", "Video", "Mask", "BoundingBoxes", "KeyPoints", "Custom"};
  static_assert(std::variant_size_v<Value> == 6, "a new kind of value needs a name here");
  return names[value.index()];
}

}  // namespace opsis::inline v1::transforms
