// Images with captions, some of them marked: what a model thought of a batch.
#pragma once

#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"
#include "opsis/utils/canvas.h"

namespace opsis::inline v1::utils {

struct LabelledGridOptions {
  int64_t nrow = 8;                       ///< images in a row
  int64_t tile = 64;                      ///< pixels: small images are enlarged by a whole number to about this side
  int64_t padding = 8;                    ///< pixels between tiles
  double font_px = 14;                    ///< of captions
  std::vector<bool> marked = {};          ///< these get a frame and a caption in mark_color; empty: none
  Color mark_color = {214, 39, 40};
  std::string title;                      ///< above the grid
};

/// Images in rows on white, each enlarged so that its pixels show, with its label below.
///     auto picture = utils::labelled_grid(images, {"7", "3 (8)"}, {.marked = {false, true}});
/// Shapes   N of (3, H, W) or (1, H, W), of any sizes -> (3, H, W)
/// Types    uint8, or floating point in [0, 1] -> uint8
/// Throws   ValueError unless there are as many labels (and marks) as images, and at least one; NotBuiltError without FreeType
OPSIS_API Image labelled_grid(const std::vector<Image>& images, const std::vector<std::string>& labels,
                              const LabelledGridOptions& options = {});
/// The same for a batch (N, C, H, W).
OPSIS_API Image labelled_grid(const torch::Tensor& images, const std::vector<std::string>& labels,
                              const LabelledGridOptions& options = {});

}  // namespace opsis::inline v1::utils
