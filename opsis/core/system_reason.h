// What the system says of a failure, and what can be done about it. For the library's own sources.
#pragma once

#include <string>
#include <system_error>

#include "opsis/core/api.h"

namespace opsis::inline v1 {

/// "No space left on device; make room there, or choose another folder": the reason of an errno, with the way out where there
/// is one.
OPSIS_API std::string system_reason(int error);
inline std::string system_reason(const std::error_code& error) { return system_reason(error.value()); }

/// The same for what was to be written: "Permission denied; choose a folder that can be written".
OPSIS_API std::string writing_reason(int error);
inline std::string writing_reason(const std::error_code& error) { return writing_reason(error.value()); }

}  // namespace opsis::inline v1
