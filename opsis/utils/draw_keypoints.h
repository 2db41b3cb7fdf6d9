// Key points and the lines between them on an image.
#pragma once

#include <torch/types.h>

#include <optional>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"
#include "opsis/utils/colors.h"

namespace opsis::inline v1::utils {

/// How points and the lines between them are drawn.
struct DrawKeypointsOptions {
  std::vector<std::pair<int64_t, int64_t>> connectivity{};  ///< pairs of points of an instance with a white line between them
  std::optional<Paint> colors{};                            ///< of the points; without it only lines are drawn
  int64_t radius = 2;                                       ///< of the points
  int64_t width = 3;                                        ///< of the lines
  std::optional<torch::Tensor> visibility{};                ///< (N, K) or (N, K, 1): which points there are
};

/// The image with the points of N instances on it. A point that is not visible is not drawn, nor are its lines.
///     auto shown = utils::draw_keypoints(image, points, {.connectivity = {{0, 1}, {1, 2}}, .colors = "blue"});
/// Shapes   image (3, H, W); key points (N, K, 2) as x, y -> (3, H, W)
/// Types    uint8, or floating point in [0, 1]; the result has the same, on the CPU. Fractions of coordinates are cut off
/// Throws   ValueError on another shape or type, on a connection to a point that is not there, and on a negative radius
/// Source   torchvision.utils.draw_keypoints
OPSIS_API Image draw_keypoints(const Image& image, const torch::Tensor& keypoints, const DrawKeypointsOptions& options = {});
/// (K, 2) is one instance.
OPSIS_API Image draw_keypoints(const Image& image, const KeyPoints& keypoints, const DrawKeypointsOptions& options = {});
/// Likewise of a bare tensor.
inline torch::Tensor draw_keypoints(const torch::Tensor& image, const torch::Tensor& keypoints,
                                    const DrawKeypointsOptions& options = {}) {
  return draw_keypoints(wrap(image, Image()), keypoints, options).data;
}
inline torch::Tensor draw_keypoints(const torch::Tensor& image, const KeyPoints& keypoints,
                                    const DrawKeypointsOptions& options = {}) {
  return draw_keypoints(wrap(image, Image()), keypoints, options).data;
}

}  // namespace opsis::inline v1::utils
