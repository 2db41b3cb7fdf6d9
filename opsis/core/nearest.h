// "Did you mean ...?": the known names closest to one that is not known.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1 {

/// Up to `count` of `names`, nearest first by edit distance; none that differs in more than half of its letters.
///     nearest("resnet51", {"resnet50", "resnet152", "vgg11"})   // {"resnet50", "resnet152"}
OPSIS_API std::vector<std::string> nearest(std::string_view wanted, std::span<const std::string_view> names, size_t count = 2);

/// The tail of an error message: "; did you mean resnet50 or resnet152?", empty when nothing is near.
OPSIS_API std::string did_you_mean(std::string_view wanted, std::span<const std::string_view> names);

}  // namespace opsis::inline v1
