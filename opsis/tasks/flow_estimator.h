// How the pixels of a picture move to the next: weights, preprocessing and model in one value.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"
#include "opsis/tasks/picture.h"
#include "opsis/tasks/task.h"
#include "opsis/transforms/presets.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::tasks {

/// From two pictures of any size to how far each pixel of the first goes right and down. A value: copies share the model; many
/// threads may call it.
///     const tasks::FlowEstimator estimator("raft_small");
///     const auto flow = estimator(frame, next_frame);           // (2, H, W)
///     utils::flow_to_image(flow);
class OPSIS_API FlowEstimator {
 public:
  /// A model of models::optical_flow with pretrained weights, which makes its estimate better num_flow_updates times. Optimized,
  /// as it is unless `options` say otherwise, it takes 3 to 5 times the memory (docs/benchmarks.md), for every update stands by
  /// itself. With .optimize = false it takes what torchvision's model does.
  /// Throws   what get_model and load_weights throw; ValueError unless num_flow_updates is positive
  explicit FlowEstimator(std::string_view model, const TaskOptions& options = {},
                         int64_t num_flow_updates = models::FlowModel::kUpdates);
  /// A model of yours, which is put into evaluation, and the smallest pictures that it takes.
  explicit FlowEstimator(std::shared_ptr<models::FlowModel> model, Size min_size = {128, 128},
                         int64_t num_flow_updates = models::FlowModel::kUpdates);

  /// The pictures' edges are repeated until the sides are multiples of 8 and large enough; the flow is that of the pictures.
  /// Shapes   of Images (3, H, W), the same -> (2, H, W)
  /// Types    uint8, or floating point in [0, 1] -> float32, in pixels
  /// Throws   what Picture::image throws; ValueError for another shape
  torch::Tensor operator()(const Picture& first, const Picture& second, Timings* timings = nullptr) const;
  /// Several pairs; those that come to the same size go through the model together.
  std::vector<torch::Tensor> operator()(std::span<const std::pair<Picture, Picture>> pairs, Timings* timings = nullptr) const;

  /// Makes the first pair of pictures of this size as quick as the others.
  void warm_up(Size size) const;

 private:
  FlowEstimator(std::string_view model, const models::Weights& weights, const TaskOptions& options, int64_t num_flow_updates);

  std::shared_ptr<models::FlowModel> model_;
  Size min_size_;
  int64_t num_flow_updates_;
};

}  // namespace opsis::inline v1::tasks
