// Shell patterns as Python's fnmatch has them.
#pragma once

#include <string_view>

#include "opsis/core/api.h"

namespace opsis::inline v1::models::detail {

/// Whether the whole name matches: * any text, ? a letter, [a-c] one of, [!a-c] none of. A [ that nothing closes is itself.
OPSIS_API bool matches(std::string_view pattern, std::string_view name);

}  // namespace opsis::inline v1::models::detail
