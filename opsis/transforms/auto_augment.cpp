#include "opsis/transforms/auto_augment.h"

#include <cmath>
#include <optional>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms/augment_space.h"
#include "opsis/transforms/functional.h"
#include "opsis/transforms/functional/affine.h"
#include "opsis/transforms/functional/tensor.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {
namespace {

// One torch.rand(): whether the sign is turned.
bool is_turned() { return random::uniform() <= 0.5F; }

// An operation out of the space, its bin by `bin`.
template <class Bin>
AugmentStep draw_step(std::string_view where, std::span<const detail::Strength> space, int64_t bins, const Bin& bin,
                      Size size) {
  const auto& strength = space[static_cast<size_t>(random::integer(0, std::ssize(space)))];
  AugmentStep step{std::string(strength.operation), 0};
  if (!strength.has_magnitude()) return step;
  step.magnitude = detail::magnitude_of(where, strength, bins, bin(), size);
  if (strength.has_sign() && is_turned()) step.magnitude = -step.magnitude;
  return step;
}

// How an operation moves pixels, if it does.
std::optional<detail::AffineMove> move_of(const AugmentStep& step) {
  const auto& operation = step.operation;
  const auto magnitude = step.magnitude;
  // Magnitudes of shears are tangents.
  const auto degrees = [](double tangent) { return std::atan(tangent) * (180.0 / M_PI); };
  detail::AffineMove move;
  if (operation == "ShearX") {
    move.parameters.shear.x = degrees(magnitude);
    move.center = Point{0, 0};
  } else if (operation == "ShearY") {
    move.parameters.shear.y = degrees(magnitude);
    move.center = Point{0, 0};
  } else if (operation == "TranslateX") {
    move.parameters.translate.x = std::trunc(magnitude);
  } else if (operation == "TranslateY") {
    move.parameters.translate.y = std::trunc(magnitude);
  } else if (operation == "Rotate") {
    move.parameters.angle = -magnitude;  // affine turns the other way round
  } else {
    return std::nullopt;
  }
  return move;
}

template <class Kind>
Kind apply_step(std::string_view where, const Kind& image, const AugmentStep& step, InterpolationMode mode, const Fill& fill) {
  const auto& operation = step.operation;
  const auto magnitude = step.magnitude;
  if (operation == "Identity") return image;
  if (operation == "Rotate") return functional::rotate(image, magnitude, {.interpolation = mode, .fill = fill});
  if (operation == "Brightness") return functional::adjust_brightness(image, 1 + magnitude);
  if (operation == "Color") return functional::adjust_saturation(image, 1 + magnitude);
  if (operation == "Contrast") return functional::adjust_contrast(image, 1 + magnitude);
  if (operation == "Sharpness") return functional::adjust_sharpness(image, 1 + magnitude);
  if (operation == "Posterize") return functional::posterize(image, detail::bits_of(where, magnitude));
  if (operation == "Solarize") {
    return functional::solarize(image, detail::largest_pixel(image.data.scalar_type()) * magnitude);
  }
  if (operation == "AutoContrast") return functional::autocontrast(image);
  if (operation == "Equalize") return functional::equalize(image);
  if (operation == "Invert") return functional::invert(image);
  if (const auto move = move_of(step)) {
    const auto& [x, y] = move->parameters.translate;
    const auto& shear = move->parameters.shear;
    return functional::affine(image, 0, {x, y}, 1, {shear.x, shear.y},
                              {.interpolation = mode, .fill = fill, .center = move->center});
  }
  raise<ValueError>("{}: there is no operation \"{}\"", where, operation);
}

template <class Kind>
Kind apply_steps(std::string_view where, Kind image, const AugmentParams& params, InterpolationMode mode, const Fill& fill) {
  for (const auto& step : params.steps) image = apply_step(where, image, step, mode, fill);
  return image;
}

Value augmented(std::string_view where, const Value& value, const AugmentParams& params, InterpolationMode mode,
                const Fills& fills) {
  return apply_kernel<Image, Video>(value,
                                    [&](const auto& image) { return apply_steps(where, image, params, mode, fills[value]); });
}

std::string policy_name(AutoAugmentPolicy policy) {
  constexpr std::string_view names[] = {"IMAGENET", "CIFAR10", "SVHN"};
  return "AutoAugmentPolicy." + std::string(names[static_cast<size_t>(policy)]);
}

}  // namespace

Image detail::apply_augment_step(std::string_view where, const Image& image, const AugmentStep& step, InterpolationMode mode,
                                 const Fill& fill) {
  return apply_step(where, image, step, mode, fill);
}

Value detail::undo_augment_steps(const Value& value, const AugmentParams& params, InterpolationMode mode, Size source) {
  auto out = value;
  for (auto step = params.steps.rbegin(); step != params.steps.rend(); ++step) {
    auto move = move_of(*step);
    if (!move) continue;
    move->source = source;
    move->interpolation = mode;
    out = apply_kernel(out, [&](const auto& v) { return detail::undo_affine(v, *move); });
  }
  return out;
}

std::string_view to_string(AutoAugmentPolicy policy) {
  constexpr std::string_view names[] = {"imagenet", "cifar10", "svhn"};
  const auto number = static_cast<size_t>(policy);
  return number < std::size(names) ? names[number] : std::string_view();
}

AutoAugment::Params AutoAugment::make_params(std::span<const Value> values) const {
  const auto size = detail::size_of_only_image("AutoAugment", values);
  const auto policies = detail::sub_policies(options_.policy);
  Params params;
  for (const auto& step : policies[static_cast<size_t>(random::integer(0, std::ssize(policies)))]) {
    if (random::uniform() > static_cast<float>(step.p)) continue;
    const auto& strength = detail::strength_of(step.operation);
    AugmentStep drawn{std::string(step.operation), 0};
    if (strength.has_magnitude()) drawn.magnitude = detail::magnitude_of("AutoAugment", strength, 10, step.magnitude, size);
    if (strength.has_sign() && is_turned()) drawn.magnitude = -drawn.magnitude;
    params.steps.push_back(std::move(drawn));
  }
  return params;
}

Value AutoAugment::transform(const Value& value, const Params& params) const {
  return augmented("AutoAugment", value, params, options_.interpolation, options_.fill);
}

Value AutoAugment::inverse(const Value& value, const Params& params, Size source) const {
  return detail::undo_augment_steps(value, params, options_.interpolation, source);
}

std::string AutoAugment::repr() const {
  return detail::repr("AutoAugment", {{"interpolation", std::string(to_string(options_.interpolation))},
                                      {"fill", options_.fill.repr()},
                                      {"policy", policy_name(options_.policy)}});
}

RandAugment::RandAugment(RandAugmentOptions options) : options_(std::move(options)) {
  OPSIS_CHECK(options_.num_ops >= 0, "RandAugment: num_ops must not be negative, got {}", options_.num_ops);
}

RandAugment::Params RandAugment::make_params(std::span<const Value> values) const {
  const auto size = detail::size_of_only_image("RandAugment", values);
  Params params;
  for (int64_t i = 0; i < options_.num_ops; ++i) {
    params.steps.push_back(draw_step(
        "RandAugment", detail::rand_space(), options_.num_magnitude_bins, [&] { return options_.magnitude; }, size));
  }
  return params;
}

Value RandAugment::transform(const Value& value, const Params& params) const {
  return augmented("RandAugment", value, params, options_.interpolation, options_.fill);
}

Value RandAugment::inverse(const Value& value, const Params& params, Size source) const {
  return detail::undo_augment_steps(value, params, options_.interpolation, source);
}

std::string RandAugment::repr() const {
  return detail::repr("RandAugment", {{"interpolation", std::string(to_string(options_.interpolation))},
                                      {"fill", options_.fill.repr()},
                                      {"num_ops", detail::python(options_.num_ops)},
                                      {"magnitude", detail::python(options_.magnitude)},
                                      {"num_magnitude_bins", detail::python(options_.num_magnitude_bins)}});
}

TrivialAugmentWide::Params TrivialAugmentWide::make_params(std::span<const Value> values) const {
  const auto size = detail::size_of_only_image("TrivialAugmentWide", values);
  const auto bins = options_.num_magnitude_bins;
  return {{draw_step(
      "TrivialAugmentWide", detail::wide_space(), bins, [&] { return random::integer(0, bins); }, size)}};
}

Value TrivialAugmentWide::transform(const Value& value, const Params& params) const {
  return augmented("TrivialAugmentWide", value, params, options_.interpolation, options_.fill);
}

Value TrivialAugmentWide::inverse(const Value& value, const Params& params, Size source) const {
  return detail::undo_augment_steps(value, params, options_.interpolation, source);
}

std::string TrivialAugmentWide::repr() const {
  return detail::repr("TrivialAugmentWide", {{"interpolation", std::string(to_string(options_.interpolation))},
                                             {"fill", options_.fill.repr()},
                                             {"num_magnitude_bins", detail::python(options_.num_magnitude_bins)}});
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
    if (image && image->data.dim() >= 4) images = image->data.size(0);
    if (video && video->data.dim() >= 5) images = video->data.size(0);
  }
  const auto bin = [&] { return random::integer(0, options_.severity); };
  return detail::draw_mix(options_, images, [&](auto space) { return draw_step("AugMix", space, 10, bin, size); });
}

Value AugMix::transform(const Value& value, const Params& params) const {
  return apply_kernel<Image, Video>(value, [&](const auto& original) {
    using Kind = std::remove_cvref_t<decltype(original)>;
    constexpr int64_t dims = std::is_same_v<Kind, Video> ? 5 : 4;
    auto shape = original.data.sizes().vec();
    if (std::ssize(shape) < dims) shape.insert(shape.begin(), static_cast<size_t>(dims - std::ssize(shape)), 1);
    const Image batch(original.data.reshape(shape));
    std::vector<int64_t> each(shape.size(), 1);
    each[0] = shape[0];

    const auto weight = [&](int64_t i) { return params.weights.select(1, i).reshape(each); };
    auto mixed = weight(0) * batch.data;
    for (size_t i = 0; i < params.chains.size(); ++i) {
      const auto chain = apply_steps("AugMix", batch, params.chains[i], options_.interpolation, options_.fill[value]);
      mixed.add_(weight(static_cast<int64_t>(i) + 1) * chain.data);
    }
    return wrap(mixed.reshape(original.data.sizes()).to(original.data.scalar_type()), original);
  });
}

Value AugMix::inverse(const Value&, const Params&, Size) const {
  raise<ValueError>("AugMix: has no inverse, for it mixes pictures that were moved");
}

std::string AugMix::repr() const {
  return detail::repr("AugMix", {{"interpolation", std::string(to_string(options_.interpolation))},
                                 {"fill", options_.fill.repr()},
                                 {"severity", detail::python(options_.severity)},
                                 {"mixture_width", detail::python(options_.mixture_width)},
                                 {"chain_depth", detail::python(options_.chain_depth)},
                                 {"alpha", detail::python(options_.alpha)},
                                 {"all_ops", detail::python(options_.all_ops)}});
}

}  // namespace opsis::inline v1::transforms
