#include "opsis/transforms/functional/perspective.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_lstsq.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms {
namespace {

using torch::Tensor;
using Coefficients = std::array<double, 8>;

Coefficients coefficients_of(const std::vector<Point>& startpoints, const std::vector<Point>& endpoints,
                             const std::vector<double>& given) {
  const bool has_points = !startpoints.empty() && !endpoints.empty();
  OPSIS_CHECK(given.empty() || !has_points, "perspective: take either startpoints and endpoints or coefficients, not both");
  OPSIS_CHECK(!given.empty() || has_points, "perspective: startpoints and endpoints, or coefficients, must be given");
  OPSIS_CHECK(given.empty() || given.size() == 8, "perspective: coefficients must have 8 numbers, got {}", given.size());
  const auto all = given.empty() ? detail::perspective_coefficients(startpoints, endpoints) : given;
  Coefficients c;
  std::copy(all.begin(), all.end(), c.begin());
  return c;
}

// Where points (N, 2) go: the coefficients say where pixels come from, so they are inverted.
Tensor moved_points(const Tensor& points, const Coefficients& c, const char* what) {
  const auto back = detail::inverted_coefficients(c, what);
  const bool exact = points.is_floating_point();
  OPSIS_CHECK(!exact || points.scalar_type() == torch::kFloat32 || points.scalar_type() == torch::kFloat64,
              "perspective: {} must be float32, float64 or integers, got {}", what, points.scalar_type());
  const auto options = torch::dtype(exact ? points.scalar_type() : torch::kFloat32).device(points.device());
  const std::array<double, 6> above{back[0], back[1], back[2], back[3], back[4], back[5]};
  const std::array<double, 6> below{back[6], back[7], 1, back[6], back[7], 1};
  const auto factor = [&](const std::array<double, 6>& numbers) {
    return detail::tensor_of(numbers, options).reshape({2, 3}).t();
  };
  const auto homogeneous = at::cat({points, at::ones({points.size(0), 1}, options.dtype(torch::kFloat32))}, -1);
  return at::matmul(homogeneous, factor(above)).div_(at::matmul(homogeneous, factor(below)));
}

}  // namespace

Coefficients detail::inverted_coefficients(const Coefficients& c, const char* what) {
  const double determinant = c[0] * c[4] - c[1] * c[3];
  OPSIS_CHECK(determinant != 0, "perspective: the coefficients cannot be inverted to move {}, c0 c4 - c1 c3 is 0", what);
  return {(c[4] - c[5] * c[7]) / determinant,         (-c[1] + c[2] * c[7]) / determinant,
          (c[1] * c[5] - c[2] * c[4]) / determinant,  (-c[3] + c[5] * c[6]) / determinant,
          (c[0] - c[2] * c[6]) / determinant,         (-c[0] * c[5] + c[2] * c[3]) / determinant,
          (-c[4] * c[6] + c[3] * c[7]) / determinant, (-c[0] * c[7] + c[1] * c[6]) / determinant};
}

std::vector<double> detail::perspective_coefficients(const std::vector<Point>& startpoints,
                                                     const std::vector<Point>& endpoints) {
  OPSIS_CHECK(startpoints.size() == 4 && endpoints.size() == 4,
              "perspective: there must be 4 startpoints and 4 endpoints, got {} and {}", startpoints.size(), endpoints.size());
  std::vector<double> rows, right;
  for (size_t i = 0; i < 4; ++i) {
    const auto [to_x, to_y] = endpoints[i];
    const auto [x, y] = startpoints[i];
    std::array<std::array<double, 8>, 2> pair{{{to_x, to_y, 1, 0, 0, 0, -x * to_x, -x * to_y},  //
                                               {0, 0, 0, to_x, to_y, 1, -y * to_x, -y * to_y}}};
    for (auto& row : pair) {
      // Whole numbers are exact; a row with others is in float32, as in torchvision.
      const bool whole = std::all_of(row.begin(), row.end(), [](double number) { return number == std::trunc(number); });
      for (const double number : row) rows.push_back(whole ? number : static_cast<float>(number));
    }
    right.insert(right.end(), {x, y});
  }
  const auto a = at::tensor(rows, torch::kFloat64).view({8, 8}), b = at::tensor(right, torch::kFloat64);
  try {
    const auto solution = std::get<0>(at::linalg_lstsq(a, b, c10::nullopt, "gels"));
    const auto rounded = solution.to(torch::kFloat32).to(torch::kFloat64);
    return {rounded.const_data_ptr<double>(), rounded.const_data_ptr<double>() + 8};
  } catch (const c10::LinAlgError&) {
    raise<ValueError>("perspective: the points must be corners of quadrilaterals, no three on a line");
  }
}

namespace functional {

Tensor perspective(const Tensor& image, const std::vector<Point>& startpoints, const std::vector<Point>& endpoints,
                   const PerspectiveOptions& options) {
  const auto coefficients = coefficients_of(startpoints, endpoints, options.coefficients);
  detail::check_warp("perspective", image, options.interpolation, options.fill);
  return detail::warp_perspective(image, coefficients, options.interpolation, options.fill);
}

Image perspective(const Image& image, const std::vector<Point>& startpoints, const std::vector<Point>& endpoints,
                  const PerspectiveOptions& options) {
  return wrap(perspective(image.data, startpoints, endpoints, options), image);
}

Video perspective(const Video& video, const std::vector<Point>& startpoints, const std::vector<Point>& endpoints,
                  const PerspectiveOptions& options) {
  return wrap(perspective(video.data, startpoints, endpoints, options), video);
}

Mask perspective(const Mask& mask, const std::vector<Point>& startpoints, const std::vector<Point>& endpoints,
                 const PerspectiveOptions& options) {
  detail::check_dims("perspective", mask.data, 2);
  auto unblended = options;
  unblended.interpolation = InterpolationMode::NEAREST;
  return wrap(detail::with_channel(mask.data,
                                   [&](const Tensor& image) { return perspective(image, startpoints, endpoints, unblended); }),
              mask);
}

BoundingBoxes perspective(const BoundingBoxes& boxes, const std::vector<Point>& startpoints,
                          const std::vector<Point>& endpoints, const PerspectiveOptions& options) {
  if (boxes.data.numel() == 0) return boxes;
  const auto coefficients = coefficients_of(startpoints, endpoints, options.coefficients);
  const bool rotated = tv_tensors::is_rotated_bounding_format(boxes.format);
  const auto format = rotated ? BoundingBoxFormat::XYXYXYXY : BoundingBoxFormat::XYXY;
  const auto numbers = convert_bounding_box_format(boxes.data, boxes.format, format).reshape({-1, rotated ? 8 : 4});
  const auto corners = moved_points(detail::corners_of_boxes(numbers, rotated), coefficients, "boxes");
  auto moved = detail::boxes_around_corners(corners, rotated);
  moved = clamp_bounding_boxes(moved, format, boxes.canvas_size, boxes.clamping_mode);
  moved = convert_bounding_box_format(moved, format, boxes.format).reshape(boxes.data.sizes());
  return wrap(moved.to(boxes.data.scalar_type()), boxes);
}

KeyPoints perspective(const KeyPoints& points, const std::vector<Point>& startpoints, const std::vector<Point>& endpoints,
                      const PerspectiveOptions& options) {
  if (points.data.numel() == 0) return points;
  const auto coefficients = coefficients_of(startpoints, endpoints, options.coefficients);
  const auto moved = moved_points(points.data.reshape({-1, 2}), coefficients, "key points");
  return wrap(moved.to(points.data.scalar_type()).reshape(points.data.sizes()), points);
}

}  // namespace functional
}  // namespace opsis::inline v1::transforms
