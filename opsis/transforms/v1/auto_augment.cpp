#include "opsis/transforms/v1/auto_augment.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>

#include <cmath>
#include <numbers>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms/augment_space.h"
#include "opsis/transforms/repr.h"
#include "opsis/transforms/v1/change_pixels.h"
#include "opsis/transforms/v1/functional.h"

namespace opsis::inline v1::transforms::v1 {
namespace {

using detail::Strength;
using torch::Tensor;

// Bits are rounded before they are taken away, and thresholds are levels.
double old_magnitude_of(std::string_view where, const Strength& strength, int64_t bins, int64_t bin, Size size) {
  if (strength.of != Strength::Of::Bits && strength.operation != "Solarize") {
    return detail::magnitude_of(where, strength, bins, bin, size);
  }
  OPSIS_CHECK(bin >= -bins && bin < bins, "{}: the magnitude must be one of {} bins, got {}", where, bins, bin);
  const auto at = bin < 0 ? bin + bins : bin;
  if (strength.operation == "Solarize") return at::linspace(255.0, 0.0, bins, at::kFloat)[at].item<float>();
  const auto step = static_cast<double>(bins - 1) / strength.high;
  return strength.low - at::arange(bins, at::kFloat).div(step).round_()[at].item<float>();
}

template <class Bin>
AugmentStep old_step(std::string_view where, std::span<const Strength> space, int64_t bins, const Bin& bin, Size size) {
  const auto& strength = space[static_cast<size_t>(random::integer(0, std::ssize(space)))];
  AugmentStep step{std::string(strength.operation), 0};
  if (!strength.has_magnitude()) return step;
  step.magnitude = old_magnitude_of(where, strength, bins, bin(), size);
  if (strength.has_sign() && random::integer(0, 2) == 1) step.magnitude = -step.magnitude;
  return step;
}

Tensor old_apply(std::string_view where, const Tensor& image, const AugmentStep& step, InterpolationMode mode,
                 const Fill& fill) {
  const auto& [operation, magnitude] = step;
  const AffineOptions moved{.interpolation = mode, .fill = fill},
      sheared{.interpolation = mode, .fill = fill, .center = Point{}};
  const auto pixels = std::trunc(magnitude), degrees = std::atan(magnitude) * (180.0 / std::numbers::pi);
  if (operation == "ShearX") return functional::affine(image, 0, {0, 0}, 1, {degrees, 0}, sheared);
  if (operation == "ShearY") return functional::affine(image, 0, {0, 0}, 1, {0, degrees}, sheared);
  if (operation == "TranslateX") return functional::affine(image, 0, {pixels, 0}, 1, {0, 0}, moved);
  if (operation == "TranslateY") return functional::affine(image, 0, {0, pixels}, 1, {0, 0}, moved);
  if (operation == "Rotate") return functional::rotate(image, magnitude, {.interpolation = mode, .fill = fill});
  if (operation == "Brightness") return functional::adjust_brightness(image, 1 + magnitude);
  if (operation == "Color") return functional::adjust_saturation(image, 1 + magnitude);
  if (operation == "Contrast") return functional::adjust_contrast(image, 1 + magnitude);
  if (operation == "Sharpness") return functional::adjust_sharpness(image, 1 + magnitude);
  if (operation == "Posterize") return functional::posterize(image, detail::bits_of(where, magnitude));
  if (operation == "Solarize") return functional::solarize(image, magnitude);
  if (operation == "AutoContrast") return functional::autocontrast(image);
  if (operation == "Equalize") return functional::equalize(image);
  if (operation == "Invert") return functional::invert(image);
  OPSIS_CHECK(operation == "Identity", "{}: there is no operation \"{}\"", where, operation);
  return image;
}

Value old_augmented(std::string_view where, const Value& value, const AugmentParams& params, InterpolationMode mode,
                    const Fills& fills) {
  return detail::change_pixels(value, [&](Tensor image) {
    for (const auto& step : params.steps) image = old_apply(where, image, step, mode, fills[value]);
    return image;
  });
}

std::string or_none(const Fills& fills) { return fills.repr().empty() ? "None" : fills.repr(); }

}  // namespace

AutoAugment::Params AutoAugment::make_params(std::span<const Value> values) const {
  const auto size = detail::size_of_only_image("AutoAugment", values);
  const auto policies = detail::sub_policies(options_.policy);
  const auto& pair = policies[static_cast<size_t>(random::integer(0, std::ssize(policies)))];
  const auto probabilities = at::rand({2}, random::current(), at::kFloat);
  const auto signs = at::randint(0, 2, {2}, random::current(), at::kLong);
  Params params;
  for (size_t i = 0; i < pair.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    if (probabilities[at].item<float>() > static_cast<float>(pair[i].p)) continue;
    const auto& strength = detail::strength_of(pair[i].operation);
    AugmentStep step{std::string(pair[i].operation), 0};
    if (strength.has_magnitude()) step.magnitude = old_magnitude_of("AutoAugment", strength, 10, pair[i].magnitude, size);
    if (strength.has_sign() && signs[at].item<int64_t>() == 0) step.magnitude = -step.magnitude;
    params.steps.push_back(std::move(step));
  }
  return params;
}

Value AutoAugment::transform(const Value& value, const Params& params) const {
  return old_augmented("AutoAugment", value, params, options_.interpolation, options_.fill);
}

Value AutoAugment::inverse(const Value& value, const Params& params, Size source) const {
  return detail::undo_augment_steps(value, params, options_.interpolation, source);
}

std::string AutoAugment::repr() const {
  constexpr std::string_view names[] = {"IMAGENET", "CIFAR10", "SVHN"};
  return detail::repr("AutoAugment",
                      {{"policy", "AutoAugmentPolicy." + std::string(names[static_cast<size_t>(options_.policy)])},
                       {"fill", or_none(options_.fill)}});
}

RandAugment::Params RandAugment::make_params(std::span<const Value> values) const {
  const auto size = detail::size_of_only_image("RandAugment", values);
  Params params;
  for (int64_t i = 0; i < options_.num_ops; ++i) {
    params.steps.push_back(old_step(
        "RandAugment", detail::rand_space(), options_.num_magnitude_bins, [&] { return options_.magnitude; }, size));
  }
  return params;
}

Value RandAugment::transform(const Value& value, const Params& params) const {
  return old_augmented("RandAugment", value, params, options_.interpolation, options_.fill);
}

Value RandAugment::inverse(const Value& value, const Params& params, Size source) const {
  return detail::undo_augment_steps(value, params, options_.interpolation, source);
}

std::string RandAugment::repr() const {
  return detail::repr("RandAugment", {{"num_ops", detail::python(options_.num_ops)},
                                      {"magnitude", detail::python(options_.magnitude)},
                                      {"num_magnitude_bins", detail::python(options_.num_magnitude_bins)},
                                      {"interpolation", std::string(detail::enum_name(options_.interpolation))},
                                      {"fill", or_none(options_.fill)}});
}

TrivialAugmentWide::Params TrivialAugmentWide::make_params(std::span<const Value> values) const {
  const auto size = detail::size_of_only_image("TrivialAugmentWide", values);
  const auto bins = options_.num_magnitude_bins;
  return {{old_step(
      "TrivialAugmentWide", detail::wide_space(), bins, [&] { return random::integer(0, bins); }, size)}};
}

Value TrivialAugmentWide::transform(const Value& value, const Params& params) const {
  return old_augmented("TrivialAugmentWide", value, params, options_.interpolation, options_.fill);
}

Value TrivialAugmentWide::inverse(const Value& value, const Params& params, Size source) const {
  return detail::undo_augment_steps(value, params, options_.interpolation, source);
}

std::string TrivialAugmentWide::repr() const {
  return detail::repr("TrivialAugmentWide", {{"num_magnitude_bins", detail::python(options_.num_magnitude_bins)},
                                             {"interpolation", std::string(detail::enum_name(options_.interpolation))},
                                             {"fill", or_none(options_.fill)}});
}

AugMix::AugMix(AugMixOptions options) : options_(std::move(options)) {
  OPSIS_CHECK(options_.severity >= 1 && options_.severity <= 10, "AugMix: severity must be from 1 to 10, got {}",
              options_.severity);
}

AugMix::Params AugMix::make_params(std::span<const Value> values) const {
  const auto size = detail::size_of_only_image("AugMix", values);
  int64_t images = 1;
  for (const auto& value : values) {
    const auto* image = std::get_if<Image>(&value);
    const auto* video = std::get_if<Video>(&value);
    const auto& pixels = image ? image->data : video ? video->data : Tensor();
    if (pixels.defined() && pixels.dim() >= 4) images = pixels.size(0);
  }
  const auto bin = [&] { return random::integer(0, options_.severity); };
  return detail::draw_mix(options_, images, [&](auto space) { return old_step("AugMix", space, 10, bin, size); });
}

Value AugMix::transform(const Value& value, const Params& params) const {
  return detail::change_pixels(value, [&](const Tensor& original) {
    auto shape = original.sizes().vec();
    if (shape.size() < 4) shape.insert(shape.begin(), 4 - shape.size(), 1);
    const auto batch = original.reshape(shape);
    std::vector<int64_t> each(shape.size(), 1);
    each[0] = shape[0];
    const auto weight = [&](int64_t i) { return params.weights.select(1, i).reshape(each); };
    auto mixed = weight(0) * batch;
    for (size_t i = 0; i < params.chains.size(); ++i) {
      auto chain = batch;
      for (const auto& step : params.chains[i].steps) {
        chain = old_apply("AugMix", chain, step, options_.interpolation, options_.fill[value]);
      }
      mixed.add_(weight(static_cast<int64_t>(i) + 1) * chain);
    }
    return mixed.reshape(original.sizes()).to(original.scalar_type());
  });
}

Value AugMix::inverse(const Value&, const Params&, Size) const {
  raise<ValueError>("AugMix: has no inverse, for it mixes pictures that were moved");
}

std::string AugMix::repr() const {
  return detail::repr("AugMix", {{"severity", detail::python(options_.severity)},
                                 {"mixture_width", detail::python(options_.mixture_width)},
                                 {"chain_depth", detail::python(options_.chain_depth)},
                                 {"alpha", detail::python(options_.alpha)},
                                 {"all_ops", detail::python(options_.all_ops)},
                                 {"interpolation", std::string(detail::enum_name(options_.interpolation))},
                                 {"fill", or_none(options_.fill)}});
}

}  // namespace opsis::inline v1::transforms::v1
