// Lists in the words of a message.
#pragma once

#include <iterator>
#include <string>
#include <string_view>

#include "opsis/core/check.h"

namespace opsis::inline v1 {

/// "1, 3, 4" of a list of anything that text() takes; empty for none. `before_last` stands before the last of several.
template <class List>
std::string listed(const List& items, std::string_view before_last = ", ") {
  std::string out;
  auto left = std::size(items);
  for (const auto& item : items) {
    out += text("{}", item);
    if (--left > 0) out += left == 1 ? before_last : ", ";
  }
  return out;
}

/// "1, 3 or 4".
template <class List>
std::string alternatives(const List& choices) {
  return listed(choices, " or ");
}

}  // namespace opsis::inline v1
