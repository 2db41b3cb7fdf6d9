// What there is to choose from, in the words of a message.
#pragma once

#include <iterator>
#include <string>

#include "opsis/core/check.h"

namespace opsis::inline v1 {

/// "1, 3 or 4" of a list of anything that text() takes; empty for none.
template <class List>
std::string alternatives(const List& choices) {
  std::string out;
  auto left = std::size(choices);
  for (const auto& choice : choices) {
    out += text("{}", choice);
    if (--left > 0) out += left == 1 ? " or " : ", ";
  }
  return out;
}

}  // namespace opsis::inline v1
