#include "opsis/models/pattern.h"

namespace opsis::inline v1::models::detail {
namespace {

// What stands between [ and ].
bool in_set(std::string_view set, char letter) {
  const bool negated = set.starts_with('!');
  if (negated) set.remove_prefix(1);
  bool found = false;
  for (size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      found |= set[i] <= letter && letter <= set[i + 2];
      i += 2;
    } else {
      found |= set[i] == letter;
    }
  }
  return found != negated;
}

}  // namespace

bool matches(std::string_view pattern, std::string_view name) {
  // Where to go on when a letter does not match: behind the last star, which then takes a letter more. An earlier star need
  // not: what it leaves to the later ones they can take themselves. So the cost is at most pattern times name.
  size_t p = 0, n = 0, after_star = std::string_view::npos, taken = 0;
  while (n < name.size()) {
    if (p < pattern.size()) {
      if (pattern[p] == '*') {
        after_star = ++p;
        taken = n;
        continue;
      }
      size_t next = p + 1;
      bool same = pattern[p] == '?' || pattern[p] == name[n];
      if (pattern[p] == '[') {
        const size_t first = p + 1 + (pattern.substr(p + 1).starts_with('!') ? 1 : 0);
        const size_t close = pattern.find(']', first + 1);  // a ] in first place is one of the set
        if (close != std::string_view::npos) {
          same = in_set(pattern.substr(p + 1, close - p - 1), name[n]);
          next = close + 1;
        }
      }
      if (same) {
        p = next;
        ++n;
        continue;
      }
    }
    if (after_star == std::string_view::npos) return false;
    p = after_star;
    n = ++taken;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace opsis::inline v1::models::detail
