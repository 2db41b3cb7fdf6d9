// What the families are put together from, under the names that models have always had for it.
#pragma once

#include "opsis/ops/layer.h"

namespace opsis::inline v1::models {

using ops::ActivationLayer;
using ops::Layer;
using ops::NormLayer;
using ops::Observed;
using ops::register_layer;
using ops::Sequential;
using ops::SequentialImpl;

}  // namespace opsis::inline v1::models
