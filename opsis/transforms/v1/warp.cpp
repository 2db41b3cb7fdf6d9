#include "opsis/transforms/v1/warp.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/rand.h>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms/query.h"
#include "opsis/transforms/repr.h"
#include "opsis/transforms/v1/change_pixels.h"
#include "opsis/transforms/v1/functional.h"

namespace opsis::inline v1::transforms::v1 {
namespace {

using torch::Tensor;

// One number is for x and y.
std::vector<double> for_both(std::string_view name, const std::vector<double>& numbers) {
  OPSIS_CHECK(numbers.size() == 1 || numbers.size() == 2, "ElasticTransform: {} must have 1 or 2 numbers, got {}", name,
              numbers.size());
  return {numbers.front(), numbers.back()};
}

std::string pair_of(const std::optional<std::pair<double, double>>& pair) {
  return pair ? detail::python_tuple(pair->first, pair->second) : "";
}

std::string center_of(const std::optional<Point>& center) {
  if (!center) return {};
  const auto list = Fill({center->x, center->y}).repr();  // whole numbers as such
  return "(" + list.substr(1, list.size() - 2) + ")";
}

// A number as the list that __init__ makes of it.
std::vector<double> list_of(const std::vector<double>& numbers) {
  return numbers.size() == 1 ? std::vector<double>{0.0 - numbers[0], numbers[0]} : numbers;
}

}  // namespace

RandomRotation::RandomRotation(double degrees, RandomRotationOptions options)
    : drawing_(degrees, options), degrees_(list_of({degrees})), options_(std::move(options)) {}

RandomRotation::RandomRotation(std::vector<double> degrees, RandomRotationOptions options)
    : drawing_(degrees, options), degrees_(std::move(degrees)), options_(std::move(options)) {}

Value RandomRotation::transform(const Value& value, const Params& params) const {
  const RotateOptions options{.interpolation = options_.interpolation,
                              .expand = options_.expand,
                              .center = options_.center,
                              .fill = detail::fill_or_zero(options_.fill[value])};
  return detail::change_pixels(value, [&](const Tensor& image) { return functional::rotate(image, params.angle, options); });
}

std::string RandomRotation::repr() const {
  return detail::repr("RandomRotation", {{"degrees", detail::python(degrees_)},
                                         {"interpolation", std::string(to_string(options_.interpolation))},
                                         {"expand", detail::python(options_.expand)},
                                         {"center", center_of(options_.center)},
                                         {"fill", options_.fill.repr()}});
}

RandomAffine::RandomAffine(double degrees, RandomAffineOptions options)
    : drawing_(degrees, options), degrees_(list_of({degrees})), options_(std::move(options)) {}

RandomAffine::RandomAffine(std::vector<double> degrees, RandomAffineOptions options)
    : drawing_(degrees, options), degrees_(std::move(degrees)), options_(std::move(options)) {}

Value RandomAffine::transform(const Value& value, const Params& params) const {
  const AffineOptions options{
      .interpolation = options_.interpolation, .fill = detail::fill_or_zero(options_.fill[value]), .center = options_.center};
  return detail::change_pixels(value, [&](const Tensor& image) {
    return functional::affine(image, params.angle, params.translate, params.scale, params.shear, options);
  });
}

std::string RandomAffine::repr() const {
  const bool nearest = options_.interpolation == InterpolationMode::NEAREST;
  const auto fill = options_.fill.repr();
  return detail::repr("RandomAffine", {{"degrees", detail::python(degrees_)},
                                       {"translate", pair_of(options_.translate)},
                                       {"scale", pair_of(options_.scale)},
                                       {"shear", options_.shear.empty() ? "" : detail::python(list_of(options_.shear))},
                                       {"interpolation", nearest ? "" : std::string(to_string(options_.interpolation))},
                                       {"fill", fill == "0" ? "" : fill},
                                       {"center", center_of(options_.center)}});
}

RandomPerspective::RandomPerspective(double distortion_scale, RandomPerspectiveOptions options)
    : Sometimes("RandomPerspective", options.p), drawing_(distortion_scale, options), options_(std::move(options)) {}

Value RandomPerspective::transform(const Value& value, const Params& params) const {
  const PerspectiveOptions options{.interpolation = options_.interpolation,
                                   .fill = detail::fill_or_zero(options_.fill[value]),
                                   .coefficients = params.coefficients};
  return detail::change_pixels(value, [&](const Tensor& image) { return functional::perspective(image, {}, {}, options); });
}

std::string RandomPerspective::repr() const {
  return detail::repr("RandomPerspective", {{"p", detail::python(probability())}});
}

ElasticTransform::ElasticTransform(ElasticTransformOptions options) : options_(std::move(options)) {
  options_.alpha = for_both("alpha", options_.alpha);
  options_.sigma = for_both("sigma", options_.sigma);
}

ElasticTransform::Params ElasticTransform::make_params(std::span<const Value> values) const {
  const auto canvas = query_size("ElasticTransform", values);
  const auto step = [&](size_t axis, int64_t length) {
    auto noise = at::rand({1, 1, canvas.height, canvas.width}, random::current()).mul_(2).sub_(1);
    if (options_.sigma[axis] > 0) {
      OPSIS_CHECK(options_.sigma[axis] < 1e15, "ElasticTransform: sigma must be sensible, got {}", options_.sigma[axis]);
      const auto taps = static_cast<int64_t>(8 * options_.sigma[axis] + 1) | 1;
      noise = functional::gaussian_blur(noise, {taps, taps}, {.sigma = options_.sigma});
    }
    return noise.mul_(options_.alpha[axis]).div_(length);
  };
  const auto dx = step(0, canvas.width);  // before dy: it draws first
  const auto dy = step(1, canvas.height);
  return {.displacement = at::cat({dx, dy}, 1).permute({0, 2, 3, 1})};
}

Value ElasticTransform::transform(const Value& value, const Params& params) const {
  const ElasticOptions options{.interpolation = options_.interpolation, .fill = detail::fill_or_zero(options_.fill[value])};
  return detail::change_pixels(
      value, [&](const Tensor& image) { return functional::elastic_transform(image, params.displacement, options); });
}

Value ElasticTransform::inverse(const Value&, const Params&, Size) const {
  raise<ValueError>("ElasticTransform: moves pixels and has no inverse");
}

std::string ElasticTransform::repr() const {
  const auto fill = options_.fill[Value(Image())].numbers();
  return detail::repr("ElasticTransform", {{"alpha", detail::python(options_.alpha)},
                                           {"sigma", detail::python(options_.sigma)},
                                           {"interpolation", std::string(detail::enum_name(options_.interpolation))},
                                           {"fill", detail::python(fill)}});
}

GaussianBlur::GaussianBlur(torch::IntArrayRef kernel_size, SigmaRange sigma)
    : drawing_(kernel_size, sigma), kernel_size_{kernel_size.front(), kernel_size.back()}, sigma_(sigma) {}

Value GaussianBlur::transform(const Value& value, const Params& params) const {
  return detail::change_pixels(
      value, [&](const Tensor& image) { return functional::gaussian_blur(image, kernel_size_, {.sigma = params.sigma}); });
}

std::string GaussianBlur::repr() const {
  return detail::repr("GaussianBlur", {{"kernel_size", detail::python_tuple(kernel_size_[0], kernel_size_[1])},
                                       {"sigma", detail::python_tuple(sigma_.least, sigma_.greatest)}});
}

}  // namespace opsis::inline v1::transforms::v1
