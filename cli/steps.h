// Transforms written as text: "RandomCrop(32, padding=4)".
#pragma once

#include <string>
#include <string_view>

#include "opsis/transforms.h"

namespace cli {

/// The transform that a step names: Name, or Name(values, key=value), where a value is a number, a word, or a list of such in
/// brackets. Arguments have torchvision's names and order; transforms that have no line of help take them by name alone.
/// Throws   UsageError that names the step and what is wrong with it
opsis::transforms::AnyTransform parse_step(std::string_view step);

/// A line of usage for each step.
std::string step_help();

}  // namespace cli
