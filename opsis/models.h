// Everything of opsis::models.
#pragma once

#include "opsis/models/imagenet_categories.h"
#include "opsis/models/layer.h"
#include "opsis/models/load_weights.h"
#include "opsis/models/registry.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

// The families.
#include "opsis/models/resnet.h"
