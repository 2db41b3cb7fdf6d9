// How good predictions are.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::engine {

/// How many of a batch have their label among the k highest scores, for each k.
/// Shapes   scores (N, classes) floating point, labels (N) int64 -> one count a k
/// Throws   ValueError when a k is below 1 or above the number of classes
OPSIS_API std::vector<int64_t> correct_within(const torch::Tensor& scores, const torch::Tensor& labels,
                                              const std::vector<int64_t>& k);

/// How often each class of a pixel was taken for each other; for segmentation, batch by batch.
///     ConfusionMatrix matrix(21);
///     matrix.update(labels, scores.argmax(1));
///     matrix.mean_iou();
/// Source   ConfusionMatrix of torchvision's references/segmentation
class OPSIS_API ConfusionMatrix {
 public:
  /// Throws   ValueError unless there is a class
  explicit ConfusionMatrix(int64_t num_classes);

  /// Pixels whose label is no class, 255 for one, are passed over.
  /// Shapes   whole numbers, any shape, both the same
  /// Throws   ValueError for other shapes and types, and for a prediction that is no class where the label is one
  void update(const torch::Tensor& labels, const torch::Tensor& predictions);
  /// What another has counted too.
  void merge(const ConfusionMatrix& other);

  const torch::Tensor& counts() const { return counts_; }  ///< (classes, classes) int64, by label and prediction
  double pixel_accuracy() const;                           ///< of all pixels; NaN before the first
  torch::Tensor class_accuracy() const;                    ///< (classes) float64; NaN where there are no pixels
  torch::Tensor iou() const;                               ///< likewise
  double mean_iou() const;                                 ///< of the classes that were met

 private:
  torch::Tensor counts_;
};

/// How far off flows are.
struct FlowErrors {
  double epe = 0;                                   ///< end-point error, the mean distance in pixels
  double within_1 = 0, within_3 = 0, within_5 = 0;  ///< the share of pixels that are off by less
  double f1 = 0;  ///< percent of pixels that are off by more than 3 pixels and by more than 5 % of how far they go
};

/// Shapes   flows (N, 2, H, W); valid (N, H, W), true where the truth is known, or left out
/// Throws   ValueError for other shapes
/// Source   compute_metrics of torchvision's references/optical_flow
OPSIS_API FlowErrors flow_errors(const torch::Tensor& predicted, const torch::Tensor& truth, const torch::Tensor& valid = {});

}  // namespace opsis::inline v1::engine
