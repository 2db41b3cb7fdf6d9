// Every damage of a small file.
#pragma once

#include <cstddef>
#include <cstdint>

namespace support {

/// Calls attempt(damaged) with the file cut off after each of its bytes, and with each byte changed in a low bit, in the high one and
/// in all. `File` is a string or a vector of bytes.
template <class File, class Attempt>
void each_damage(const File& sound, const Attempt& attempt) {
  for (size_t i = 0; i < sound.size(); ++i) {
    attempt(File(sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(i)));
    for (const int mask : {0x01, 0x80, 0xFF}) {
      auto damaged = sound;
      damaged[i] = static_cast<typename File::value_type>(damaged[i] ^ mask);
      attempt(damaged);
    }
  }
}

}  // namespace support
