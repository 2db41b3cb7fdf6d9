// Initialising large models in no time: draws out of a table.
#pragma once

#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/types.h>

#include <optional>

#include "tests/support/oracle.h"

namespace support {

/// While it lives, normal_ and uniform_ of this thread read a table instead of the generator, each call from another place, as
/// TableDraws in tests/oracle/support/model.py.
class TableDraws {
 public:
  TableDraws();

 private:
  c10::impl::IncludeDispatchKeyGuard guard_;
};

/// make(), with the draws of seed 0 that the case's model was made with: of the generator, or of the table where it says so.
template <class Make>
auto drawn_as(const oracle::Case& c, const Make& make) {
  torch::manual_seed(0);
  std::optional<TableDraws> draws;
  if (c.boolean("table")) draws.emplace();
  return make();
}

}  // namespace support
