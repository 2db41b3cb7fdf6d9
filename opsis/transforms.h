// Everything of opsis::transforms.
#pragma once

#include "opsis/transforms/boxes.h"
#include "opsis/transforms/container.h"
#include "opsis/transforms/crop.h"
#include "opsis/transforms/detection.h"
#include "opsis/transforms/five_crop.h"
#include "opsis/transforms/functional.h"
#include "opsis/transforms/geometry.h"
#include "opsis/transforms/list.h"
#include "opsis/transforms/misc.h"
#include "opsis/transforms/per_kind.h"
#include "opsis/transforms/presets.h"
#include "opsis/transforms/query.h"
#include "opsis/transforms/transform.h"
#include "opsis/transforms/type.h"
