// Initialising large models in no time: draws out of a table.
#pragma once

#include <c10/core/impl/LocalDispatchKeySet.h>

namespace support {

/// While it lives, normal_ and uniform_ of this thread read a table instead of the generator, each call from another place, as
/// TableDraws in tests/oracle/support/model.py.
class TableDraws {
 public:
  TableDraws();

 private:
  c10::impl::IncludeDispatchKeyGuard guard_;
};

}  // namespace support
