// Boxes on an image.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"
#include "opsis/utils/colors.h"

namespace opsis::inline v1::utils {

/// How boxes and their labels are drawn.
struct DrawBoundingBoxesOptions {
  std::optional<std::vector<std::string>> labels{};  ///< one for each box, in its top left corner
  Colors colors{};                                   ///< of the boxes; a palette when absent
  bool fill = false;                                 ///< tints the inside with the box's colour
  int64_t width = 1;                                 ///< of the edges, inwards, in pixels
  std::optional<std::filesystem::path> font{};       ///< a file that FreeType reads; the library's own when absent
  std::optional<double> font_size{};                 ///< of the em square, in pixels; 10 when absent
  Colors label_colors{};                             ///< of the letters; that of the box, or black on a background
  Colors label_background_colors{};                  ///< that of the box when absent
  bool fill_labels = false;                          ///< puts a background behind labels
};

/// The image with boxes on it, and their labels.
///     auto shown = utils::draw_bounding_boxes(image, boxes, {.labels = {{"cat", "dog"}}, .colors = "red", .width = 3});
/// Its pixels are torchvision's but for the letters: there they are Pillow's own font, here DejaVu Sans.
/// Shapes   image (3, H, W) or (1, H, W) -> (3, H, W); boxes (N, 4) as left, top, right, bottom, or (N, 8) as four corners, whose
///          first edge is dashed. Without boxes the image itself
/// Types    uint8, or floating point in [0, 1]; the result has the same, on the CPU. Fractions of box coordinates are cut off
/// Throws   ValueError on another shape or type, on a box whose right or bottom comes first, and when there are not as many labels,
///          or fewer colours, than boxes; NotBuiltError for labels without FreeType
/// Differs  font_size counts without font too
/// Source   torchvision.utils.draw_bounding_boxes
OPSIS_API Image draw_bounding_boxes(const Image& image, const torch::Tensor& boxes,
                                    const DrawBoundingBoxesOptions& options = {});
/// Boxes of any format.
/// Differs  torchvision takes the numbers as they are, whatever the format says
OPSIS_API Image draw_bounding_boxes(const Image& image, const BoundingBoxes& boxes,
                                    const DrawBoundingBoxesOptions& options = {});
/// Likewise of a bare tensor.
inline torch::Tensor draw_bounding_boxes(const torch::Tensor& image, const torch::Tensor& boxes,
                                         const DrawBoundingBoxesOptions& options = {}) {
  return draw_bounding_boxes(wrap(image, Image()), boxes, options).data;
}
inline torch::Tensor draw_bounding_boxes(const torch::Tensor& image, const BoundingBoxes& boxes,
                                         const DrawBoundingBoxesOptions& options = {}) {
  return draw_bounding_boxes(wrap(image, Image()), boxes, options).data;
}

}  // namespace opsis::inline v1::utils
