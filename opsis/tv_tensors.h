// Everything of opsis::tv_tensors, also as opsis::Image and so on.
#pragma once

#include "opsis/tv_tensors/bounding_boxes.h"
#include "opsis/tv_tensors/image.h"
#include "opsis/tv_tensors/key_points.h"
#include "opsis/tv_tensors/mask.h"
#include "opsis/tv_tensors/return_type.h"
#include "opsis/tv_tensors/tv_tensor.h"

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
