// Detectors in two stages: regions are proposed, then looked at.
#pragma once

#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/detection/backbones.h"
#include "opsis/models/detection/model.h"
#include "opsis/models/detection/roi_heads.h"
#include "opsis/models/detection/rpn.h"
#include "opsis/models/detection/transform.h"

namespace opsis::inline v1::models::detection {

/// Source   torchvision.models.detection.generalized_rcnn.GeneralizedRCNN
class OPSIS_API GeneralizedRCNNImpl : public DetectionModel {
 public:
  GeneralizedRCNNImpl(std::string name, Backbone backbone, RegionProposalNetwork rpn, RoIHeads roi_heads,
                      GeneralizedRCNNTransform transform);
  /// The layers that tell classes apart; those of torchvision's own predictors.
  std::vector<std::string> heads() const override;
  /// The maps, then "objectness" and then "deltas" of each: RPNHead's.
  ops::FeatureMaps network(torch::Tensor batch) override;

  GeneralizedRCNNTransform transform{nullptr};
  Backbone backbone;
  RegionProposalNetwork rpn{nullptr};
  RoIHeads roi_heads{nullptr};

 protected:
  std::vector<Detection> detect(const std::vector<torch::Tensor>& images, const Network& network) override;
  DetectionLosses learn(const std::vector<torch::Tensor>& images, const std::vector<DetectionTarget>& targets) override;
};
TORCH_MODULE(GeneralizedRCNN);

}  // namespace opsis::inline v1::models::detection
