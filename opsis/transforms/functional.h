// Every functional kernel: free functions, an overload for each kind of value, no draw in any.
#pragma once

#include "opsis/transforms/custom.h"
#include "opsis/transforms/functional/affine.h"
#include "opsis/transforms/functional/blur.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/transforms/functional/color.h"
#include "opsis/transforms/functional/crop.h"
#include "opsis/transforms/functional/dimensions.h"
#include "opsis/transforms/functional/elastic.h"
#include "opsis/transforms/functional/erase.h"
#include "opsis/transforms/functional/fill.h"
#include "opsis/transforms/functional/five_crop.h"
#include "opsis/transforms/functional/flip.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/transforms/functional/jpeg.h"
#include "opsis/transforms/functional/noise.h"
#include "opsis/transforms/functional/packed.h"
#include "opsis/transforms/functional/pad.h"
#include "opsis/transforms/functional/perspective.h"
#include "opsis/transforms/functional/resize.h"
#include "opsis/transforms/functional/rotate.h"
#include "opsis/transforms/functional/sanitize.h"
#include "opsis/transforms/functional/temporal.h"
#include "opsis/transforms/functional/type.h"
#include "opsis/transforms/functional/warp.h"

namespace opsis::inline v1::transforms::functional {

/// Under the name that torchvision has it by.
using transforms::register_kernel;

}  // namespace opsis::inline v1::transforms::functional
