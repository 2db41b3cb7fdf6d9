// Everything of opsis::transforms.
#pragma once

#include "opsis/transforms/container.h"
#include "opsis/transforms/crop.h"
#include "opsis/transforms/decode.h"
#include "opsis/transforms/from_json.h"
#include "opsis/transforms/functional.h"
#include "opsis/transforms/geometry.h"
#include "opsis/transforms/letterbox.h"
#include "opsis/transforms/list.h"
#include "opsis/transforms/misc.h"
#include "opsis/transforms/per_kind.h"
#include "opsis/transforms/presets.h"
#include "opsis/transforms/query.h"
#include "opsis/transforms/transform.h"
#include "opsis/transforms/type.h"
