#include "opsis/transforms/from_json.h"

#include <algorithm>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/nearest.h"
#include "opsis/transforms.h"

namespace opsis::inline v1::transforms {
namespace {

using BuildFromJson = AnyTransform (*)(const Json& json);

// Null for a line of transforms.def that is no class or does not name its arguments.
template <class T>
constexpr BuildFromJson builder() {
  if constexpr (requires(const T& transform) { transform.arguments(); }) {
    return [](const Json& json) -> AnyTransform { return detail::build<T>(json["name"].text(), json); };
  } else {
    return nullptr;
  }
}

struct NamedBuilder {
  std::string_view name;
  BuildFromJson build;
};

#define OPSIS_TRANSFORM(name) {#name, builder<name>()},
constexpr NamedBuilder builders[] = {
#include "opsis/transforms/transforms.def"
    // The presets of weights, which torchvision has elsewhere.
    {"ImageClassification", builder<ImageClassification>()},
    {"ObjectDetection", builder<ObjectDetection>()},
    {"OpticalFlow", builder<OpticalFlow>()},
    {"SemanticSegmentation", builder<SemanticSegmentation>()},
    {"VideoClassification", builder<VideoClassification>()},
};
#undef OPSIS_TRANSFORM

AnyTransform compose_from(const Json& list) {
  std::vector<AnyTransform> parts;
  detail::from_json(list, parts);
  return Compose(std::move(parts));
}

// null where torchvision takes None for a setting, and not for what is usual: no anti-aliasing of tensors, no clamping.
Json setting_of_none(std::string_view transform, std::string_view argument) {
  if (argument == "antialias") return false;
  if (transform == "SetClampingMode") return to_string(ClampingMode::None);
  return {};
}

bool has_null(const Json& json) {
  return std::ranges::any_of(json.members(), [](const auto& member) { return member.second.is_null(); });
}

}  // namespace

void read_json(const Json& json, AnyTransform& transform) { transform = build_transform(json); }

AnyTransform transform_from_json(std::string_view json) { return build_transform(Json::parse(json)); }

AnyTransform build_transform(const Json& json) {
  if (json.is_list()) return compose_from(json);
  const auto& name = json["name"].text();
  if (name == "Compose") {
    detail::refuse_unknown(name, json, {"name", "transforms"});
    return compose_from(json["transforms"]);
  }
  std::vector<std::string_view> names;
  for (const auto& row : builders) {
    if (!row.build) continue;
    if (row.name == name) {
      if (!has_null(json)) return row.build(json);
      auto arguments = json.members();
      for (auto& [argument, value] : arguments) {
        if (value.is_null()) value = setting_of_none(name, argument);
      }
      return row.build(std::move(arguments));
    }
    names.push_back(row.name);
  }
  raise<ValueError>("transform_from_json: no transform is named \"{}\"{}", name, did_you_mean(name, names));
}

}  // namespace opsis::inline v1::transforms
