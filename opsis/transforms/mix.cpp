#include "opsis/transforms/mix.h"

#include <ATen/ops/_sample_dirichlet.h>
#include <ATen/ops/full.h>
#include <ATen/ops/one_hot.h>

#include <algorithm>
#include <cmath>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms/functional/tensor.h"
#include "opsis/transforms/per_kind.h"
#include "opsis/transforms/query.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {
namespace {

// Each with the one before it: part * own + (1 - part) * other, in this order.
torch::Tensor mixed_with_neighbour(const torch::Tensor& batch, double part) {
  return batch.roll(1, 0).mul_(detail::python_number(1 - part)).add_(detail::times(batch, part));
}

}  // namespace

namespace detail {

MixBase::MixBase(std::string_view name, MixOptions options) : name_(name), options_(options) {
  OPSIS_CHECK(options_.alpha > 0, "{}: alpha must be positive, got {}", name_, options_.alpha);
}

std::string MixBase::repr() const {
  return detail::repr(name_, {{"alpha", python(options_.alpha)}, {"num_classes", python(options_.num_classes)}});
}

void MixBase::apply(std::span<Value>) const {
  raise<ValueError>("{}: mixes labels too; call it by itself, with a batch and its labels", name_);
}

void MixBase::check_labels(const torch::Tensor& labels) const {
  OPSIS_CHECK(labels.defined() && (labels.dim() == 1 || labels.dim() == 2),
              "{}: labels must be (N) class numbers or (N, num_classes) probabilities, got {}", name_,
              opsis::detail::shape(labels));
  if (labels.dim() == 2) {
    OPSIS_CHECK(!options_.num_classes || labels.size(1) == *options_.num_classes,
                "{}: labels must have num_classes = {} columns, got {}; leave num_classes out", name_, *options_.num_classes,
                labels.size(1));
    return;
  }
  OPSIS_CHECK(options_.num_classes, "{}: num_classes is needed when labels are class numbers", name_);
  OPSIS_CHECK(labels.scalar_type() == torch::kInt64, "{}: class numbers must be int64, got {}", name_, labels.scalar_type());
  const auto classes = *options_.num_classes;
  OPSIS_CHECK(classes == -1 || classes > 0, "{}: num_classes must be positive, got {}", name_, classes);
  OPSIS_CHECK(labels.numel() > 0 || classes > 0, "{}: num_classes cannot be found in no labels", name_);
  if (labels.numel() == 0) return;
  const auto least = labels.min().item<int64_t>(), greatest = labels.max().item<int64_t>();
  OPSIS_CHECK(least >= 0 && (classes == -1 || greatest < classes), "{}: class numbers must be in [0, {}), got {} to {}", name_,
              classes, least, greatest);
}

void MixBase::check_values(std::span<const Value> values, int64_t batch) const {
  for (const auto& value : values) {
    OPSIS_CHECK(!std::holds_alternative<Mask>(value) && !std::holds_alternative<BoundingBoxes>(value) &&
                    !std::holds_alternative<KeyPoints>(value),
                "{}: the sample must have no {}; only pixels can be mixed", name_, kind_name(value));
    apply_kernel<Image, Video>(value, [&](const auto& pixels) {
      constexpr bool video = std::is_same_v<std::remove_cvref_t<decltype(pixels)>, Video>;
      OPSIS_CHECK(pixels.data.dim() == (video ? 5 : 4), "{}: {} must come in a batch {}, got {}", name_, kind_name(value),
                  video ? "(N, T, C, H, W)" : "(N, C, H, W)", opsis::detail::shape(pixels.data));
      OPSIS_CHECK(pixels.data.size(0) == batch, "{}: there must be labels for a batch of {}, got {}", name_,
                  pixels.data.size(0), batch);
      return pixels;
    });
  }
}

torch::Tensor MixBase::mixed_labels(const torch::Tensor& labels, double part) const {
  auto shares = labels.dim() == 1 ? at::one_hot(labels, *options_.num_classes) : labels;
  if (!shares.is_floating_point()) shares = shares.to(torch::kFloat32);
  return mixed_with_neighbour(shares, part);
}

double MixBase::draw_part() const {
  return at::_sample_dirichlet(at::full({1, 2}, options_.alpha, at::kFloat), random::current()).select(-1, 0).item<float>();
}

}  // namespace detail

MixUp::Params MixUp::make_params(std::span<const Value>) const { return {draw_part()}; }

Value MixUp::transform(const Value& value, const Params& params) const {
  return apply_kernel<Image, Video>(value, [&](const auto& pixels) {
    OPSIS_CHECK(pixels.data.is_floating_point(), "MixUp: pixels must be floating point, got {}; see ToDtype",
                pixels.data.scalar_type());
    return wrap(mixed_with_neighbour(pixels.data, params.part), pixels);
  });
}

CutMix::Params CutMix::make_params(std::span<const Value> values) const {
  const double part = draw_part();
  const auto [height, width] = query_size("CutMix", values);
  const auto x = random::integer(0, width);
  const auto y = random::integer(0, height);
  const double half = 0.5 * std::sqrt(1 - part);
  const auto half_width = static_cast<int64_t>(half * static_cast<double>(width));
  const auto half_height = static_cast<int64_t>(half * static_cast<double>(height));
  Params params{.left = std::max<int64_t>(x - half_width, 0),
                .top = std::max<int64_t>(y - half_height, 0),
                .right = std::min(x + half_width, width),
                .bottom = std::min(y + half_height, height)};
  const auto cut = (params.right - params.left) * (params.bottom - params.top);
  params.part = 1 - static_cast<double>(cut) / static_cast<double>(width * height);
  return params;
}

Value CutMix::transform(const Value& value, const Params& params) const {
  return apply_kernel<Image, Video>(value, [&](const auto& pixels) {
    const auto cut = [&](const torch::Tensor& all) {
      return all.slice(-2, params.top, params.bottom).slice(-1, params.left, params.right);
    };
    auto out = pixels.data.clone();
    cut(out).copy_(cut(pixels.data.roll(1, 0)));
    return wrap(out, pixels);
  });
}

}  // namespace opsis::inline v1::transforms
