#include "opsis/transforms/functional/warp.h"

#include <ATen/ops/aminmax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/grid_sampler.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include <cmath>
#include <numbers>

#include "opsis/core/check.h"
#include "opsis/transforms/arguments.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/transforms/functional/tensor.h"
#include "opsis/transforms/functional/warp_bytes.h"

namespace opsis::inline v1::transforms {
namespace {

using detail::Matrix;
using detail::WarpGrid;
using torch::Tensor;

// The order of operations below is torchvision's: the last bit of a coordinate, and with it a pixel, depends on it.

double radians(double degrees) { return degrees * (std::numbers::pi / 180.0); }

// What pixels are computed in.
torch::ScalarType working_type(const Tensor& image) {
  return image.is_floating_point() ? image.scalar_type() : torch::kFloat32;
}

// A matrix (1, 2, 3) as the factor of rows of points, its results in units of half a canvas.
Tensor rescaled(const Tensor& theta, Size canvas) {
  const std::array<double, 2> half{0.5 * static_cast<double>(canvas.width), 0.5 * static_cast<double>(canvas.height)};
  return theta.transpose(1, 2).div_(detail::tensor_of(half, theta.options()));
}

WarpGrid affine_grid(const Matrix& matrix, Size in, Size out, const torch::TensorOptions& options) {
  const auto middles = [&](int64_t n) {  // in float32 for all types
    const auto steps = static_cast<double>(n);
    return at::linspace((1.0 - steps) * 0.5, (steps - 1.0) * 0.5, n, options.dtype(torch::kFloat32)).to(options);
  };
  const auto theta = detail::tensor_of(matrix, options).reshape({1, 2, 3});
  return {.x = middles(out.width), .y = middles(out.height), .above = rescaled(theta, in), .below = {}, .displacement = {}};
}

WarpGrid perspective_grid(const std::array<double, 8>& c, Size canvas, const torch::TensorOptions& options) {
  const auto middles = [&](int64_t n) { return at::linspace(0.5, static_cast<double>(n) + 0.5 - 1.0, n, options); };
  const auto above = detail::tensor_of({c[0], c[1], c[2], c[3], c[4], c[5]}, options).reshape({1, 2, 3});
  const auto below = detail::tensor_of({c[6], c[7], 1, c[6], c[7], 1}, options).reshape({1, 2, 3});
  return {.x = middles(canvas.width),
          .y = middles(canvas.height),
          .above = rescaled(above, canvas),
          .below = below.transpose(1, 2),
          .displacement = {}};
}

WarpGrid even_grid(Size canvas, const torch::TensorOptions& options) {
  OPSIS_CHECK(canvas.height > 0 && canvas.width > 0, "elastic: the canvas must not be empty, got {}", canvas);
  const auto middles = [&](int64_t n) {
    const auto end = static_cast<double>(n - 1) / static_cast<double>(n);
    return at::linspace(-end, end, n, options);
  };
  return {.x = middles(canvas.width), .y = middles(canvas.height), .above = {}, .below = {}, .displacement = {}};
}

// torchvision's _apply_grid_transform: every image of a batch is sampled at the places of one grid (1, height, width, 2).
Tensor warp(const Tensor& image, const WarpGrid& where, InterpolationMode interpolation, const Fill& fill) {
  const int64_t channels = image.size(-3);
  const Size size{where.y.size(0), where.x.size(0)};
  const auto shape = detail::shape_with(image, size);
  if (image.numel() == 0) {
    // No other canvas grows.
    OPSIS_CHECK(c10::multiply_integers(shape) == 0, "rotate: an empty image cannot fill {} pixels", size);
    return image.reshape(shape);
  }
  if (auto bytes = detail::warp_bytes(image, where, interpolation, fill)) return *bytes;
  const bool nearest = interpolation == InterpolationMode::NEAREST;
  const int64_t mode = nearest ? 1 : interpolation == InterpolationMode::BICUBIC ? 2 : 0;  // of torch's grid_sample
  const auto batch = image.reshape({-1, channels, image.size(-2), image.size(-1)});
  auto grid = where.places();
  auto pixels = batch.to(grid.scalar_type());
  if (batch.size(0) > 1) grid = grid.expand({batch.size(0), -1, -1, -1});
  // A channel of ones shows how much of each result was inside.
  if (!fill.is_none()) {
    pixels = at::cat({pixels, at::ones({batch.size(0), 1, batch.size(2), batch.size(3)}, pixels.options())}, 1);
  }
  pixels = at::grid_sampler(pixels, grid, mode, /*padding_mode=zeros*/ 0, /*align_corners=*/false);
  if (!fill.is_none()) {
    const auto inside = pixels.slice(1, channels).expand({-1, channels, -1, -1});
    pixels = pixels.slice(1, 0, channels);
    const auto colour = detail::tensor_of(fill.numbers(), pixels.options()).view({1, -1, 1, 1});
    pixels =
        nearest ? at::where(inside < 0.5, colour.expand_as(pixels), pixels) : pixels.sub_(colour).mul_(inside).add_(colour);
  }
  if (pixels.scalar_type() != image.scalar_type()) pixels = pixels.round_().to(image.scalar_type());
  return pixels.reshape(shape);
}

torch::TensorOptions working_options(const Tensor& image) { return torch::dtype(working_type(image)).device(image.device()); }

}  // namespace

Json json_of(const Point& point) { return Json::List{point.x, point.y}; }

void read_json(const Json& json, Point& point) {
  std::pair<double, double> numbers;
  detail::from_json(json, numbers);
  point = {numbers.first, numbers.second};
}

std::string code_of(const Point& point) { return "Point" + detail::to_code(std::pair(point.x, point.y)); }

Tensor detail::tensor_of(torch::ArrayRef<double> numbers, const torch::TensorOptions& options) {
  return at::tensor(numbers, torch::kFloat64).to(options);
}

Matrix detail::affine_matrix(const AffineParameters& parameters, Point center, bool inverted) {
  const auto& [angle, translate, scale, shear] = parameters;
  const double turn = radians(angle), shear_x = radians(shear.x), shear_y = radians(shear.y);
  const double moved_x = center.x + translate.x, moved_y = center.y + translate.y;

  // Turned and sheared: of determinant 1.
  const double a = std::cos(turn - shear_y) / std::cos(shear_y);
  const double b = -(a * std::tan(shear_x) + std::sin(turn));
  const double c = std::sin(turn - shear_y) / std::cos(shear_y);
  const double d = std::cos(turn) - c * std::tan(shear_x);

  if (inverted) {
    Matrix m{d / scale, -b / scale, 0, -c / scale, a / scale, 0};
    m[2] += center.x - m[0] * moved_x - m[1] * moved_y;
    m[5] += center.y - m[3] * moved_x - m[4] * moved_y;
    return m;
  }
  Matrix m{a * scale, b * scale, 0, c * scale, d * scale, 0};
  m[2] += moved_x - m[0] * center.x - m[1] * center.y;
  m[5] += moved_y - m[3] * center.x - m[4] * center.y;
  return m;
}

Size detail::expanded_size(const Matrix& matrix, Size canvas) {
  const auto half_w = 0.5 * static_cast<double>(canvas.width), half_h = 0.5 * static_cast<double>(canvas.height);
  const std::array<double, 12> corners{-half_w, -half_h, 1, -half_w, half_h, 1, half_w, half_h, 1, half_w, -half_h, 1};
  const auto theta = detail::tensor_of(matrix, torch::kFloat32).view({2, 3});
  const auto turned = at::matmul(detail::tensor_of(corners, torch::kFloat32).view({4, 3}), theta.t());
  auto [least, greatest] = at::aminmax(turned, 0);
  const auto halves = detail::tensor_of(std::array<double, 2>{half_w, half_h}, torch::kFloat32);
  least.add_(halves);
  greatest.add_(halves);
  // Cut to four digits, so that what rounding added is not a pixel more.
  const double digits = 1e-4;
  const auto last = greatest.mul_(1.0 / digits).trunc_().mul_(digits).ceil_();
  const auto first = least.mul_(1.0 / digits).trunc_().mul_(digits).floor_();
  const auto size = last.sub_(first);
  OPSIS_CHECK(at::isfinite(size).all().item<bool>(), "rotate: with expand the angle and the center must be finite numbers");
  return {static_cast<int64_t>(size[1].item<float>()), static_cast<int64_t>(size[0].item<float>())};
}

void detail::check_warp(std::string_view where, const Tensor& image, InterpolationMode interpolation, const Fill& fill,
                        bool bicubic) {
  check_dims(where, image, 3);
  OPSIS_CHECK(interpolation == InterpolationMode::NEAREST || interpolation == InterpolationMode::BILINEAR ||
                  (bicubic && interpolation == InterpolationMode::BICUBIC),
              "{}: interpolation must be nearest{}, got {}", where, bicubic ? ", bilinear or bicubic" : " or bilinear",
              interpolation);
  if (fill.is_none()) return;
  const auto numbers = static_cast<int64_t>(fill.numbers().size());
  OPSIS_CHECK(numbers == 1 || (numbers > 0 && numbers == image.size(-3)), "{}: fill must have 1 or {} numbers, got {}", where,
              image.size(-3), numbers);
}

Tensor detail::warp_affine(const Tensor& image, const Matrix& matrix, Size size, InterpolationMode interpolation,
                           const Fill& fill) {
  const auto grid = affine_grid(matrix, {image.size(-2), image.size(-1)}, size, working_options(image));
  return warp(image, grid, interpolation, fill);
}

Tensor detail::warp_perspective(const Tensor& image, const std::array<double, 8>& coefficients, InterpolationMode interpolation,
                                const Fill& fill) {
  const auto grid = perspective_grid(coefficients, {image.size(-2), image.size(-1)}, working_options(image));
  return warp(image, grid, interpolation, fill);
}

Tensor detail::warp_displaced(const Tensor& image, const Tensor& displacement, InterpolationMode interpolation,
                              const Fill& fill) {
  // float16 by way of float32, as in torchvision; the other types as they are.
  if (image.scalar_type() == torch::kFloat16 && image.is_cpu()) {
    return warp_displaced(image.to(torch::kFloat32), displacement, interpolation, fill).to(torch::kFloat16);
  }
  const auto options = working_options(image);
  auto grid = even_grid({image.size(-2), image.size(-1)}, options);
  grid.displacement = displacement.to(options);
  return warp(image, grid, interpolation, fill);
}

Tensor detail::identity_grid(Size canvas, torch::TensorOptions options) { return even_grid(canvas, options).places(); }

Tensor detail::corners_of_boxes(const Tensor& boxes, bool rotated) {
  if (rotated) return boxes.reshape({-1, 2});
  const auto c = boxes.unbind(1);
  return at::stack({c[0], c[1], c[2], c[1], c[2], c[3], c[0], c[3]}, 1).reshape({-1, 2});
}

Tensor detail::boxes_around_corners(const Tensor& corners, bool rotated) {
  if (rotated) return rectangles(corners.reshape({-1, 8}));
  const auto [least, greatest] = at::aminmax(corners.reshape({-1, 4, 2}), 1);
  return at::cat({least, greatest}, 1);
}

}  // namespace opsis::inline v1::transforms
