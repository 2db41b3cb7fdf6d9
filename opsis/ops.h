// Everything of opsis::ops.
#pragma once

#include "opsis/ops/activation.h"
#include "opsis/ops/conv_norm_activation.h"
#include "opsis/ops/layer.h"
#include "opsis/ops/mlp.h"
#include "opsis/ops/norm.h"
#include "opsis/ops/observe.h"
#include "opsis/ops/permute.h"
#include "opsis/ops/squeeze_excitation.h"
#include "opsis/ops/stochastic_depth.h"
