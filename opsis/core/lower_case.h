// Words whose letter case does not count.
#pragma once

#include <string>
#include <string_view>

namespace opsis::inline v1 {

/// With small letters in place of ASCII's capitals, whatever the locale.
inline std::string in_lower_case(std::string_view text) {
  std::string out(text);
  for (auto& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace opsis::inline v1
