// Little-endian numbers and texts one after the other, as indexes and packed files have them. For the library's own sources.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "opsis/core/check.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

/// Appends the bytes of a whole number, the lowest first.
template <class Number>
requires std::is_integral_v<Number>
void put_number(std::string& out, Number number) {
  auto rest = static_cast<uint64_t>(number);
  for (size_t i = 0; i < sizeof(Number); ++i, rest >>= 8) out.push_back(static_cast<char>(rest));
}

/// A text behind its length.
inline void put_text(std::string& out, std::string_view text) {
  put_number(out, static_cast<uint64_t>(text.size()));
  out.append(text);
}

/// Takes them off again. Reading past the end throws DecodeError in the name of `what`.
class ByteFields {
 public:
  ByteFields(Bytes bytes, std::string_view what) : rest_(bytes), what_(what) {}
  template <class Number>
  Number number() {
    const auto raw = take(sizeof(Number));
    uint64_t value = 0;
    for (size_t i = sizeof(Number); i-- > 0;) value = value << 8 | raw[i];
    return static_cast<Number>(value);
  }
  Bytes take(uint64_t count) {
    if (count > rest_.size()) raise<DecodeError>("{} is cut short", what_);
    const auto out = rest_.first(static_cast<size_t>(count));
    rest_ = rest_.subspan(static_cast<size_t>(count));
    return out;
  }
  std::string_view text() { return as_text(take(number<uint64_t>())); }
  /// A number of things of which each takes at least so many bytes: there cannot be more than the rest has room for.
  size_t count(size_t bytes_each) {
    const auto out = number<uint64_t>();
    if (out > rest_.size() / bytes_each) raise<DecodeError>("{} is cut short", what_);
    return static_cast<size_t>(out);
  }
  size_t left() const { return rest_.size(); }

 private:
  Bytes rest_;
  std::string_view what_;
};

}  // namespace opsis::inline v1::io
