// Transforms out of JSON.
#pragma once

#include <string_view>

#include "opsis/core/api.h"
#include "opsis/core/json.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// The transform that JSON describes, by torchvision's names: an object with a name and arguments, or a list, which is a Compose.
/// What Transform::to_json writes, and what a person does:
///     const auto train = transform_from_json(R"([
///         {"name": "RandomResizedCrop", "size": [224]},
///         {"name": "RandomHorizontalFlip"},
///         {"name": "ToDtype", "dtype": "float32", "scale": true}
///     ])");
/// Arguments that have a default may be left out, and null is torchvision's None. The presets of weights have names too:
///     {"name": "ImageClassification", "crop_size": 224}
/// Throws   ValueError for what is no JSON, and for a name, an argument or a setting that is not there, with the nearest ones;
///          and what the constructors throw
OPSIS_API AnyTransform transform_from_json(std::string_view json);
OPSIS_API AnyTransform build_transform(const Json& json);

}  // namespace opsis::inline v1::transforms
