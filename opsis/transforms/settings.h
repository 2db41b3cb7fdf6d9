// What the constructors of several transforms do with their settings. For Opsis's own sources.
#pragma once

#include <torch/types.h>

#include <string_view>

#include "opsis/core/size.h"

namespace opsis::inline v1::transforms::detail {

/// {height, width}, or one number for a square.
/// Throws   ValueError when size has not 1 or 2 numbers; `where` begins the message
Size size_of_numbers(std::string_view where, torch::IntArrayRef size);

/// What torch computes in float32 must be computed there: by float's own exp and log the last bit may differ.
double exp_in_float(double value);
double log_in_float(double value);

}  // namespace opsis::inline v1::transforms::detail
