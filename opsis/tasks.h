// Everything of opsis::tasks: from a picture to an answer in the picture's own pixels.
#pragma once

#include "opsis/tasks/classifier.h"
#include "opsis/tasks/detector.h"
#include "opsis/tasks/flow_estimator.h"
#include "opsis/tasks/keypoint_detector.h"
#include "opsis/tasks/picture.h"
#include "opsis/tasks/segmenter.h"
#include "opsis/tasks/task.h"
