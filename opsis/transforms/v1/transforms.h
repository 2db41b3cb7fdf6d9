// torchvision's first transforms, torchvision.transforms: those whose draws and bytes are v2's are v2's; the others are their own.
#pragma once

#include "opsis/transforms/container.h"
#include "opsis/transforms/crop.h"
#include "opsis/transforms/geometry.h"
#include "opsis/transforms/misc.h"
#include "opsis/transforms/type.h"
#include "opsis/transforms/v1/auto_augment.h"
#include "opsis/transforms/v1/functional.h"
#include "opsis/transforms/v1/pick.h"
#include "opsis/transforms/v1/resize.h"

namespace opsis::inline v1::transforms::v1 {

using transforms::AutoAugmentPolicy;
using transforms::CenterCrop;
using transforms::Compose;
using transforms::InterpolationMode;
using transforms::Lambda;
using transforms::Normalize;
using transforms::Pad;
using transforms::RandomApply;
using transforms::RandomCrop;
using transforms::RandomHorizontalFlip;

}  // namespace opsis::inline v1::transforms::v1
