// Building and throwing errors, for Opsis's own sources; public headers need only error.h.
#pragma once

#include <array>
#include <sstream>
#include <string>
#include <string_view>

#include "opsis/core/error.h"

namespace opsis::inline v1 {
namespace detail {

OPSIS_API std::string fill_in(std::string_view pattern, const std::string* values, size_t count);

template <class T>
std::string to_text(const T& value) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return std::string(std::string_view(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else {
    std::ostringstream out;
    out << value;
    return out.str();
  }
}

}  // namespace detail

/// Puts each argument, as `<<` prints it, in place of the next `{}`.
///     text("got {} of {}", 3, "five")   // "got 3 of five"
template <class... Args>
std::string text(std::string_view pattern, const Args&... args) {
  const std::array<std::string, sizeof...(Args)> values{detail::to_text(args)...};
  return detail::fill_in(pattern, values.data(), values.size());
}

/// A number with so many digits after the point: fixed(0.98765, 2) is "0.99".
OPSIS_API std::string fixed(double value, int digits);

/// Throws an E whose message is text(pattern, args...).
template <class E, class... Args>
[[noreturn]] void raise(std::string_view pattern, const Args&... args) {
  throw E(text(pattern, args...));
}

/// The same with a way out behind it.
///     raise_with<NotFoundError>(WayOut::Download, "pass .download = true", "USPS: {} is not there", file);
template <class E, class... Args>
[[noreturn]] void raise_with(WayOut way_out, const std::string& way, std::string_view pattern, const Args&... args) {
  throw E(text(pattern, args...), way_out, way);
}

/// Throws an E for another error: its message with text(before, args...) in front, and its way out.
///     catch (const ValueError& error) { raise_because<DecodeError>(error, "{}: ", path.string()); }
template <class E, class... Args>
[[noreturn]] void raise_because(const Error& cause, std::string_view before, const Args&... args) {
  throw E(text(before, args...) + cause.rule(), cause.way_out(), cause.way());
}

}  // namespace opsis::inline v1

/// Throws ValueError unless the condition holds: OPSIS_CHECK(k > 0, "topk: k must be positive, got {}", k).
#define OPSIS_CHECK(condition, ...)                     \
  do {                                                  \
    if (!(condition)) [[unlikely]]                      \
      ::opsis::raise<::opsis::ValueError>(__VA_ARGS__); \
  } while (false)
