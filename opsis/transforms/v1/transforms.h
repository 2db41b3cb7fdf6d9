// torchvision's first transforms, torchvision.transforms, on images and videos: those that draw and do what v2's do are v2's,
// the others are their own. They are for programs that must stay as they were trained; new ones are better off with v2's.
//
// Differs  a probability outside [0, 1] is refused, as v2 does; a sample's masks, boxes and key points pass through what is
//          v1's own, and follow what is v2's, but `invert` takes what was found on the picture back to its source by both;
//          LinearTransformation takes pixels in any order in memory
// Differs  there is no static get_params: make_params(values) of an instance draws what it would, and transform(value, params)
//          applies that to an image and to what is paired with it; record and replay keep what was drawn by a whole pipeline.
//          So it is with transforms::RandomCrop and the other classes of v2
// Neither code() nor to_json() knows the classes that are v1's own, Compose and RandomApply among them: both throw ValueError.
#pragma once

#include "opsis/transforms/auto_augment.h"
#include "opsis/transforms/geometry.h"
#include "opsis/transforms/linear.h"
#include "opsis/transforms/misc.h"
#include "opsis/transforms/v1/auto_augment.h"
#include "opsis/transforms/v1/color.h"
#include "opsis/transforms/v1/container.h"
#include "opsis/transforms/v1/crop.h"
#include "opsis/transforms/v1/erasing.h"
#include "opsis/transforms/v1/functional.h"
#include "opsis/transforms/v1/resize.h"
#include "opsis/transforms/v1/type.h"
#include "opsis/transforms/v1/warp.h"

namespace opsis::inline v1::transforms::v1 {

using transforms::AutoAugmentPolicy;
using transforms::InterpolationMode;
using transforms::Lambda;
using transforms::LinearTransformation;
using transforms::RandomHorizontalFlip;
using transforms::RandomVerticalFlip;

}  // namespace opsis::inline v1::transforms::v1
