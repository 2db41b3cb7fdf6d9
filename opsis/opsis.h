// Everything of Opsis. Each room has a header of its own: <opsis/transforms.h>, <opsis/models.h>, ...
#pragma once

#include "opsis/core/error.h"
#include "opsis/core/limits.h"
#include "opsis/core/parallel.h"
#include "opsis/core/progress.h"
#include "opsis/core/random.h"
#include "opsis/data.h"
#include "opsis/datasets.h"
#include "opsis/engine.h"
#include "opsis/hub.h"
#include "opsis/io.h"
#include "opsis/models.h"
#include "opsis/ops.h"
#include "opsis/tasks.h"
#include "opsis/transforms.h"
#include "opsis/tv_tensors.h"
#include "opsis/utils.h"
