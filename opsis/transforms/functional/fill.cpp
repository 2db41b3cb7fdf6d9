#include "opsis/transforms/functional/fill.h"

#include <algorithm>
#include <cmath>

#include "opsis/transforms/arguments.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {

std::vector<double> Fill::numbers() const {
  if (const auto* integer = std::get_if<int64_t>(&fill_)) return {static_cast<double>(*integer)};
  if (const auto* number = std::get_if<double>(&fill_)) return {*number};
  if (const auto* channels = std::get_if<std::vector<double>>(&fill_)) return *channels;
  return {0.0};
}

std::string Fill::repr() const {
  if (const auto* integer = std::get_if<int64_t>(&fill_)) return detail::python(*integer);
  if (const auto* number = std::get_if<double>(&fill_)) return detail::python(*number);
  const auto* channels = std::get_if<std::vector<double>>(&fill_);
  if (!channels) return "None";
  // Whether a list held integers is not kept; whole numbers print as such.
  const bool whole =
      std::all_of(channels->begin(), channels->end(), [](double c) { return c == std::trunc(c) && std::abs(c) < 1e15; });
  return whole ? detail::python(std::vector<int64_t>(channels->begin(), channels->end())) : detail::python(*channels);
}

Json json_of(const Fill& fill) {
  if (const auto* integer = std::get_if<int64_t>(&fill.fill_)) return *integer;
  if (const auto* number = std::get_if<double>(&fill.fill_)) return *number;
  const auto* channels = std::get_if<std::vector<double>>(&fill.fill_);
  return channels ? detail::to_json(*channels) : Json();
}

void read_json(const Json& json, Fill& fill) {
  if (json.is_null()) {
    fill = Fill();
  } else if (json.is_list()) {
    std::vector<double> channels;
    detail::from_json(json, channels);
    fill = Fill(std::move(channels));
  } else if (json.is_integer()) {
    fill = Fill(json.integer());
  } else {
    fill = Fill(json.number());
  }
}

std::string code_of(const Fill& fill) {
  if (fill.repr() == "None") return "Fill()";
  // A list of one: with braces alone it would be a number.
  if (fill.is_list() && fill.numbers().size() == 1) return "Fill(std::vector<double>" + detail::to_code(fill.numbers()) + ")";
  const auto text = fill.repr();
  return text.starts_with('[') ? "Fill({" + text.substr(1, text.size() - 2) + "})" : text;
}

}  // namespace opsis::inline v1::transforms
