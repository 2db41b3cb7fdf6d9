// Whether text is what Python and JSON take for text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "opsis/core/api.h"

namespace opsis::inline v1::hub {

/// Whether bytes are UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
OPSIS_API bool is_utf8(std::string_view text);

/// The characters of UTF-8 as a byte each; nothing where one is beyond 255.
OPSIS_API std::optional<std::string> to_latin1(std::string_view utf8);

}  // namespace opsis::inline v1::hub
