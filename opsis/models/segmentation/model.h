// What the models for segmentation share: their options, and a network with classifiers of pixels behind it.
#pragma once

#include <torch/types.h>

#include <optional>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/intermediate_layers.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"

namespace opsis::inline v1::models::segmentation {

/// What can be chosen of a model around a classifier. What its weights fix may be left out or must be the
/// same, but for num_classes, of which another number makes a new head.
template <class BackboneWeights>
struct SegmentationOptions {
  std::optional<int64_t> num_classes{};  ///< 21: those of Pascal VOC, of which the first is the background
  /// A second classifier in the middle of the network, for training. Left out: true with weights, else false.
  std::optional<bool> aux_loss{};
  /// Of the network, when the model has no weights itself: downloaded when they are not there; std::nullopt: as initialised.
  std::optional<BackboneWeights> weights_backbone = BackboneWeights::IMAGENET1K_V1;
  int64_t in_channels = 3;  ///< of the images
};

/// Images (N, C, H, W), normalised -> scores (N, classes, H, W), which are computed at an eighth of the resolution and enlarged.
/// Differs  the backbone is layers that run one after another, where torchvision takes any module that gives a dict; FCN,
///          DeepLabV3 and LRASPP likewise
/// Source   torchvision.models.segmentation._utils._SimpleSegmentationModel
class OPSIS_API SimpleSegmentationModelImpl : public SegmentationModel {
 public:
  /// `backbone` gives "out", and "aux" where there is an auxiliary classifier.
  SimpleSegmentationModelImpl(std::string name, IntermediateLayerGetter backbone, Layer classifier, Layer aux_classifier = {});
  torch::Tensor forward(torch::Tensor images) override;
  SegmentationOutput outputs(torch::Tensor images) override;
  std::vector<std::string> heads() const override;

  IntermediateLayerGetter backbone{nullptr};
  Layer classifier, aux_classifier;
};

namespace detail {
/// Scores as large as the images, bilinear.
torch::Tensor resized(const torch::Tensor& scores, torch::IntArrayRef size);
}  // namespace detail

}  // namespace opsis::inline v1::models::segmentation
