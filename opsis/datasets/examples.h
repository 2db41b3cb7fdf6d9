// The examples of data sets: a type for each kind of task. Transforms change an example's images, videos, masks, boxes and key
// points together, with one draw; what is none of these, plain tensors too, stays as it is, but for rows that go with their boxes.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "opsis/core/json.h"
#include "opsis/datasets/dataset.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::datasets {

/// An image and the objects on it.
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

/// Two frames of a film and how far each pixel of the first goes until the second.
/// Transforms change the frames alone: flow and valid stay, as torchvision's arrays do.
/// Shapes   flow (2, H, W) float32, right and down; valid (H, W) bool. Undefined where the data set has none
struct FlowExample {
  Image first, second;
  torch::Tensor flow{}, valid{};
  auto fields() { return std::tie(first, second, flow, valid); }
};

/// Pictures of two cameras and how far each pixel of the left one lies from its place in the right one.
/// Transforms change the pictures alone: disparity and valid stay, as torchvision's arrays do.
/// Shapes   disparity (1, H, W); valid (H, W) bool. Undefined where the data set has none
struct StereoExample {
  Image left, right;
  torch::Tensor disparity{}, valid{};
  auto fields() { return std::tie(left, right, disparity, valid); }
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
