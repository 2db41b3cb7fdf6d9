// Everything of opsis::tv_tensors, also as opsis::Image and so on.
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

namespace opsis::inline v1 {

using tv_tensors::BoundingBoxes;
using tv_tensors::BoundingBoxFormat;
using tv_tensors::ClampingMode;
using tv_tensors::Image;
using tv_tensors::KeyPoints;
using tv_tensors::Mask;
using tv_tensors::TVTensor;
using tv_tensors::Video;

}  // namespace opsis::inline v1
