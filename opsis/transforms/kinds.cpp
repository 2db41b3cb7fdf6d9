#include "opsis/transforms/kinds.h"

#include "opsis/core/check.h"

namespace opsis::inline v1::transforms {

void detail::raise_absent(std::string_view where, std::string_view kind) {
  raise<ValueError>("{}: the sample must have {}, got none", where, kind);
}

}  // namespace opsis::inline v1::transforms
