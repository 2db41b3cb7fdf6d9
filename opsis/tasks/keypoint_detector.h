// Where people are in a picture, and their key points: weights, preprocessing and model in one value.
#pragma once

#include <torch/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/models/detection/model.h"
#include "opsis/models/weights.h"
#include "opsis/tasks/detector.h"
#include "opsis/tasks/picture.h"
#include "opsis/tasks/task.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::tasks {

/// Whom a picture shows, the surest first, in the picture's own pixels.
struct OPSIS_API KeypointDetections {
  BoundingBoxes boxes;             ///< (N, 4) XYXY
  torch::Tensor scores;            ///< (N), in [0, 1]
  torch::Tensor points;            ///< (N, K, 2): x, y
  torch::Tensor keypoints_scores;  ///< (N, K): how sure each is; from about 0 on it is there, and there is no upper bound

  size_t size() const { return scores.defined() ? static_cast<size_t>(scores.size(0)) : 0; }
  /// Which points are as sure as that: (N, K), bool. draw_keypoints takes them as visibility.
  torch::Tensor visible(double threshold = 0) const;
};

/// From a picture to the key points of those it shows. A value: copies share the model; many threads may call it.
///     const tasks::KeypointDetector detector("keypointrcnn_resnet50_fpn");
///     const auto found = detector(picture);
///     utils::draw_keypoints(picture, found.points, {.connectivity = detector.skeleton(), .visibility = found.visible()});
class OPSIS_API KeypointDetector {
 public:
  /// A model of models::detection for key points, with pretrained weights.
  /// Throws   what get_model and load_weights throw; ValueError, before anything is fetched, for a model that finds no key
  ///          points, and for a threshold that is not in [0, 1]
  explicit KeypointDetector(std::string_view model, const DetectorOptions& options = {});
  /// A model of yours, which is put into evaluation; `keypoints` names its points.
  explicit KeypointDetector(std::shared_ptr<models::DetectionModel> model,
                            std::vector<std::string> keypoints = coco_keypoints(), double score_threshold = 0.5);

  /// Shapes   of an Image (3, H, W)
  /// Types    uint8, or floating point in [0, 1]
  /// Throws   what Picture::image throws; ValueError for another shape, and when the model gives no key points
  KeypointDetections operator()(const Picture& picture, Timings* timings = nullptr) const;
  /// Several pictures of any sizes, which go through the model together.
  std::vector<KeypointDetections> operator()(const Pictures& pictures, Timings* timings = nullptr) const;

  /// Makes the first picture of this size as quick as the others.
  void warm_up(Size size) const;

  /// Names of the points.
  const std::vector<std::string>& keypoints() const { return keypoints_; }
  /// The pairs of them between which a body has a line; none when they are not COCO's.
  std::vector<std::pair<int64_t, int64_t>> skeleton() const;
  /// Those of a person in COCO, "nose" first.
  static std::vector<std::string> coco_keypoints();

 private:
  KeypointDetector(std::string_view model, const models::Weights& weights, const DetectorOptions& options);

  std::shared_ptr<models::DetectionModel> model_;
  std::vector<std::string> keypoints_;
  double score_threshold_;
};

}  // namespace opsis::inline v1::tasks
