#include "opsis/transforms/warp.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/pad.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <variant>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/core/random.h"
#include "opsis/core/random_words.h"
#include "opsis/simd/blur.h"
#include "opsis/transforms/functional/affine.h"
#include "opsis/transforms/functional/elastic.h"
#include "opsis/transforms/functional/perspective.h"
#include "opsis/transforms/functional/rotate.h"
#include "opsis/transforms/kinds.h"
#include "opsis/transforms/query.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {
namespace {

using torch::Tensor;

std::vector<double> either_way(std::string_view where, std::string_view name, double angle) {
  OPSIS_CHECK(!(angle < 0), "{}: {} as a single number must not be negative, got {}", where, name, angle);
  return {0.0 - angle, angle};  // not -0.0
}

void check_range(std::string_view where, std::string_view name, double least, double greatest) {
  OPSIS_CHECK(least <= greatest && random::spans(least, greatest), "{}: {} must be (least, greatest), got ({}, {})", where,
              name, least, greatest);
}

std::vector<double> checked_degrees(std::string_view where, std::vector<double> degrees) {
  OPSIS_CHECK(degrees.size() == 2, "{}: degrees must have 2 numbers, got {}", where, degrees.size());
  check_range(where, "degrees", degrees[0], degrees[1]);
  return degrees;
}

std::vector<double> vector_of(const std::array<double, 8>& numbers) { return {numbers.begin(), numbers.end()}; }

std::string python_center(const std::optional<Point>& center) {
  if (!center) return {};
  return Fill({center->x, center->y}).repr();  // whole numbers as such
}

std::vector<double> two_numbers(std::string_view name, const std::vector<double>& numbers) {
  OPSIS_CHECK(numbers.size() == 1 || numbers.size() == 2, "ElasticTransform: {} must have 1 or 2 numbers, got {}", name,
              numbers.size());
  return {numbers.front(), numbers.back()};
}

// Whether all that becomes of a value is blended, so that the last bits of a displacement show as the next level at most. Else
// they decide, where it leads halfway between two pixels or to a whole number, which one it is.
bool is_blended(const Value& value, InterpolationMode interpolation) {
  if (check_type<Mask>(value)) return false;
  if (const auto* boxes = std::get_if<BoundingBoxes>(&value)) return boxes->data.is_floating_point();
  if (const auto* points = std::get_if<KeyPoints>(&value)) return points->data.is_floating_point();
  return interpolation != InterpolationMode::NEAREST;
}

// torchvision's _get_gaussian_kernel1d, whose width is another than it says: lim is half of it over the root of two.
Tensor bell(int64_t size, double sigma) {
  const double end = static_cast<double>(size - 1) / (2.0 * std::numbers::sqrt2);
  return at::linspace(-end, end, size, torch::kFloat32).div(sigma).pow(2).neg().softmax(0);
}

// Noise (1, 1, height, width) smoothed by size x size numbers, then scaled, into memory of its shape. Not exactly, it is by two
// sums in place of torchvision's one, so that the last bits of a displacement are others.
void smooth(const Tensor& noise, int64_t size, const std::vector<double>& sigma, bool exact, double factor, int64_t divisor,
            Tensor out) {
  const int64_t border = size / 2, height = noise.size(-2), width = noise.size(-1);
  OPSIS_CHECK(border < width && border < height,
              "ElasticTransform: smoothing needs more than {} rows and columns, got ({}, {})", border, height, width);
  const auto along_x = bell(size, sigma[0]), along_y = bell(size, sigma[1]);
  if (exact) {
    const auto padded = at::pad(noise, {border, border, border, border}, "reflect");
    const auto blurred = at::conv2d(padded, (along_y.unsqueeze(-1) * along_x).view({1, 1, size, size}));
    out.copy_(blurred.mul(factor).div(divisor));
    return;
  }
  const auto half = [&](const Tensor& whole) {
    const auto* const first = whole.const_data_ptr<float>();
    return std::vector<float>(first + border, first + size);
  };
  const auto half_x = half(along_x), half_y = half(along_y);
  const simd::Plane plane{noise.const_data_ptr<float>(), height, width, static_cast<float>(factor),
                          static_cast<float>(divisor)};
  auto* const to = out.mutable_data_ptr<float>();
  // A band begins with rows that it only reads: it should have many more.
  const auto rows = std::max((int64_t{1} << 16) / width + 1, 4 * size);
  parallel_for(0, height, rows, [&](int64_t first, int64_t last) { simd::blur(plane, half_x, half_y, first, last, to); });
}

}  // namespace

detail::Degrees detail::given_degrees(const std::vector<double>& range) {
  if (range[1] >= 0 && range[0] == -range[1]) return range[1];
  return range;
}

RandomRotation::RandomRotation(double degrees, RandomRotationOptions options)
    : RandomRotation(either_way("RandomRotation", "degrees", degrees), std::move(options)) {}

RandomRotation::RandomRotation(std::vector<double> degrees, RandomRotationOptions options)
    : degrees_(checked_degrees("RandomRotation", std::move(degrees))), options_(std::move(options)) {}

RandomRotation::Params RandomRotation::make_params(std::span<const Value>) const {
  return {.angle = random::uniform(degrees_[0], degrees_[1])};
}

Value RandomRotation::transform(const Value& value, const Params& params) const {
  const RotateOptions options{.interpolation = options_.interpolation,
                              .expand = options_.expand,
                              .center = options_.center,
                              .fill = options_.fill[value]};
  return apply_kernel(value, [&](const auto& v) { return functional::rotate(v, params.angle, options); });
}

Value RandomRotation::inverse(const Value& value, const Params& params, Size source) const {
  const detail::AffineMove move{.parameters = {.angle = -params.angle},  // affine turns the other way round
                                .source = source,
                                .center = options_.center,
                                .expand = options_.expand,
                                .interpolation = options_.interpolation};
  return apply_kernel(value, [&](const auto& v) { return detail::undo_affine(v, move); });
}

std::string RandomRotation::repr() const {
  return detail::repr("RandomRotation", {{"degrees", detail::python(degrees_)},
                                         {"interpolation", std::string(to_string(options_.interpolation))},
                                         {"expand", detail::python(options_.expand)},
                                         {"fill", options_.fill.repr()},
                                         {"center", python_center(options_.center)}});
}

RandomAffine::RandomAffine(double degrees, RandomAffineOptions options)
    : RandomAffine(either_way("RandomAffine", "degrees", degrees), std::move(options)) {}

RandomAffine::RandomAffine(std::vector<double> degrees, RandomAffineOptions options)
    : degrees_(checked_degrees("RandomAffine", std::move(degrees))), options_(std::move(options)) {
  if (const auto& t = options_.translate) {
    const auto within = [](double part) { return 0 <= part && part <= 1; };
    OPSIS_CHECK(within(t->first) && within(t->second), "RandomAffine: translate must be in [0, 1], got {}", detail::python(t));
  }
  if (const auto& s = options_.scale) {
    OPSIS_CHECK(s->first > 0 && s->second > 0, "RandomAffine: scale must be positive, got {}", detail::python(s));
    check_range("RandomAffine", "scale", s->first, s->second);
  }
  auto& shear = options_.shear;
  if (shear.size() == 1) shear = either_way("RandomAffine", "shear", shear[0]);
  OPSIS_CHECK(shear.empty() || shear.size() == 2 || shear.size() == 4,
              "RandomAffine: shear must have 1, 2 or 4 numbers, got {}", shear.size());
  for (size_t i = 0; i < shear.size(); i += 2) check_range("RandomAffine", "shear", shear[i], shear[i + 1]);
}

RandomAffine::Params RandomAffine::make_params(std::span<const Value> values) const {
  const auto [height, width] = query_size("RandomAffine", values);
  Params params{.angle = random::uniform(degrees_[0], degrees_[1]), .translate = {0, 0}, .scale = 1, .shear = {0, 0}};
  const auto pixels = [](double most) { return std::nearbyint(random::uniform(-most, most)); };
  if (options_.translate) {
    params.translate[0] = pixels(options_.translate->first * static_cast<double>(width));
    params.translate[1] = pixels(options_.translate->second * static_cast<double>(height));
  }
  if (options_.scale) params.scale = random::uniform(options_.scale->first, options_.scale->second);
  const auto& shear = options_.shear;
  if (!shear.empty()) params.shear[0] = random::uniform(shear[0], shear[1]);
  if (shear.size() == 4) params.shear[1] = random::uniform(shear[2], shear[3]);
  return params;
}

Value RandomAffine::transform(const Value& value, const Params& params) const {
  const AffineOptions options{.interpolation = options_.interpolation, .fill = options_.fill[value], .center = options_.center};
  return apply_kernel(value, [&](const auto& v) {
    return functional::affine(v, params.angle, params.translate, params.scale, params.shear, options);
  });
}

Value RandomAffine::inverse(const Value& value, const Params& params, Size source) const {
  OPSIS_CHECK(params.translate.size() == 2 && params.shear.size() == 2 && params.scale > 0,
              "RandomAffine: the record must have two numbers of translate and shear and a positive scale");
  const detail::AffineMove move{.parameters = {.angle = params.angle,
                                               .translate = {params.translate[0], params.translate[1]},
                                               .scale = params.scale,
                                               .shear = {params.shear[0], params.shear[1]}},
                                .source = source,
                                .center = options_.center,
                                .interpolation = options_.interpolation};
  return apply_kernel(value, [&](const auto& v) { return detail::undo_affine(v, move); });
}

std::string RandomAffine::repr() const {
  return detail::repr("RandomAffine", {{"degrees", detail::python(degrees_)},
                                       {"translate", detail::python(options_.translate)},
                                       {"scale", detail::python(options_.scale)},
                                       {"shear", options_.shear.empty() ? "" : detail::python(options_.shear)},
                                       {"interpolation", std::string(to_string(options_.interpolation))},
                                       {"fill", options_.fill.repr()},
                                       {"center", python_center(options_.center)}});
}

RandomPerspective::RandomPerspective(double distortion_scale, RandomPerspectiveOptions options)
    : Sometimes("RandomPerspective", options.p), distortion_scale_(distortion_scale), options_(std::move(options)) {
  OPSIS_CHECK(0 <= distortion_scale && distortion_scale <= 1, "RandomPerspective: distortion_scale must be in [0, 1], got {}",
              distortion_scale);
}

RandomPerspective::Params RandomPerspective::make_params(std::span<const Value> values) const {
  const auto canvas = query_size("RandomPerspective", values);
  const auto bound = [&](int64_t length) {
    const int64_t half = length / 2;
    return static_cast<int64_t>(distortion_scale_ * static_cast<double>(half)) + 1;
  };
  // A corner's distance along one side: from its beginning, or from its end.
  const auto near = [&](int64_t length) { return static_cast<double>(random::integer(0, bound(length))); };
  const auto far = [&](int64_t length) { return static_cast<double>(random::integer(length - bound(length), length)); };
  std::vector<Point> to(4);
  to[0].x = near(canvas.width), to[0].y = near(canvas.height);
  to[1].x = far(canvas.width), to[1].y = near(canvas.height);
  to[2].x = far(canvas.width), to[2].y = far(canvas.height);
  to[3].x = near(canvas.width), to[3].y = far(canvas.height);
  const auto right = static_cast<double>(canvas.width - 1), bottom = static_cast<double>(canvas.height - 1);
  return {.coefficients = detail::perspective_coefficients({{0, 0}, {right, 0}, {right, bottom}, {0, bottom}}, to)};
}

Value RandomPerspective::transform(const Value& value, const Params& params) const {
  const PerspectiveOptions options{
      .interpolation = options_.interpolation, .fill = options_.fill[value], .coefficients = params.coefficients};
  return apply_kernel(value, [&](const auto& v) { return functional::perspective(v, {}, {}, options); });
}

Value RandomPerspective::inverse(const Value& value, const Params& params, Size) const {
  OPSIS_CHECK(params.coefficients.size() == 8, "RandomPerspective: the record must have 8 coefficients, got {}",
              params.coefficients.size());
  std::array<double, 8> coefficients;
  std::copy(params.coefficients.begin(), params.coefficients.end(), coefficients.begin());
  const PerspectiveOptions options{.interpolation = options_.interpolation,
                                   .coefficients = vector_of(detail::inverted_coefficients(coefficients, "it back"))};
  return apply_kernel(value, [&](const auto& v) { return functional::perspective(v, {}, {}, options); });
}

std::string RandomPerspective::repr() const {
  return detail::repr("RandomPerspective", {{"p", detail::python(probability())},
                                            {"distortion_scale", detail::python(distortion_scale_)},
                                            {"interpolation", std::string(to_string(options_.interpolation))},
                                            {"fill", options_.fill.repr()}});
}

ElasticTransform::ElasticTransform(ElasticTransformOptions options) : options_(std::move(options)) {
  alpha_ = two_numbers("alpha", options_.alpha);
  sigma_ = two_numbers("sigma", options_.sigma);
  OPSIS_CHECK((sigma_[0] > 0) == (sigma_[1] > 0), "ElasticTransform: both numbers of sigma must be positive, or none, got {}",
              detail::python(sigma_));
}

ElasticTransform::Params ElasticTransform::make_params(std::span<const Value> values) const {
  const auto canvas = query_size("ElasticTransform", values);
  const auto blended = [&](const Value& value) { return is_blended(value, options_.interpolation); };
  const bool exact = options_.exact || !std::all_of(values.begin(), values.end(), blended);
  auto displacement = at::empty({1, 2, canvas.height, canvas.width}, torch::kFloat32);
  const auto step = [&](int64_t axis, int64_t length) {
    const auto noise = random::detail::uniform({1, 1, canvas.height, canvas.width}).mul_(2).sub_(1);
    const auto i = static_cast<size_t>(axis);
    const auto out = displacement.slice(1, axis, axis + 1);
    if (sigma_[i] > 0) {
      OPSIS_CHECK(sigma_[i] < 1e15, "ElasticTransform: sigma must be sensible, got {}", sigma_[i]);
      const auto size = static_cast<int64_t>(8 * sigma_[i] + 1);
      smooth(noise, size | 1, sigma_, exact, alpha_[i], length, out);
    } else {
      out.copy_(noise.mul(alpha_[i]).div(length));
    }
  };
  step(0, canvas.width);  // x before y: it draws first
  step(1, canvas.height);
  return {.displacement = displacement.permute({0, 2, 3, 1})};
}

Value ElasticTransform::transform(const Value& value, const Params& params) const {
  const ElasticOptions options{.interpolation = options_.interpolation, .fill = options_.fill[value]};
  return apply_kernel(value, [&](const auto& v) { return functional::elastic(v, params.displacement, options); });
}

Value ElasticTransform::inverse(const Value& value, const Params& params, Size) const {
  return apply_kernel(value,
                      [&](const auto& v) { return detail::undo_elastic(v, params.displacement, options_.interpolation); });
}

std::string ElasticTransform::repr() const {
  return detail::repr("ElasticTransform", {{"alpha", detail::python(alpha_)},
                                           {"sigma", detail::python(sigma_)},
                                           {"interpolation", std::string(to_string(options_.interpolation))},
                                           {"fill", options_.fill.repr()}});
}

}  // namespace opsis::inline v1::transforms
