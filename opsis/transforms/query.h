// What a sample's values agree on. For the make_params of transforms.
#pragma once

#include <span>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/transforms/functional/dimensions.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// The height and width that all values share; `where` begins the message.
/// Throws   ValueError when there is no value or when they differ
/// Differs  `where` is not torchvision's
/// Source   torchvision.transforms.v2.query_size
OPSIS_API Size query_size(std::string_view where, std::span<const Value> values);

/// The channels, height and width that all images and videos share.
/// Throws   ValueError when there is neither or when they differ
/// Differs  `where` is not torchvision's
/// Source   torchvision.transforms.v2.query_chw
OPSIS_API functional::Dimensions query_chw(std::string_view where, std::span<const Value> values);

}  // namespace opsis::inline v1::transforms
