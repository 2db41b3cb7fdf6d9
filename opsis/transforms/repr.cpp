#include "opsis/transforms/repr.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace opsis::inline v1::transforms::detail {
namespace {

template <class T>
std::string python_list(const std::vector<T>& list) {
  std::string out = "[";
  for (size_t i = 0; i < list.size(); ++i) out += (i > 0 ? ", " : "") + python(list[i]);
  return out + "]";
}

}  // namespace

std::string python(bool value) { return value ? "True" : "False"; }
std::string python(int64_t value) { return std::to_string(value); }
std::string python(const std::vector<int64_t>& list) { return python_list(list); }
std::string python(const std::vector<double>& list) { return python_list(list); }
std::string python(const std::pair<double, double>& pair) { return python_tuple(pair.first, pair.second); }
std::string python(Size size) { return python_tuple(size.height, size.width); }

std::string python(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  // The shortest digits that read back as the same number; Python writes an exponent only for very small and large ones.
  std::array<char, 400> digits;
  const double magnitude = std::abs(value);
  const bool exponent = magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e16);
  const auto format = exponent ? std::chars_format::scientific : std::chars_format::fixed;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, format).ptr;
  std::string out(digits.data(), end);
  if (!exponent && out.find('.') == std::string::npos) out += ".0";
  return out;
}

std::string repr(std::string_view name, std::initializer_list<Attribute> attributes) {
  std::string out(name);
  out += '(';
  bool first = true;
  for (const auto& [key, value] : attributes) {
    if (value.empty()) continue;
    if (!first) out += ", ";
    first = false;
    out.append(key).append("=").append(value);
  }
  return out + ")";
}

std::string repr_of_parts(std::string_view name, const std::vector<std::string>& parts) {
  std::string lines;
  for (const auto& part : parts) lines += (lines.empty() ? "    " : "\n    ") + part;
  const std::string head(name);
  if (lines.find('\n') == std::string::npos) return head + "(" + lines + ")";
  std::string out = head + "(\n  ";
  for (const char c : lines) {
    out += c;
    if (c == '\n') out += "  ";
  }
  return out + "\n)";
}

}  // namespace opsis::inline v1::transforms::detail
