// Everything of opsis::tasks: from a picture to an answer in the picture's own pixels.
#pragma once

#include "opsis/tasks/segmenter.h"
