// What affine, rotate, perspective and elastic share: where each pixel of the result comes from, and fetching it.
#pragma once

#include <torch/types.h>

#include <array>
#include <ostream>
#include <string>
#include <string_view>

#include "opsis/core/api.h"
#include "opsis/core/json.h"
#include "opsis/core/size.h"
#include "opsis/transforms/functional/fill.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms {

/// A place in pixels, or a step: x to the right, y down. Prints as (x, y).
struct Point {
  double x = 0;
  double y = 0;
  friend bool operator==(const Point&, const Point&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Point& point) {
    return out << '(' << point.x << ", " << point.y << ')';
  }
};

/// [x, y]
OPSIS_API Json json_of(const Point& point);
OPSIS_API void read_json(const Json& json, Point& point);
OPSIS_API std::string code_of(const Point& point);

namespace detail {

/// Two rows of three numbers: (x, y) -> (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]).
using Matrix = std::array<double, 6>;

/// Rotation (degrees), scale, shear (degrees) around the centre and a translation; inverted, it says where pixels come from.
struct AffineParameters {
  double angle = 0;
  Point translate{};
  double scale = 1;
  Point shear{};
};
Matrix affine_matrix(const AffineParameters& parameters, Point center, bool inverted);

/// The canvas that takes in all of a turned one; the matrix is inverted and around the middle.
Size expanded_size(const Matrix& matrix, Size canvas);

/// A list of numbers as torch.tensor makes one in Python, 16-bit floating point among the types.
torch::Tensor tensor_of(torch::ArrayRef<double> numbers, const torch::TensorOptions& options);

/// Throws ValueError, in the words of the function `where`, unless the mode is nearest or bilinear (or bicubic, where
/// that is allowed) and the fill none, one number
/// or one for each channel of the image.
void check_warp(std::string_view where, const torch::Tensor& image, InterpolationMode interpolation, const Fill& fill,
                bool bicubic = false);

/// The image seen through a matrix around the middles of both canvases, or through coefficients or a displacement as
/// functional::perspective and functional::elastic have them. The arguments are checked.
torch::Tensor warp_affine(const torch::Tensor& image, const Matrix& matrix, Size size, InterpolationMode interpolation,
                          const Fill& fill);
torch::Tensor warp_perspective(const torch::Tensor& image, const std::array<double, 8>& coefficients,
                               InterpolationMode interpolation, const Fill& fill);
torch::Tensor warp_displaced(const torch::Tensor& image, const torch::Tensor& displacement, InterpolationMode interpolation,
                             const Fill& fill);

/// The middles of the pixels of a canvas, from -1 to 1: (1, height, width, 2) as x and y.
torch::Tensor identity_grid(Size canvas, torch::TensorOptions options);

/// The corners of boxes XYXY (N, 4), or XYXYXYXY (N, 8), as points (4 N, 2).
torch::Tensor corners_of_boxes(const torch::Tensor& boxes, bool rotated);
/// Points (4 N, 2) -> the upright boxes around them XYXY, or the rectangles at them XYXYXYXY.
torch::Tensor boxes_around_corners(const torch::Tensor& corners, bool rotated);

}  // namespace detail
}  // namespace opsis::inline v1::transforms
