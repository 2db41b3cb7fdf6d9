// Whether text is what Python and JSON take for text.
#pragma once

#include <string_view>

#include "opsis/core/api.h"

namespace opsis::inline v1::hub {

/// Whether bytes are UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
OPSIS_API bool is_utf8(std::string_view text);

}  // namespace opsis::inline v1::hub
