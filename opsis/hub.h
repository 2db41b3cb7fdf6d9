// Everything of opsis::hub: checkpoints, state dicts, and where PyTorch keeps them.
#pragma once

#include "opsis/hub/cache.h"
#include "opsis/hub/checkpoint.h"
#include "opsis/hub/digest.h"
#include "opsis/hub/download.h"
#include "opsis/hub/safetensors.h"
#include "opsis/hub/state_dict.h"
#include "opsis/hub/value.h"
