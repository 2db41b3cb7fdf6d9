// What all detectors have in common: what they find, what they learn from, and how they are called.
#pragma once

#include <torch/types.h>

#include <concepts>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/task.h"
#include "opsis/ops/feature_pyramid_network.h"

namespace opsis::inline v1::models {

/// What was found in an image, best first, in the image's own pixels.
struct Detection {
  torch::Tensor boxes{};   ///< (N, 4) XYXY
  torch::Tensor scores{};  ///< (N), in [0, 1]
  torch::Tensor labels{};  ///< (N) int64; of most models 0 is the background, which is never found
  // Undefined unless the model finds them.
  torch::Tensor masks{};             ///< (N, 1, H, W): how surely each pixel belongs to it, in [0, 1]
  torch::Tensor keypoints{};         ///< (N, K, 3): x, y and 1
  torch::Tensor keypoints_scores{};  ///< (N, K), which have no upper bound
};

/// What is to be found in an image, in the image's own pixels.
struct DetectionTarget {
  torch::Tensor boxes{};   ///< (N, 4) XYXY with x1 < x2 and y1 < y2; none: (0, 4)
  torch::Tensor labels{};  ///< (N) int64; in two-stage models and FCOS what is negative is not learnt from, others refuse it
  // Of models that find them.
  torch::Tensor masks{};      ///< (N, H, W): where each thing is, not 0
  torch::Tensor keypoints{};  ///< (N, K, 3) float32: x, y, and whether it can be seen: greater than 0
};

/// The losses of a training step by their names, in torchvision's order.
class OPSIS_API DetectionLosses {
 public:
  using Entry = std::pair<std::string, torch::Tensor>;
  using Iterator = std::vector<Entry>::const_iterator;

  DetectionLosses() = default;
  DetectionLosses(std::initializer_list<Entry> entries) : entries_(entries) {}
  void append(std::string name, torch::Tensor loss) { entries_.emplace_back(std::move(name), std::move(loss)); }
  /// Those of another part of the model, behind these.
  void append(const DetectionLosses& others) { entries_.insert(entries_.end(), others.begin(), others.end()); }

  /// What to call backward on. Throws ValueError when there are none.
  torch::Tensor sum() const;
  /// Throws NotFoundError, offering the nearest names.
  const torch::Tensor& operator[](std::string_view name) const;

  Iterator begin() const { return entries_.begin(); }
  Iterator end() const { return entries_.end(); }
  size_t size() const { return entries_.size(); }

 private:
  std::vector<Entry> entries_;
};

/// Tells what there is in images and where. Images are (3, H, W) in [0, 1], each of any size; the model normalises and resizes
/// them.
///     model->eval();
///     auto found = model->forward({street, harbour});             // found[0].boxes, ...
///
///     model->train();
///     auto losses = model->losses(images, targets);
///     losses.sum().backward();
class OPSIS_API DetectionModel : public Model {
 public:
  ~DetectionModel() override;

  /// What is found in each image.
  /// Throws   ValueError while training, and for images that are not (3, H, W) of floating point, not on one device or, the
  ///          first, not of the model's type
  std::vector<Detection> forward(std::vector<torch::Tensor> images);

  /// The boxes (L, 4) of all images of a batch (N, 3, H, W), for what takes a model of one tensor:
  ///     summary(model, {1, 3, 480, 640});
  ///     create_feature_extractor(model, {"backbone.body.layer3"})(images);   // before any box is made
  /// A template, so that forward({image}) is a list.
  template <std::same_as<torch::Tensor> Batch>
  torch::Tensor forward(Batch batch) {
    return boxes_of(std::move(batch));
  }

  /// All that is computed of a batch (N, 3, H, W), normalised and resized, before boxes are made of it: feature maps by their names,
  /// then what the heads that look at every pixel say.
  /// Throws   ValueError when the model has no such part
  virtual ops::FeatureMaps network(torch::Tensor batch);
  /// As above, with another way to compute what network() does: models::optimize has one.
  using Network = std::function<ops::FeatureMaps(torch::Tensor)>;
  std::vector<Detection> forward(std::vector<torch::Tensor> images, const Network& network);

  /// How wrong the model is, with gradients.
  /// Throws   ValueError unless training, and for targets that are not as DetectionTarget says: the message names image and box
  /// Differs  torchvision refuses neither boxes that are no numbers, nor masks of another size than the image, nor negative
  ///          labels in RetinaNet, where they count from the last class, nor labels, masks and key points that are not as many as
  ///          the boxes, where it does not reach for one that is missing, nor key points of another number or (N, K, 4). Its
  ///          RetinaNet takes labels of int32 and (N, 1), FCOS and SSD of int32, int16, int8 and bool, SSD of uint8, which are
  ///          int64 here as in its models of two stages. Those refuse boxes of bfloat16 and FCOS boxes of float64, which are
  ///          taken here
  DetectionLosses losses(std::vector<torch::Tensor> images, std::vector<DetectionTarget> targets);

 protected:
  using Model::Model;
  /// Images and targets are checked.
  virtual std::vector<Detection> detect(const std::vector<torch::Tensor>& images, const Network& network) = 0;
  virtual DetectionLosses learn(const std::vector<torch::Tensor>& images, const std::vector<DetectionTarget>& targets) = 0;

 private:
  torch::Tensor boxes_of(const torch::Tensor& batch);
};

namespace detail {

/// Refuses a label that is none of the classes.
/// Throws   ValueError: "RoIHeads: labels must be less than num_classes = 91, got 91 as label 3 of image 0"
OPSIS_API void check_labels(std::string_view model, const std::vector<DetectionTarget>& targets, int64_t num_classes);
/// Refuses a label that stands for no class; for models in which it would count from the last one.
/// Throws   ValueError: "RetinaNet: labels must be at least 0, got -1 as label 3 of image 0"
OPSIS_API void check_no_label_is_negative(std::string_view model, const std::vector<DetectionTarget>& targets);

}  // namespace detail
}  // namespace opsis::inline v1::models
