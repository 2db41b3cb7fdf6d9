// Everything of opsis::engine.
#pragma once

#include "opsis/engine/classification.h"
#include "opsis/engine/coco_evaluator.h"
#include "opsis/engine/coco_results.h"
#include "opsis/engine/copy_paste.h"
#include "opsis/engine/detection.h"
#include "opsis/engine/metrics.h"
#include "opsis/engine/optimizer.h"
#include "opsis/engine/schedule.h"
#include "opsis/engine/segmentation.h"
#include "opsis/engine/voc_evaluator.h"
