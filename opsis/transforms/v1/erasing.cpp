#include "opsis/transforms/v1/erasing.h"

#include "opsis/core/check.h"
#include "opsis/transforms/functional/fill.h"
#include "opsis/transforms/functional/tensor.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms::v1 {
namespace {

std::string tuple_of_range(const std::pair<double, double>& range) { return detail::python_tuple(range.first, range.second); }

// Whole numbers as such; torchvision prints what it was given.
std::string python_value(const ErasingValue& value) {
  if (value.is_random()) return "random";
  const auto list = Fill(value.numbers()).repr();
  const auto numbers = list.substr(1, list.size() - 2);
  return value.numbers().size() == 1 ? numbers : "(" + numbers + ")";
}

}  // namespace

RandomErasing::RandomErasing(RandomErasingOptions options)
    : Sometimes("RandomErasing", options.p), drawing_(options), options_(std::move(options)) {}

RandomErasing::Params RandomErasing::make_params(std::span<const Value> values) const {
  for (const auto& value : values) {
    if (const auto* image = std::get_if<Image>(&value)) detail::check_dims("RandomErasing", image->data, 3);
  }
  return drawing_.make_params(values);
}

std::string RandomErasing::repr() const {
  return detail::repr("RandomErasing", {{"p", detail::python(probability())},
                                        {"scale", tuple_of_range(options_.scale)},
                                        {"ratio", tuple_of_range(options_.ratio)},
                                        {"value", python_value(options_.value)},
                                        {"inplace", detail::python(options_.inplace)}});
}

}  // namespace opsis::inline v1::transforms::v1
