// Everything of opsis::hub: checkpoints and state dicts.
#pragma once

#include "opsis/hub/checkpoint.h"
#include "opsis/hub/safetensors.h"
#include "opsis/hub/state_dict.h"
#include "opsis/hub/value.h"
