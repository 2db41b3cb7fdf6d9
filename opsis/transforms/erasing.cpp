#include "opsis/transforms/erasing.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <cmath>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms/query.h"
#include "opsis/transforms/repr.h"
#include "opsis/transforms/settings.h"

namespace opsis::inline v1::transforms {
Json json_of(const ErasingValue& value) {
  if (value.is_random()) return "random";
  const auto& numbers = value.numbers();
  return numbers.size() == 1 ? Json(numbers[0]) : detail::to_json(numbers);
}

void read_json(const Json& json, ErasingValue& value) {
  if (json.is_list()) {
    std::vector<double> channels;
    detail::from_json(json, channels);
    value = ErasingValue(std::move(channels));
  } else if (json.is_text() && json.text() == "random") {
    value = ErasingValue::random();
  } else if (json.is_number()) {
    value = ErasingValue(json.number());
  } else {
    detail::refuse_json("a number, a list of numbers or \"random\"", json);
  }
}

std::string code_of(const ErasingValue& value) {
  if (value.is_random()) return "ErasingValue::random()";
  const auto& numbers = value.numbers();
  return numbers.size() == 1 ? detail::to_code(numbers[0]) : detail::to_code(numbers);
}

RandomErasing::RandomErasing(RandomErasingOptions options)
    : Sometimes("RandomErasing", options.p), options_(std::move(options)) {
  const auto& [scale, ratio] = std::pair(options_.scale, options_.ratio);
  OPSIS_CHECK(0 <= scale.first && scale.first <= scale.second && scale.second <= 1,
              "RandomErasing: scale must be (least, greatest) within [0, 1], got ({}, {})", scale.first, scale.second);
  OPSIS_CHECK(0 < ratio.first && ratio.first <= ratio.second && std::isfinite(ratio.second),
              "RandomErasing: ratio must be (least, greatest) above 0, got ({}, {})", ratio.first, ratio.second);
  least_log_ratio_ = detail::log_in_float(ratio.first);
  greatest_log_ratio_ = detail::log_in_float(ratio.second);
}

RandomErasing::Params RandomErasing::make_params(std::span<const Value> values) const {
  const auto [channels, height, width] = query_chw("RandomErasing", values);
  const auto& value = options_.value;
  OPSIS_CHECK(value.is_random() || value.numbers().size() == 1 || static_cast<int64_t>(value.numbers().size()) == channels,
              "RandomErasing: value must have 1 or {} numbers, got {}", channels, value.numbers().size());
  const auto area = static_cast<double>(height * width);
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double erased = area * random::uniform(options_.scale.first, options_.scale.second);
    const double ratio = detail::exp_in_float(random::uniform(least_log_ratio_, greatest_log_ratio_));
    // Python's round, which takes halves to the even number.
    const auto h = static_cast<int64_t>(std::nearbyint(std::sqrt(erased * ratio)));
    const auto w = static_cast<int64_t>(std::nearbyint(std::sqrt(erased / ratio)));
    if (h >= height || w >= width) continue;
    Params params;
    params.region.height = h;
    params.region.width = w;
    params.pixels = value.is_random() ? at::empty({channels, h, w}, torch::kFloat32).normal_(0, 1, random::current())
                                      : at::tensor(value.numbers(), torch::kFloat32).view({-1, 1, 1});
    params.region.top = random::integer(0, height - h + 1);
    params.region.left = random::integer(0, width - w + 1);
    return params;
  }
  Params nothing;
  nothing.region = {0, 0, height, width};
  return nothing;
}

Value RandomErasing::transform(const Value& value, const Params& params) const {
  if (!params.pixels.defined()) return value;
  return apply_kernel<Image, Video>(value, [&](const auto& pixels) {
    return functional::erase(pixels, params.region, params.pixels, {.inplace = options_.inplace});
  });
}

std::string RandomErasing::repr() const {
  return detail::repr("RandomErasing", {{"p", detail::python(probability())},
                                        {"scale", detail::python(options_.scale)},
                                        {"ratio", detail::python(options_.ratio)},
                                        {"value", options_.value.is_random() ? "" : detail::python(options_.value.numbers())},
                                        {"inplace", detail::python(options_.inplace)}});
}

}  // namespace opsis::inline v1::transforms
