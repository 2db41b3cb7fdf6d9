// Every functional kernel: free functions, an overload for each kind of value, no draw in any.
#pragma once

#include "opsis/transforms/functional/blur.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/transforms/functional/color.h"
#include "opsis/transforms/functional/crop.h"
#include "opsis/transforms/functional/dimensions.h"
#include "opsis/transforms/functional/erase.h"
#include "opsis/transforms/functional/fill.h"
#include "opsis/transforms/functional/flip.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/transforms/functional/jpeg.h"
#include "opsis/transforms/functional/noise.h"
#include "opsis/transforms/functional/pad.h"
#include "opsis/transforms/functional/resize.h"
#include "opsis/transforms/functional/temporal.h"
#include "opsis/transforms/functional/type.h"
