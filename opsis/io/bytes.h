// Foreign bytes, as every parser of Opsis takes them: a view, never owned.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace opsis::inline v1::io {

using Bytes = std::span<const uint8_t>;

inline Bytes as_bytes(std::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }
inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// Whether `magic` stands at `offset`.
inline bool has_magic(Bytes bytes, size_t offset, std::string_view magic) {
  return bytes.size() >= offset + magic.size() && as_text(bytes).substr(offset, magic.size()) == magic;
}

}  // namespace opsis::inline v1::io
