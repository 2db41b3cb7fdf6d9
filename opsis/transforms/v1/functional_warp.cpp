// Turning, shearing, perspective and bending: the grids of places, and sampling at them.
#include <torch/torch.h>

#include <array>
#include <cmath>
#include <numbers>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/warp.h"
#include "opsis/transforms/v1/functional.h"
#include "opsis/transforms/v1/shared.h"

namespace opsis::inline v1::transforms::v1::functional {
namespace {

using detail::Matrix;
using torch::Tensor;

// The order of operations below is that of torchvision's v1: the last bit of a coordinate, and with it a pixel, depends on it.

Size size_of(const Tensor& image) { return {image.size(-2), image.size(-1)}; }

double in_radians(double degrees) { return degrees * (std::numbers::pi / 180.0); }

// From where on the image each pixel comes; places are seen from the middle.
Matrix inverse_matrix(const detail::AffineParameters& parameters, Point center) {
  const auto& [angle, translate, scale, shear] = parameters;
  const double turn = in_radians(angle), shear_x = in_radians(shear.x), shear_y = in_radians(shear.y);
  const double a = std::cos(turn - shear_y) / std::cos(shear_y);
  const double b = -std::cos(turn - shear_y) * std::tan(shear_x) / std::cos(shear_y) - std::sin(turn);
  const double c = std::sin(turn - shear_y) / std::cos(shear_y);
  const double d = -std::sin(turn - shear_y) * std::tan(shear_x) / std::cos(shear_y) + std::cos(turn);
  Matrix m{d / scale, -b / scale, 0.0 / scale, -c / scale, a / scale, 0.0 / scale};
  m[2] += m[0] * (-center.x - translate.x) + m[1] * (-center.y - translate.y);
  m[5] += m[3] * (-center.x - translate.x) + m[4] * (-center.y - translate.y);
  m[2] += center.x;
  m[5] += center.y;
  return m;
}

// A point in pixels, from the middle of the canvas.
Point from_middle(const std::optional<Point>& point, Size canvas) {
  if (!point) return {};
  return {point->x - static_cast<double>(canvas.width) * 0.5, point->y - static_cast<double>(canvas.height) * 0.5};
}

// The canvas that takes in all of a turned one.
Size grown_size(const Matrix& matrix, Size canvas) {
  const auto half_w = 0.5 * static_cast<double>(canvas.width), half_h = 0.5 * static_cast<double>(canvas.height);
  const std::array<double, 12> corners{-half_w, -half_h, 1, -half_w, half_h, 1, half_w, half_h, 1, half_w, -half_h, 1};
  const auto theta = detail::tensor_of(matrix, torch::kFloat32).view({2, 3});
  const auto turned = detail::tensor_of(corners, torch::kFloat32).view({4, 3}).matmul(theta.t());
  const auto halves = detail::tensor_of(std::array<double, 2>{half_w, half_h}, torch::kFloat32);
  // Cut to four digits, so that what rounding added is not a pixel more.
  const auto digits = detail::python_number(1e-4);
  const auto cut = [&](const Tensor& extremes) { return (extremes + halves).div_(digits).trunc_().mul_(digits); };
  const auto size = cut(turned.amax(0)).ceil_() - cut(turned.amin(0)).floor_();
  return {static_cast<int64_t>(size[1].item<float>()), static_cast<int64_t>(size[0].item<float>())};
}

// (1, height, width, 3): the middles of pixels from `first` on, in float32 for all types, and 1.
Tensor base_grid(Size size, Point first, const torch::TensorOptions& options) {
  auto grid = torch::empty({1, size.height, size.width, 3}, options);
  const auto middles = [&](double from, int64_t n) {
    return torch::linspace(from, from + static_cast<double>(n) - 1, n, options.dtype(torch::kFloat32));
  };
  grid.select(-1, 0).copy_(middles(first.x, size.width));
  grid.select(-1, 1).copy_(middles(first.y, size.height).unsqueeze(-1));
  grid.select(-1, 2).fill_(1);
  return grid.view({1, size.height * size.width, 3});
}

// A matrix (1, 2, 3) as the factor of rows of points, its results in units of half a canvas.
Tensor in_halves(const Tensor& theta, Size canvas) {
  const std::array<double, 2> half{0.5 * static_cast<double>(canvas.width), 0.5 * static_cast<double>(canvas.height)};
  return theta.transpose(1, 2).div(detail::tensor_of(half, theta.options()));
}

Tensor affine_grid_of(const Matrix& matrix, Size in, Size out, const torch::TensorOptions& options) {
  const Point first{static_cast<double>(-out.width) * 0.5 + 0.5, static_cast<double>(-out.height) * 0.5 + 0.5};
  const auto theta = detail::tensor_of(matrix, options).reshape({1, 2, 3});
  return base_grid(out, first, options).bmm(in_halves(theta, in)).view({1, out.height, out.width, 2});
}

Tensor perspective_grid_of(const std::array<double, 8>& c, Size canvas, const torch::TensorOptions& options) {
  const auto above = detail::tensor_of({c[0], c[1], c[2], c[3], c[4], c[5]}, options).reshape({1, 2, 3});
  const auto below = detail::tensor_of({c[6], c[7], 1, c[6], c[7], 1}, options).reshape({1, 2, 3});
  const auto base = base_grid(canvas, {0.5, 0.5}, options);
  const auto places = base.bmm(in_halves(above, canvas)) / base.bmm(below.transpose(1, 2)) - 1.0;
  return places.view({1, canvas.height, canvas.width, 2});
}

Tensor even_grid_of(Size canvas) {
  const auto middles = [](int64_t n) {
    const auto sides = static_cast<double>(n);
    return torch::linspace((1 - sides) / sides, (sides - 1) / sides, n, torch::kFloat32);
  };
  const auto yx = torch::meshgrid({middles(canvas.height), middles(canvas.width)}, "ij");
  return torch::stack({yx[1], yx[0]}, -1).unsqueeze(0);
}

void check_sampled(std::string_view where, const Tensor& image, InterpolationMode mode, const Fill& fill,
                   bool bicubic = false) {
  detail::check_batch(where, image);
  OPSIS_CHECK(image.size(-1) > 0 && image.size(-2) > 0 && (image.dim() == 3 || image.size(0) > 0),
              "{}: the image must have pixels, got {}", where, opsis::detail::shape(image));
  detail::check_warp(where, image, mode, fill, bicubic);
}

// Every image of a batch at the places of one grid (1, height, width, 2).
Tensor sample(const Tensor& image, Tensor grid, InterpolationMode mode, const Fill& fill) {
  const bool nearest = mode == InterpolationMode::NEAREST;
  const int64_t of_torch = nearest ? 1 : mode == InterpolationMode::BICUBIC ? 2 : 0;
  return detail::in_float(image, grid.scalar_type(), [&](Tensor pixels) {
    const auto images = pixels.size(0), channels = pixels.size(1);
    if (images > 1) grid = grid.expand({images, -1, -1, -1});
    // A channel of ones shows how much of each result was inside.
    if (!fill.is_none()) {
      pixels = torch::cat({pixels, torch::ones({images, 1, pixels.size(2), pixels.size(3)}, pixels.options())}, 1);
    }
    pixels = at::grid_sampler(pixels, grid, of_torch, /*padding_mode=zeros*/ 0, /*align_corners=*/false);
    if (fill.is_none()) return pixels;
    const auto inside = pixels.slice(1, channels);
    pixels = pixels.slice(1, 0, channels);
    const auto colour = detail::tensor_of(fill.numbers(), pixels.options()).view({1, -1, 1, 1});
    return nearest ? torch::where(inside < 0.5, colour, pixels) : pixels * inside + (1.0 - inside) * colour;
  });
}

torch::TensorOptions sampling_options(const Tensor& image) { return image.options().dtype(detail::float_type(image)); }

// Whether v2's kernel for bytes gives the same: nothing is blended with a fill that is not 0.
bool samples_as_v2(const Tensor& image, InterpolationMode mode, const Fill& fill) {
  const auto numbers = fill.numbers();
  return image.scalar_type() == torch::kUInt8 && image.numel() > 0 &&
         (mode == InterpolationMode::NEAREST || std::all_of(numbers.begin(), numbers.end(), [](double n) { return n == 0; }));
}

Tensor sample_affine(std::string_view where, const Tensor& image, const Matrix& matrix, Size size, InterpolationMode mode,
                     const Fill& fill) {
  return detail::or_refuse(where, [&] {
    if (samples_as_v2(image, mode, fill)) return detail::warp_affine(image, matrix, size, mode, fill);
    return sample(image, affine_grid_of(matrix, size_of(image), size, sampling_options(image)), mode, fill);
  });
}

}  // namespace

Tensor rotate(const Tensor& image, double angle, const RotateOptions& options) {
  check_sampled("rotate", image, options.interpolation, options.fill);
  const auto canvas = size_of(image);
  // The other way round than affine.
  const auto matrix = inverse_matrix({.angle = -angle}, from_middle(options.center, canvas));
  const auto size = options.expand ? grown_size(matrix, canvas) : canvas;
  return sample_affine("rotate", image, matrix, size, options.interpolation, options.fill);
}

Tensor affine(const Tensor& image, double angle, torch::ArrayRef<double> translate, double scale, torch::ArrayRef<double> shear,
              const AffineOptions& options) {
  OPSIS_CHECK(translate.size() == 2, "affine: translate must have 2 numbers, got {}", translate.size());
  OPSIS_CHECK(!(scale <= 0), "affine: scale must be positive, got {}", scale);
  OPSIS_CHECK(shear.size() == 1 || shear.size() == 2, "affine: shear must have 1 or 2 numbers, got {}", shear.size());
  check_sampled("affine", image, options.interpolation, options.fill);
  const detail::AffineParameters parameters{angle, {translate[0], translate[1]}, scale, {shear.front(), shear.back()}};
  const auto matrix = inverse_matrix(parameters, from_middle(options.center, size_of(image)));
  return sample_affine("affine", image, matrix, size_of(image), options.interpolation, options.fill);
}

Tensor perspective(const Tensor& image, const std::vector<Point>& startpoints, const std::vector<Point>& endpoints,
                   const PerspectiveOptions& options) {
  check_sampled("perspective", image, options.interpolation, options.fill);
  const auto& given = options.coefficients;
  OPSIS_CHECK(given.empty() || given.size() == 8, "perspective: coefficients must have 8 numbers, got {}", given.size());
  const auto all = given.empty() ? detail::perspective_coefficients(startpoints, endpoints) : given;
  std::array<double, 8> c;
  std::copy(all.begin(), all.end(), c.begin());
  return detail::or_refuse("perspective", [&] {
    if (samples_as_v2(image, options.interpolation, options.fill)) {
      return detail::warp_perspective(image, c, options.interpolation, options.fill);
    }
    return sample(image, perspective_grid_of(c, size_of(image), sampling_options(image)), options.interpolation, options.fill);
  });
}

Tensor elastic_transform(const Tensor& image, const Tensor& displacement, const ElasticOptions& options) {
  check_sampled("elastic_transform", image, options.interpolation, options.fill, /*bicubic=*/true);
  const auto canvas = size_of(image);
  OPSIS_CHECK(displacement.defined() && displacement.sizes() == at::IntArrayRef({1, canvas.height, canvas.width, 2}),
              "elastic_transform: the displacement must be (1, {}, {}, 2), got {}", canvas.height, canvas.width,
              opsis::detail::shape(displacement));
  return detail::or_refuse("elastic_transform", [&] {
    if (displacement.scalar_type() == torch::kFloat32 && samples_as_v2(image, options.interpolation, options.fill)) {
      return detail::warp_displaced(image, displacement, options.interpolation, options.fill);
    }
    const auto grid = even_grid_of(canvas).to(image.device()) + displacement.to(image.device());
    return sample(image, grid, options.interpolation, options.fill);
  });
}

}  // namespace opsis::inline v1::transforms::v1::functional
