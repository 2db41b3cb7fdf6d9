// Asking what a sample holds. For the make_params of transforms.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <variant>

#include "opsis/core/api.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// Whether the value is of one of the kinds: check_type<Image, Video>(value).
/// Source   torchvision.transforms.v2.check_type
template <class... Kinds>
bool check_type(const Value& value) {
  return (std::holds_alternative<Kinds>(value) || ...);
}

/// Whether a value of one of the kinds is among them: has_any<BoundingBoxes, Mask>(values).
/// Source   torchvision.transforms.v2.has_any
template <class... Kinds>
bool has_any(std::span<const Value> values) {
  return std::any_of(values.begin(), values.end(), [](const Value& value) { return check_type<Kinds...>(value); });
}

/// Whether a value of each kind is among them.
/// Source   torchvision.transforms.v2.has_all
template <class... Kinds>
bool has_all(std::span<const Value> values) {
  return (has_any<Kinds>(values) && ...);
}

namespace detail {

[[noreturn]] OPSIS_API void raise_absent(std::string_view where, std::string_view kind);

template <class Kind>
const Kind& first_of(std::string_view where, std::string_view kind, std::span<const Value> values) {
  for (const auto& value : values) {
    if (const auto* found = std::get_if<Kind>(&value)) return *found;
  }
  raise_absent(where, kind);
}

}  // namespace detail

/// The sample's boxes: the first ones.
/// Throws   ValueError when there are none
/// Source   torchvision.transforms.v2.get_bounding_boxes
inline const BoundingBoxes& get_bounding_boxes(std::span<const Value> values) {
  return detail::first_of<BoundingBoxes>("get_bounding_boxes", "bounding boxes", values);
}

/// The sample's key points: the first ones.
/// Throws   ValueError when there are none
/// Source   torchvision.transforms.v2.get_keypoints
inline const KeyPoints& get_keypoints(std::span<const Value> values) {
  return detail::first_of<KeyPoints>("get_keypoints", "key points", values);
}

}  // namespace opsis::inline v1::transforms
