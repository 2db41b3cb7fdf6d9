#include "opsis/transforms/augment_space.h"

#include <ATen/ops/_sample_dirichlet.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms/per_kind.h"
#include "opsis/transforms/query.h"

namespace opsis::inline v1::transforms::detail {
namespace {

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

using enum Strength::Of;

constexpr Strength auto_operations[] = {
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
constexpr Strength wide_operations[] = {
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
constexpr Strength mix_operations[] = {
    {"ShearX", Number, 0, 0.3},      {"ShearY", Number, 0, 0.3}, {"TranslateX", Width, 0, 1, 3},
    {"TranslateY", Height, 0, 1, 3}, {"Rotate", Number, 0, 30},  {"Posterize", Bits, 4, 4},
    {"Solarize", Number, 1, 0},      {"AutoContrast"},           {"Equalize"},
    {"Brightness", Number, 0, 0.9},  {"Color", Number, 0, 0.9},  {"Contrast", Number, 0, 0.9},
    {"Sharpness", Number, 0, 0.9},
};
constexpr int64_t kFewerOperations = 9;  // of mix_operations, without all_ops

}  // namespace

std::span<const SubPolicy> sub_policies(AutoAugmentPolicy policy) {
  switch (policy) {
    case AutoAugmentPolicy::CIFAR10: return cifar10_policies;
    case AutoAugmentPolicy::SVHN: return svhn_policies;
    default: return imagenet_policies;
  }
}

std::span<const Strength> auto_space() { return auto_operations; }
std::span<const Strength> rand_space() { return auto_space().first(14); }
std::span<const Strength> wide_space() { return wide_operations; }
std::span<const Strength> mix_space(bool all_ops) {
  return std::span(mix_operations).first(all_ops ? std::size(mix_operations) : size_t{kFewerOperations});
}

const Strength& strength_of(std::string_view operation) {
  const auto* found = std::find_if(std::begin(auto_operations), std::end(auto_operations),
                                   [&](const Strength& one) { return one.operation == operation; });
  OPSIS_CHECK(found != std::end(auto_operations), "AutoAugment: there is no operation \"{}\"", operation);
  return *found;
}

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

int64_t bits_of(std::string_view where, double magnitude) {
  OPSIS_CHECK(magnitude >= 0 && magnitude <= 8, "{}: Posterize must keep from 0 to 8 bits, got {}", where, magnitude);
  return static_cast<int64_t>(magnitude);
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

AugMix::Params draw_mix(const AugMixOptions& options, int64_t images,
                        const std::function<AugmentStep(std::span<const Strength> space)>& draw) {
  // Beta's weights, of the image and of all chains together, then how the chains share theirs.
  const auto dirichlet = [&](int64_t count) {
    const std::vector<double> alphas(static_cast<size_t>(std::max<int64_t>(count, 0)), options.alpha);
    return at::_sample_dirichlet(at::tensor(alphas, at::kFloat).expand({images, -1}), random::current());
  };
  const auto halves = dirichlet(2);
  const auto shares = dirichlet(options.mixture_width) * halves.select(1, 1).reshape({images, -1});
  AugMix::Params params{at::cat({halves.narrow(1, 0, 1), shares}, 1), {}};

  const auto space = mix_space(options.all_ops);
  for (int64_t chain = 0; chain < options.mixture_width; ++chain) {
    const auto depth = options.chain_depth > 0 ? options.chain_depth : random::integer(1, 4);
    AugmentParams steps;
    for (int64_t i = 0; i < depth; ++i) steps.steps.push_back(draw(space));
    params.chains.push_back(std::move(steps));
  }
  return params;
}

}  // namespace opsis::inline v1::transforms::detail
