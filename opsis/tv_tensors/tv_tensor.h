// What the five kinds of value have in common.
#pragma once

#include <type_traits>

#include "opsis/tv_tensors/bounding_boxes.h"
#include "opsis/tv_tensors/image.h"
#include "opsis/tv_tensors/key_points.h"
#include "opsis/tv_tensors/mask.h"

namespace opsis::inline v1::tv_tensors {

/// One of the five kinds of value: what isinstance(value, TVTensor) asks in Python.
///     template <TVTensor Kind> Kind brighter(const Kind& value);
/// Source   torchvision.tv_tensors.TVTensor
template <class T>
concept TVTensor = std::is_same_v<T, Image> || std::is_same_v<T, Video> || std::is_same_v<T, Mask> ||
    std::is_same_v<T, BoundingBoxes> || std::is_same_v<T, KeyPoints>;

}  // namespace opsis::inline v1::tv_tensors
