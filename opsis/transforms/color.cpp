#include "opsis/transforms/color.h"

#include <algorithm>
#include <limits>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms/query.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {
namespace {

using detail::python;

constexpr double without_end = std::numeric_limits<double>::infinity();

std::vector<int64_t> drawn_order(int64_t count) {
  const auto order = random::permutation(count);
  const auto* const first = order.const_data_ptr<int64_t>();
  return {first, first + count};
}

std::optional<double> drawn_factor(const std::optional<std::pair<double, double>>& factors) {
  if (!factors) return std::nullopt;
  return random::uniform(factors->first, factors->second);
}

template <class Kernel>
Value on_pixels(const Value& value, const Kernel& kernel) {
  return apply_kernel<Image, Video>(value, kernel);
}

Value changed(const Value& value, double factor, int64_t which) {
  return on_pixels(value, [&](const auto& pixels) {
    switch (which) {
      case 0: return functional::adjust_brightness(pixels, factor);
      case 1: return functional::adjust_contrast(pixels, factor);
      case 2: return functional::adjust_saturation(pixels, factor);
      default: return functional::adjust_hue(pixels, factor);
    }
  });
}

std::string with_p(std::string_view name, double p) { return detail::repr(name, {{"p", python(p)}}); }

}  // namespace

std::optional<std::pair<double, double>> Jitter::range(std::string_view where, std::string_view name, double middle,
                                                       std::pair<double, double> bounds, bool from_zero) const {
  if (!amount_ && !range_) return std::nullopt;
  auto [least, greatest] = range_.value_or(std::pair(0.0, 0.0));
  if (amount_) {
    OPSIS_CHECK(!(*amount_ < 0), "{}: {} must not be negative when it is one number, got {}", where, name, *amount_);
    least = middle - *amount_;
    greatest = middle + *amount_;
    if (from_zero) least = std::max(least, 0.0);
  }
  OPSIS_CHECK(bounds.first <= least && least <= greatest && greatest <= bounds.second,
              "{}: {} must be increasing and within [{}, {}], got {} and {}", where, name, bounds.first, bounds.second, least,
              greatest);
  OPSIS_CHECK(random::spans(least, greatest), "{}: {} must be numbers of float32, got {} and {}", where, name, least, greatest);
  if (least == middle && greatest == middle) return std::nullopt;
  return std::pair(least, greatest);
}

Json json_of(const Jitter& jitter) { return jitter.amount_ ? detail::to_json(jitter.amount_) : detail::to_json(jitter.range_); }

void read_json(const Json& json, Jitter& jitter) {
  jitter = Jitter();
  if (json.is_list()) {
    detail::from_json(json, jitter.range_);
  } else {
    detail::from_json(json, jitter.amount_);
  }
}

std::string code_of(const Jitter& jitter) {
  if (jitter.amount_) return detail::to_code(*jitter.amount_);
  return jitter.range_ ? detail::to_code(*jitter.range_) : "Jitter()";
}

ColorJitter::ColorJitter(ColorJitterOptions options)
    : options_(options),
      brightness_(options.brightness.range("ColorJitter", "brightness", 1, {0, without_end}, true)),
      contrast_(options.contrast.range("ColorJitter", "contrast", 1, {0, without_end}, true)),
      saturation_(options.saturation.range("ColorJitter", "saturation", 1, {0, without_end}, true)),
      hue_(options.hue.range("ColorJitter", "hue", 0, {-0.5, 0.5}, false)) {}

ColorJitter::Params ColorJitter::make_params(std::span<const Value>) const {
  Params params;
  params.order = drawn_order(4);
  params.brightness = drawn_factor(brightness_);
  params.contrast = drawn_factor(contrast_);
  params.saturation = drawn_factor(saturation_);
  params.hue = drawn_factor(hue_);
  return params;
}

Value ColorJitter::transform(const Value& value, const Params& params) const {
  const std::optional<double> factors[] = {params.brightness, params.contrast, params.saturation, params.hue};
  auto out = value;
  for (const auto which : params.order) {
    OPSIS_CHECK(which >= 0 && which < 4, "ColorJitter: order must be of numbers from 0 to 3, got {}", which);
    const auto& factor = factors[which];
    if (factor) out = changed(out, *factor, which);
  }
  return out;
}

std::string ColorJitter::repr() const {
  return detail::repr("ColorJitter", {{"brightness", python(brightness_)},
                                      {"contrast", python(contrast_)},
                                      {"saturation", python(saturation_)},
                                      {"hue", python(hue_)}});
}

RandomPhotometricDistort::RandomPhotometricDistort(RandomPhotometricDistortOptions options) : options_(options) {}

RandomPhotometricDistort::Params RandomPhotometricDistort::make_params(std::span<const Value> values) const {
  const auto channels = query_chw("RandomPhotometricDistort", values).channels;
  const auto maybe = [&](const std::pair<double, double>& factors) -> std::optional<double> {
    if (!detail::happens(options_.p)) return std::nullopt;
    return random::uniform(factors.first, factors.second);
  };
  Params params;
  params.brightness = maybe(options_.brightness);
  params.contrast = maybe(options_.contrast);
  params.saturation = maybe(options_.saturation);
  params.hue = maybe(options_.hue);
  params.contrast_before = detail::happens(0.5);
  if (detail::happens(options_.p)) params.permutation = drawn_order(channels);
  return params;
}

Value RandomPhotometricDistort::transform(const Value& value, const Params& params) const {
  auto out = value;
  if (params.brightness) out = changed(out, *params.brightness, 0);
  if (params.contrast && params.contrast_before) out = changed(out, *params.contrast, 1);
  if (params.saturation) out = changed(out, *params.saturation, 2);
  if (params.hue) out = changed(out, *params.hue, 3);
  if (params.contrast && !params.contrast_before) out = changed(out, *params.contrast, 1);
  if (params.permutation.empty()) return out;
  return on_pixels(out, [&](const auto& pixels) { return functional::permute_channels(pixels, params.permutation); });
}

std::string RandomPhotometricDistort::repr() const {
  return detail::repr("RandomPhotometricDistort", {{"brightness", python(options_.brightness)},
                                                   {"contrast", python(options_.contrast)},
                                                   {"hue", python(options_.hue)},
                                                   {"saturation", python(options_.saturation)},
                                                   {"p", python(options_.p)}});
}

RandomChannelPermutation::Params RandomChannelPermutation::make_params(std::span<const Value> values) const {
  return {drawn_order(query_chw("RandomChannelPermutation", values).channels)};
}

Value RandomChannelPermutation::transform(const Value& value, const Params& params) const {
  return on_pixels(value, [&](const auto& pixels) { return functional::permute_channels(pixels, params.permutation); });
}

std::string RandomChannelPermutation::repr() const { return "RandomChannelPermutation()"; }

Value PermuteChannels::transform(const Value& value) const {
  return on_pixels(value, [&](const auto& pixels) { return functional::permute_channels(pixels, permutation_); });
}

std::string PermuteChannels::repr() const { return detail::repr("PermuteChannels", {{"permutation", python(permutation_)}}); }

Value Grayscale::transform(const Value& value) const {
  return apply_kernel<Image>(value,
                             [&](const auto& image) { return functional::rgb_to_grayscale(image, num_output_channels_); });
}

std::string Grayscale::repr() const {
  return detail::repr("Grayscale", {{"num_output_channels", python(num_output_channels_)}});
}

RandomGrayscale::Params RandomGrayscale::make_params(std::span<const Value> values) const {
  return {query_chw("RandomGrayscale", values).channels};
}

Value RandomGrayscale::transform(const Value& value, const Params& params) const {
  return apply_kernel<Image>(value,
                             [&](const auto& image) { return functional::rgb_to_grayscale(image, params.num_input_channels); });
}

std::string RandomGrayscale::repr() const { return with_p("RandomGrayscale", probability()); }

Value RGB::transform(const Value& value) const {
  return apply_kernel<Image>(value, [](const auto& image) { return functional::grayscale_to_rgb(image); });
}

std::string RGB::repr() const { return "RGB()"; }

Value RandomInvert::transform(const Value& value) const {
  return on_pixels(value, [](const auto& pixels) { return functional::invert(pixels); });
}

std::string RandomInvert::repr() const { return with_p("RandomInvert", probability()); }

Value RandomPosterize::transform(const Value& value) const {
  return on_pixels(value, [&](const auto& pixels) { return functional::posterize(pixels, bits_); });
}

std::string RandomPosterize::repr() const {
  return detail::repr("RandomPosterize", {{"p", python(probability())}, {"bits", python(bits_)}});
}

Value RandomSolarize::transform(const Value& value) const {
  return on_pixels(value, [&](const auto& pixels) { return functional::solarize(pixels, threshold_); });
}

std::string RandomSolarize::repr() const {
  return detail::repr("RandomSolarize", {{"p", python(probability())}, {"threshold", python(threshold_)}});
}

Value RandomAutocontrast::transform(const Value& value) const {
  return on_pixels(value, [](const auto& pixels) { return functional::autocontrast(pixels); });
}

std::string RandomAutocontrast::repr() const { return with_p("RandomAutocontrast", probability()); }

Value RandomEqualize::transform(const Value& value) const {
  return on_pixels(value, [](const auto& pixels) { return functional::equalize(pixels); });
}

std::string RandomEqualize::repr() const { return with_p("RandomEqualize", probability()); }

Value RandomAdjustSharpness::transform(const Value& value) const {
  return on_pixels(value, [&](const auto& pixels) { return functional::adjust_sharpness(pixels, sharpness_factor_); });
}

std::string RandomAdjustSharpness::repr() const {
  return detail::repr("RandomAdjustSharpness", {{"p", python(probability())}, {"sharpness_factor", python(sharpness_factor_)}});
}

}  // namespace opsis::inline v1::transforms
