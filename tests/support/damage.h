// Every damage of a small file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace support {

/// What a byte is changed in: a low bit, the high one and all; by OPSIS_EVERY_CHANGE=1 (hours for the slow formats) into each of the
/// 255 others.
inline const std::vector<uint8_t>& changes() {
  static const auto masks = [] {
    const auto* const all = std::getenv("OPSIS_EVERY_CHANGE");
    if (!all || std::string_view(all) != "1") return std::vector<uint8_t>{0x01, 0x80, 0xFF};
    std::vector<uint8_t> every;
    for (int mask = 1; mask < 256; ++mask) every.push_back(static_cast<uint8_t>(mask));
    return every;
  }();
  return masks;
}

/// Calls attempt(damaged) with the file cut off after each of its bytes, and with each byte changed, as changes() says. `File` is a
/// string or a vector of bytes.
template <class File, class Attempt>
void each_damage(const File& sound, const Attempt& attempt) {
  for (size_t i = 0; i < sound.size(); ++i) {
    attempt(File(sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(i)));
    for (const auto mask : changes()) {
      auto damaged = sound;
      damaged[i] = static_cast<typename File::value_type>(damaged[i] ^ mask);
      attempt(damaged);
    }
  }
}

}  // namespace support
