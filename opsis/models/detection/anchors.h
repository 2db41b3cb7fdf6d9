// Where a detector looks: boxes of a few sizes and shapes at every pixel of its feature maps.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"

namespace opsis::inline v1::models::detection {

/// Boxes around the upper left corner of every cell of every feature map: a box for each size and each aspect ratio of the map,
/// the sizes of the first ratio first. All images of a batch have the same.
///     const AnchorGenerator anchors({{32}, {64}}, {{0.5, 1, 2}, {0.5, 1, 2}});
///     anchors({800, 1088}, maps);   // (3 H0 W0 + 3 H1 W1, 4)
/// Source   torchvision.models.detection.anchor_utils.AnchorGenerator
class OPSIS_API AnchorGenerator {
 public:
  /// For each feature map its sizes, in pixels of the batch, and its aspect ratios, which are height / width.
  /// Throws   ValueError unless there are as many lists of ratios as of sizes
  /// Differs  torchvision leaves out what the longer list has more
  explicit AnchorGenerator(std::vector<std::vector<double>> sizes = {{128, 256, 512}},
                           std::vector<std::vector<double>> aspect_ratios = {{0.5, 1, 2}});

  /// `canvas`: of the batch that the maps were made from.
  /// Shapes   maps (N, C, H, W) each -> (sum of H * W * its anchors, 4) XYXY, row by row, map by map
  /// Types    that of the maps
  /// Throws   ValueError unless there is a map, none of them empty, for each of the sizes
  torch::Tensor operator()(Size canvas, std::span<const torch::Tensor> feature_maps) const;

  /// Of each map.
  std::vector<int64_t> num_anchors_per_location() const;

 private:
  std::vector<std::vector<double>> sizes_, aspect_ratios_;
  std::vector<torch::Tensor> cells_;  // of each map (anchors, 4), float32, about the origin
};

/// Of DefaultBoxGenerator.
struct DefaultBoxOptions {
  double min_ratio = 0.15, max_ratio = 0.9;  ///< of the first and the last map's boxes to the image, when there are no scales
  std::vector<double> scales{};              ///< of each map, and one more; empty: spread evenly from min_ratio to max_ratio
  std::vector<double> steps{};               ///< pixels between boxes of each map; empty: the map is spread over the image
  bool clip = true;                          ///< sides are at most those of the image
};

/// The boxes of SSD: at each cell two squares, and a lying and a standing box for each aspect ratio of the map.
/// Source   torchvision.models.detection.anchor_utils.DefaultBoxGenerator
class OPSIS_API DefaultBoxGenerator {
 public:
  /// Throws   ValueError unless there is a step for each map and a scale more than there are maps
  explicit DefaultBoxGenerator(std::vector<std::vector<double>> aspect_ratios, DefaultBoxOptions options = {});
  /// So that lists in braces are never taken for another generator.
  explicit DefaultBoxGenerator(std::initializer_list<std::vector<double>> aspect_ratios, DefaultBoxOptions options = {})
      : DefaultBoxGenerator(std::vector<std::vector<double>>(aspect_ratios), std::move(options)) {}

  /// As AnchorGenerator's.
  torch::Tensor operator()(Size canvas, std::span<const torch::Tensor> feature_maps) const;

  std::vector<int64_t> num_anchors_per_location() const;

 private:
  std::vector<torch::Tensor> sides_;  // of each map (boxes, 2): width and height in parts of the image
  std::vector<double> steps_;
};

}  // namespace opsis::inline v1::models::detection
