// The examples of data sets: a type for each kind of task. Transforms change an example's images, videos, masks, boxes and key
// points together, with one draw; what is none of these, plain tensors too, stays as it is, but for rows that go with their
// boxes, and for flow and disparities, which follow their pictures.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "opsis/core/json.h"
#include "opsis/datasets/dataset.h"
#include "opsis/datasets/shifts.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::datasets {

/// An image and the objects on it. SanitizeBoundingBoxes takes labels and masks along; annotation and key_points stay whole.
/// Shapes   boxes (N, 4), XYXY; labels (N) int64; masks (N, H, W) where the data set has them
struct Detected {
  Image image;
  BoundingBoxes boxes{};
  torch::Tensor labels{};
  std::optional<Mask> masks{};
  int64_t image_id = -1;  ///< where the data set numbers its images
  Json annotation{};      ///< all that the file says, as torchvision's target: a list or an object; null where there is none
  std::optional<KeyPoints> key_points{};  ///< (N, K, 2) float32; what is not labelled is no number
  auto fields() { return std::tie(image, boxes, labels, masks, image_id, annotation, key_points); }
  auto per_box() { return std::tie(labels); }
};

/// An image and what class each of its pixels is of.
/// Shapes   mask (1, H, W)
struct Segmented {
  Image image;
  Mask mask;
  auto fields() { return std::tie(image, mask); }
};

/// An image and sentences about it.
struct Captioned {
  Image image;
  std::vector<std::string> captions;
  auto fields() { return std::tie(image, captions); }
};

/// Two frames of a film and how far each pixel of the first goes until the second. Flow and valid follow what moves the frames:
/// as masks do, without blending, and vectors are mirrored, scaled and turned too. Where a transform fills in, flow is 0 and
/// not valid.
/// Shapes   flow (2, H, W) float32, right and down; valid (H, W) bool. Undefined where the data set has none
/// Throws   ValueError, transformed, when what moves pixels is no affine map (RandomPerspective, ElasticTransform) or key points
///          are bounded or taken out. To transforms the flow is a mask and key points: a ToDtype that names types for some kinds
///          alone needs .others = unchanged
/// Differs  flow and valid are arrays in torchvision, which its transforms leave as they are
struct FlowExample {
  Image first, second;
  torch::Tensor flow{}, valid{};
  auto fields() { return std::tie(first, second, flow, valid); }
  auto carried() const { return detail::shifts_of("FlowExample", flow, valid); }
  void take_back(const std::optional<detail::Shifts>& moved) { detail::set_flow("FlowExample", moved, flow, valid); }
};

/// Pictures of two cameras and how far each pixel of the left one lies from its place in the right one. Disparity and valid
/// follow what moves the pictures: as masks do, without blending, and distances grow and shrink with the width. Where a
/// transform fills in, disparity is 0 and not valid.
/// Shapes   disparity (1, H, W); valid (H, W) bool. Undefined where the data set has none
/// Throws   ValueError, transformed, where there are disparities, when pictures are mirrored from left to right or turned: the
///          cameras are side by side no more; and as FlowExample
/// Differs  disparity and valid are arrays in torchvision, which its transforms leave as they are
struct StereoExample {
  Image left, right;
  torch::Tensor disparity{}, valid{};
  auto fields() { return std::tie(left, right, disparity, valid); }
  auto carried() const { return detail::shifts_of("StereoExample", disparity, valid); }
  void take_back(const std::optional<detail::Shifts>& moved) {
    detail::set_disparity("StereoExample", moved, disparity, valid);
  }
};

/// Two images, and whether they show the same.
struct ImagePair {
  Image first, second;
  int64_t same = 0;  ///< 1 or 0
  auto fields() { return std::tie(first, second, same); }
};

/// A short film.
struct Clip {
  Video video;
  auto fields() { return std::tie(video); }
};

/// A short film, its sound, and the number of its class.
/// Shapes   audio (channels, samples) float32; (1, 0) without sound
struct ClassifiedClip {
  Video video;
  torch::Tensor audio{};
  int64_t label = 0;
  auto fields() { return std::tie(video, audio, label); }
};

}  // namespace opsis::inline v1::datasets
