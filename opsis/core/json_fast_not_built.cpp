#include "opsis/core/json_fast.h"

namespace opsis::inline v1::detail {

std::optional<Json> parse_json_fast(std::string_view) { return std::nullopt; }

}  // namespace opsis::inline v1::detail
