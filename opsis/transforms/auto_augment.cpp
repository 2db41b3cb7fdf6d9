#include "opsis/transforms/auto_augment.h"

#include <ATen/ops/_sample_dirichlet.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms/functional.h"
#include "opsis/transforms/functional/tensor.h"
#include "opsis/transforms/query.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {
namespace {

struct PolicyStep {
  std::string_view operation;
  double p;
  int64_t magnitude;  // the number of its bin
};
using SubPolicy = std::array<PolicyStep, 2>;

// Found by search, on each of the data sets: https://arxiv.org/abs/1805.09501, appendix A
constexpr SubPolicy imagenet_policies[] = {
    {{{"Posterize", 0.4, 8}, {"Rotate", 0.6, 9}}},  {{{"Solarize", 0.6, 5}, {"AutoContrast", 0.6, 0}}},
    {{{"Equalize", 0.8, 0}, {"Equalize", 0.6, 0}}}, {{{"Posterize", 0.6, 7}, {"Posterize", 0.6, 6}}},
    {{{"Equalize", 0.4, 0}, {"Solarize", 0.2, 4}}}, {{{"Equalize", 0.4, 0}, {"Rotate", 0.8, 8}}},
    {{{"Solarize", 0.6, 3}, {"Equalize", 0.6, 0}}}, {{{"Posterize", 0.8, 5}, {"Equalize", 1.0, 0}}},
    {{{"Rotate", 0.2, 3}, {"Solarize", 0.6, 8}}},   {{{"Equalize", 0.6, 0}, {"Posterize", 0.4, 6}}},
    {{{"Rotate", 0.8, 8}, {"Color", 0.4, 0}}},      {{{"Rotate", 0.4, 9}, {"Equalize", 0.6, 0}}},
    {{{"Equalize", 0.0, 0}, {"Equalize", 0.8, 0}}}, {{{"Invert", 0.6, 0}, {"Equalize", 1.0, 0}}},
    {{{"Color", 0.6, 4}, {"Contrast", 1.0, 8}}},    {{{"Rotate", 0.8, 8}, {"Color", 1.0, 2}}},
    {{{"Color", 0.8, 8}, {"Solarize", 0.8, 7}}},    {{{"Sharpness", 0.4, 7}, {"Invert", 0.6, 0}}},
    {{{"ShearX", 0.6, 5}, {"Equalize", 1.0, 0}}},   {{{"Color", 0.4, 0}, {"Equalize", 0.6, 0}}},
    {{{"Equalize", 0.4, 0}, {"Solarize", 0.2, 4}}}, {{{"Solarize", 0.6, 5}, {"AutoContrast", 0.6, 0}}},
    {{{"Invert", 0.6, 0}, {"Equalize", 1.0, 0}}},   {{{"Color", 0.6, 4}, {"Contrast", 1.0, 8}}},
    {{{"Equalize", 0.8, 0}, {"Equalize", 0.6, 0}}},
};
constexpr SubPolicy cifar10_policies[] = {
    {{{"Invert", 0.1, 0}, {"Contrast", 0.2, 6}}},         {{{"Rotate", 0.7, 2}, {"TranslateX", 0.3, 9}}},
    {{{"Sharpness", 0.8, 1}, {"Sharpness", 0.9, 3}}},     {{{"ShearY", 0.5, 8}, {"TranslateY", 0.7, 9}}},
    {{{"AutoContrast", 0.5, 0}, {"Equalize", 0.9, 0}}},   {{{"ShearY", 0.2, 7}, {"Posterize", 0.3, 7}}},
    {{{"Color", 0.4, 3}, {"Brightness", 0.6, 7}}},        {{{"Sharpness", 0.3, 9}, {"Brightness", 0.7, 9}}},
    {{{"Equalize", 0.6, 0}, {"Equalize", 0.5, 0}}},       {{{"Contrast", 0.6, 7}, {"Sharpness", 0.6, 5}}},
    {{{"Color", 0.7, 7}, {"TranslateX", 0.5, 8}}},        {{{"Equalize", 0.3, 0}, {"AutoContrast", 0.4, 0}}},
    {{{"TranslateY", 0.4, 3}, {"Sharpness", 0.2, 6}}},    {{{"Brightness", 0.9, 6}, {"Color", 0.2, 8}}},
    {{{"Solarize", 0.5, 2}, {"Invert", 0.0, 0}}},         {{{"Equalize", 0.2, 0}, {"AutoContrast", 0.6, 0}}},
    {{{"Equalize", 0.2, 0}, {"Equalize", 0.6, 0}}},       {{{"Color", 0.9, 9}, {"Equalize", 0.6, 0}}},
    {{{"AutoContrast", 0.8, 0}, {"Solarize", 0.2, 8}}},   {{{"Brightness", 0.1, 3}, {"Color", 0.7, 0}}},
    {{{"Solarize", 0.4, 5}, {"AutoContrast", 0.9, 0}}},   {{{"TranslateY", 0.9, 9}, {"TranslateY", 0.7, 9}}},
    {{{"AutoContrast", 0.9, 0}, {"Solarize", 0.8, 3}}},   {{{"Equalize", 0.8, 0}, {"Invert", 0.1, 0}}},
    {{{"TranslateY", 0.7, 9}, {"AutoContrast", 0.9, 0}}},
};
constexpr SubPolicy svhn_policies[] = {
    {{{"ShearX", 0.9, 4}, {"Invert", 0.2, 0}}},       {{{"ShearY", 0.9, 8}, {"Invert", 0.7, 0}}},
    {{{"Equalize", 0.6, 0}, {"Solarize", 0.6, 6}}},   {{{"Invert", 0.9, 0}, {"Equalize", 0.6, 0}}},
    {{{"Equalize", 0.6, 0}, {"Rotate", 0.9, 3}}},     {{{"ShearX", 0.9, 4}, {"AutoContrast", 0.8, 0}}},
    {{{"ShearY", 0.9, 8}, {"Invert", 0.4, 0}}},       {{{"ShearY", 0.9, 5}, {"Solarize", 0.2, 6}}},
    {{{"Invert", 0.9, 0}, {"AutoContrast", 0.8, 0}}}, {{{"Equalize", 0.6, 0}, {"Rotate", 0.9, 3}}},
    {{{"ShearX", 0.9, 4}, {"Solarize", 0.3, 3}}},     {{{"ShearY", 0.8, 8}, {"Invert", 0.7, 0}}},
    {{{"Equalize", 0.9, 0}, {"TranslateY", 0.6, 6}}}, {{{"Invert", 0.9, 0}, {"Equalize", 0.6, 0}}},
    {{{"Contrast", 0.3, 3}, {"Rotate", 0.8, 4}}},     {{{"Invert", 0.8, 0}, {"TranslateY", 0.0, 2}}},
    {{{"ShearY", 0.7, 6}, {"Solarize", 0.4, 8}}},     {{{"Invert", 0.6, 0}, {"Rotate", 0.8, 4}}},
    {{{"ShearY", 0.3, 7}, {"TranslateX", 0.9, 3}}},   {{{"ShearX", 0.1, 6}, {"Invert", 0.6, 0}}},
    {{{"Solarize", 0.7, 2}, {"TranslateY", 0.6, 7}}}, {{{"ShearY", 0.8, 4}, {"Invert", 0.8, 0}}},
    {{{"ShearX", 0.7, 9}, {"TranslateY", 0.8, 3}}},   {{{"ShearY", 0.8, 5}, {"AutoContrast", 0.7, 0}}},
    {{{"ShearX", 0.7, 2}, {"Invert", 0.1, 0}}},
};

std::span<const SubPolicy> sub_policies(AutoAugmentPolicy policy) {
  switch (policy) {
    case AutoAugmentPolicy::CIFAR10: return cifar10_policies;
    case AutoAugmentPolicy::SVHN: return svhn_policies;
    default: return imagenet_policies;
  }
}

// How strong an operation can be. Numbers go from `low` to `high`, which for shifts is a part of the image's side; bits are kept
// from `low` downwards, by `high` in all.
struct Strength {
  enum class Of { Nothing, Number, Width, Height, Bits };
  std::string_view operation;
  Of of = Of::Nothing;
  double low = 0, high = 0, over = 1;  // the end is high * side / over
  bool has_sign() const { return of != Of::Nothing && of != Of::Bits && low == 0; }
};
using enum Strength::Of;

// The operations of each augmentation in torchvision's order, by which they are drawn.
constexpr Strength auto_space[] = {
    {"Identity"},
    {"ShearX", Number, 0, 0.3},
    {"ShearY", Number, 0, 0.3},
    {"TranslateX", Width, 0, 150.0 / 331.0},
    {"TranslateY", Height, 0, 150.0 / 331.0},
    {"Rotate", Number, 0, 30},
    {"Brightness", Number, 0, 0.9},
    {"Color", Number, 0, 0.9},
    {"Contrast", Number, 0, 0.9},
    {"Sharpness", Number, 0, 0.9},
    {"Posterize", Bits, 8, 4},
    {"Solarize", Number, 1, 0},
    {"AutoContrast"},
    {"Equalize"},
    {"Invert"},  // AutoAugment alone
};
constexpr auto rand_space = std::span(auto_space).first<14>();
constexpr Strength wide_space[] = {
    {"Identity"},
    {"ShearX", Number, 0, 0.99},
    {"ShearY", Number, 0, 0.99},
    {"TranslateX", Number, 0, 32},
    {"TranslateY", Number, 0, 32},
    {"Rotate", Number, 0, 135},
    {"Brightness", Number, 0, 0.99},
    {"Color", Number, 0, 0.99},
    {"Contrast", Number, 0, 0.99},
    {"Sharpness", Number, 0, 0.99},
    {"Posterize", Bits, 8, 6},
    {"Solarize", Number, 1, 0},
    {"AutoContrast"},
    {"Equalize"},
};
constexpr Strength mix_space[] = {
    {"ShearX", Number, 0, 0.3},      {"ShearY", Number, 0, 0.3}, {"TranslateX", Width, 0, 1, 3},
    {"TranslateY", Height, 0, 1, 3}, {"Rotate", Number, 0, 30},  {"Posterize", Bits, 4, 4},
    {"Solarize", Number, 1, 0},      {"AutoContrast"},           {"Equalize"},
    {"Brightness", Number, 0, 0.9},  {"Color", Number, 0, 0.9},  {"Contrast", Number, 0, 0.9},
    {"Sharpness", Number, 0, 0.9},
};
constexpr int64_t kFewerOperations = 9;  // of mix_space, without all_ops

// The magnitude of one of `bins`, in float32 as torch has it; a negative bin counts from the end.
double magnitude_of(std::string_view where, const Strength& strength, int64_t bins, int64_t bin, Size size) {
  OPSIS_CHECK(bin >= -bins && bin < bins, "{}: the magnitude must be one of {} bins, got {}", where, bins, bin);
  at::Tensor magnitudes;
  if (strength.of == Bits) {
    const auto step = static_cast<double>(bins - 1) / strength.high;
    magnitudes = (strength.low - at::arange(bins, at::kFloat).div(step)).round_();
  } else {
    const auto side = strength.of == Width ? size.width : strength.of == Height ? size.height : 1;
    magnitudes = at::linspace(strength.low, strength.high * static_cast<double>(side) / strength.over, bins, at::kFloat);
  }
  return magnitudes[bin < 0 ? bin + bins : bin].item<float>();
}

// One torch.rand(): whether the sign is turned.
bool is_turned() { return random::uniform() <= 0.5F; }

// An operation out of the space, its bin by `bin`.
template <class Bin>
AugmentStep draw_step(std::string_view where, std::span<const Strength> space, int64_t bins, const Bin& bin, Size size) {
  const auto& strength = space[static_cast<size_t>(random::integer(0, std::ssize(space)))];
  AugmentStep step{std::string(strength.operation), 0};
  if (strength.of == Nothing) return step;
  step.magnitude = magnitude_of(where, strength, bins, bin(), size);
  if (strength.has_sign() && is_turned()) step.magnitude = -step.magnitude;
  return step;
}

// The size of the one image or video that such a transform is for.
Size size_of_only_image(std::string_view where, std::span<const Value> values) {
  const Value* only = nullptr;
  for (const auto& value : values) {
    OPSIS_CHECK(!std::holds_alternative<Mask>(value) && !std::holds_alternative<BoundingBoxes>(value) &&
                    !std::holds_alternative<KeyPoints>(value),
                "{}: the sample must have no {}; only pixels can be augmented so", where, kind_name(value));
    if (!std::holds_alternative<Image>(value) && !std::holds_alternative<Video>(value)) continue;
    OPSIS_CHECK(only == nullptr, "{}: the sample must have one image or video, got several", where);
    only = &value;
  }
  OPSIS_CHECK(only != nullptr, "{}: the sample must have an image or a video", where);
  return query_size(where, {only, 1});
}

template <class Kind>
Kind apply_step(std::string_view where, const Kind& image, const AugmentStep& step, InterpolationMode mode, const Fill& fill) {
  const auto& operation = step.operation;
  const auto magnitude = step.magnitude;
  const auto moved = [&](std::array<double, 2> translate, std::array<double, 2> shear, std::optional<Point> center) {
    return functional::affine(image, 0, translate, 1, shear, {.interpolation = mode, .fill = fill, .center = center});
  };
  // Magnitudes of shears are tangents.
  const auto degrees = [](double tangent) { return std::atan(tangent) * (180.0 / M_PI); };
  if (operation == "Identity") return image;
  if (operation == "ShearX") return moved({0, 0}, {degrees(magnitude), 0}, Point{0, 0});
  if (operation == "ShearY") return moved({0, 0}, {0, degrees(magnitude)}, Point{0, 0});
  if (operation == "TranslateX") return moved({std::trunc(magnitude), 0}, {0, 0}, {});
  if (operation == "TranslateY") return moved({0, std::trunc(magnitude)}, {0, 0}, {});
  if (operation == "Rotate") return functional::rotate(image, magnitude, {.interpolation = mode, .fill = fill});
  if (operation == "Brightness") return functional::adjust_brightness(image, 1 + magnitude);
  if (operation == "Color") return functional::adjust_saturation(image, 1 + magnitude);
  if (operation == "Contrast") return functional::adjust_contrast(image, 1 + magnitude);
  if (operation == "Sharpness") return functional::adjust_sharpness(image, 1 + magnitude);
  if (operation == "Posterize") return functional::posterize(image, static_cast<int64_t>(magnitude));
  if (operation == "Solarize") {
    return functional::solarize(image, detail::largest_pixel(image.data.scalar_type()) * magnitude);
  }
  if (operation == "AutoContrast") return functional::autocontrast(image);
  if (operation == "Equalize") return functional::equalize(image);
  if (operation == "Invert") return functional::invert(image);
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

AutoAugment::Params AutoAugment::make_params(std::span<const Value> values) const {
  const auto size = size_of_only_image("AutoAugment", values);
  const auto policies = sub_policies(options_.policy);
  Params params;
  for (const auto& step : policies[static_cast<size_t>(random::integer(0, std::ssize(policies)))]) {
    if (random::uniform() > static_cast<float>(step.p)) continue;
    const auto& strength = *std::find_if(std::begin(auto_space), std::end(auto_space),
                                         [&](const Strength& one) { return one.operation == step.operation; });
    AugmentStep drawn{std::string(step.operation), 0};
    if (strength.of != Nothing) drawn.magnitude = magnitude_of("AutoAugment", strength, 10, step.magnitude, size);
    if (strength.has_sign() && is_turned()) drawn.magnitude = -drawn.magnitude;
    params.steps.push_back(std::move(drawn));
  }
  return params;
}

Value AutoAugment::transform(const Value& value, const Params& params) const {
  return augmented("AutoAugment", value, params, options_.interpolation, options_.fill);
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
  const auto size = size_of_only_image("RandAugment", values);
  Params params;
  for (int64_t i = 0; i < options_.num_ops; ++i) {
    params.steps.push_back(draw_step(
        "RandAugment", rand_space, options_.num_magnitude_bins, [&] { return options_.magnitude; }, size));
  }
  return params;
}

Value RandAugment::transform(const Value& value, const Params& params) const {
  return augmented("RandAugment", value, params, options_.interpolation, options_.fill);
}

std::string RandAugment::repr() const {
  return detail::repr("RandAugment", {{"interpolation", std::string(to_string(options_.interpolation))},
                                      {"fill", options_.fill.repr()},
                                      {"num_ops", detail::python(options_.num_ops)},
                                      {"magnitude", detail::python(options_.magnitude)},
                                      {"num_magnitude_bins", detail::python(options_.num_magnitude_bins)}});
}

TrivialAugmentWide::Params TrivialAugmentWide::make_params(std::span<const Value> values) const {
  const auto size = size_of_only_image("TrivialAugmentWide", values);
  const auto bins = options_.num_magnitude_bins;
  return {{draw_step(
      "TrivialAugmentWide", wide_space, bins, [&] { return random::integer(0, bins); }, size)}};
}

Value TrivialAugmentWide::transform(const Value& value, const Params& params) const {
  return augmented("TrivialAugmentWide", value, params, options_.interpolation, options_.fill);
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
  const auto size = size_of_only_image("AugMix", values);
  int64_t images = 1;
  for (const auto& value : values) {
    const auto* image = std::get_if<Image>(&value);
    const auto* video = std::get_if<Video>(&value);
    if (image && image->data.dim() >= 4) images = image->data.size(0);
    if (video && video->data.dim() >= 5) images = video->data.size(0);
  }

  // Beta's weights, of the image and of all chains together, then how the chains share theirs.
  const auto dirichlet = [&](int64_t count) {
    const std::vector<double> alphas(static_cast<size_t>(std::max<int64_t>(count, 0)), options_.alpha);
    return at::_sample_dirichlet(at::tensor(alphas, at::kFloat).expand({images, -1}), random::current());
  };
  const auto halves = dirichlet(2);
  const auto shares = dirichlet(options_.mixture_width) * halves.select(1, 1).reshape({images, -1});
  Params params{at::cat({halves.narrow(1, 0, 1), shares}, 1), {}};

  const auto space = std::span(mix_space).first(options_.all_ops ? std::size(mix_space) : size_t{kFewerOperations});
  for (int64_t chain = 0; chain < options_.mixture_width; ++chain) {
    const auto depth = options_.chain_depth > 0 ? options_.chain_depth : random::integer(1, 4);
    AugmentParams steps;
    for (int64_t i = 0; i < depth; ++i) {
      steps.steps.push_back(draw_step(
          "AugMix", space, 10, [&] { return random::integer(0, options_.severity); }, size));
    }
    params.chains.push_back(std::move(steps));
  }
  return params;
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
