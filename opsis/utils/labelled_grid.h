// Images with captions, some of them marked: what a model thought of a batch.
#pragma once

#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"
#include "opsis/utils/canvas.h"

namespace opsis::inline v1::utils {

struct LabelledImage {
  Image image{};
  std::string label{};
  bool marked = false;  ///< gets a frame and a caption in mark_color
};

struct LabelledGridOptions {
  int64_t columns = 8;   ///< images in a row
  int64_t tile_px = 64;  ///< small images are enlarged by a whole number to about this side
  int64_t padding = 8;   ///< pixels between tiles
  double font_px = 14;   ///< of captions
  Color mark_color = {214, 39, 40};
  std::string title{};  ///< above the grid
};

/// Images in rows on white, each enlarged so that its pixels show, with its label below.
///     auto picture = utils::labelled_grid({{first, "7"}, {second, "3 (is 8)", true}}, {.columns = 2});
/// Shapes   N of (3, H, W) or (1, H, W), of any sizes -> (3, H, W)
/// Types    uint8, or floating point in [0, 1] -> uint8
/// Throws   ValueError when there is no image, or one of another shape or type; NotBuiltError without FreeType
OPSIS_API Image labelled_grid(const std::vector<LabelledImage>& images, const LabelledGridOptions& options = {});

}  // namespace opsis::inline v1::utils
