// Calling C libraries that report errors by longjmp, without a C++ object in its way. For the codecs' own sources.
#pragma once

#include <csetjmp>
#include <cstdint>
#include <exception>
#include <type_traits>
#include <vector>

namespace opsis::inline v1::io {

/// Runs `calls`; false when the library jumped back out of it. A longjmp runs no destructors, so `calls` owns nothing: what it
/// works on belongs to the frames above this one, which the jump does not cross.
template <class Calls>
bool attempt(std::jmp_buf& back, Calls calls) {
  static_assert(std::is_trivially_destructible_v<Calls>);
  if (setjmp(back) != 0) return false;
  calls();
  return true;
}

/// Resizes from within a library's callback, which no exception may leave; false when memory is out.
inline bool try_resize(std::vector<uint8_t>& bytes, size_t size) noexcept {
  try {
    bytes.resize(size);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace opsis::inline v1::io
