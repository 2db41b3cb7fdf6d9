// Everything of opsis::data.
#pragma once

#include "opsis/core/work.h"
#include "opsis/data/clip_sampler.h"
#include "opsis/data/collate.h"
#include "opsis/data/grouped_batch_sampler.h"
#include "opsis/data/loader.h"
#include "opsis/data/loader_options.h"
#include "opsis/data/loader_report.h"
#include "opsis/data/pin.h"
#include "opsis/data/sampler.h"
