// Many images as one.
#pragma once

#include <torch/types.h>

#include <optional>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::utils {

/// How images are laid side by side.
struct MakeGridOptions {
  int64_t nrow = 8;                                        ///< images in a row
  int64_t padding = 2;                                     ///< pixels between images and around them
  bool normalize = false;                                  ///< to [0, 1] by value_range
  std::optional<std::pair<double, double>> value_range{};  ///< low and high; those of the images when absent
  bool scale_each = false;                                 ///< each image by its own low and high
  double pad_value = 0.0;                                  ///< of the pixels between images
};

/// Images side by side, row after row, with padding between.
///     auto grid = utils::make_grid(batch, {.nrow = 4, .normalize = true});   // (64, 1, 28, 28) -> (3, 482, 122)
/// Shapes   (N, C, H, W), (C, H, W) or (H, W), or N of (C, H, W) -> (C, rows * (H + padding) + padding, ...), C = 3 for gray;
///          one image alone comes back without padding
/// Types    any; floating point when normalize
/// Throws   ValueError when there is no image, or nrow or padding is out of range
/// Source   torchvision.utils.make_grid
OPSIS_API torch::Tensor make_grid(const torch::Tensor& images, const MakeGridOptions& options = {});
OPSIS_API torch::Tensor make_grid(const std::vector<torch::Tensor>& images, const MakeGridOptions& options = {});
OPSIS_API torch::Tensor make_grid(const std::vector<Image>& images, const MakeGridOptions& options = {});

}  // namespace opsis::inline v1::utils
