// The quick way through JSON, by simdjson. For json.cpp.
#pragma once

#include <optional>
#include <string_view>

#include "opsis/core/json.h"

namespace opsis::inline v1::detail {

constexpr int deepest_json = 200;  // a stack frame a level: what a hostile file may ask for

/// None for what is not plainly right, and for long texts, which take several times their size.
OPSIS_API std::optional<Json> parse_json_fast(std::string_view text);

/// By nlohmann-json, which has the last word; throws as Json::parse.
OPSIS_API Json parse_json_slowly(std::string_view text);

/// Of a name that comes twice the last value counts, in the place of the first.
Json::Object without_repeats(Json::Object members);

}  // namespace opsis::inline v1::detail
