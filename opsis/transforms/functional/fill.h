// What new pixels are filled with.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::transforms {

/// One number, or one for each channel, in the units of the pixels; none is 0.
///     Fill()    Fill(127)    Fill(0.5)    Fill({124, 116, 104})
class OPSIS_API Fill {
 public:
  Fill() = default;
  template <class Number>
  requires std::is_arithmetic_v<Number> Fill(Number number) {
    if constexpr (std::is_floating_point_v<Number>) {
      fill_ = static_cast<double>(number);
    } else {
      fill_ = static_cast<int64_t>(number);
    }
  }
  Fill(std::initializer_list<double> channels) : fill_(std::vector<double>(channels)) {}
  Fill(std::vector<double> channels) : fill_(std::move(channels)) {}

  /// Whether nothing is named. Padding takes that for 0; warps then do not blend their borders with a fill.
  bool is_none() const { return std::holds_alternative<std::monostate>(fill_); }
  /// Whether it holds a list, be it of one number.
  bool is_list() const { return std::holds_alternative<std::vector<double>>(fill_); }
  /// Its numbers: one, or one for each channel.
  std::vector<double> numbers() const;
  /// As Python would print it: "127", "0.5", "[124, 116, 104]", "None".
  std::string repr() const;

 private:
  std::variant<std::monostate, int64_t, double, std::vector<double>> fill_;
};

}  // namespace opsis::inline v1::transforms
