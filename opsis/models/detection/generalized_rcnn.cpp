#include "opsis/models/detection/generalized_rcnn.h"

#include "opsis/core/check.h"

namespace opsis::inline v1::models::detection {

GeneralizedRCNNImpl::GeneralizedRCNNImpl(std::string name, Backbone backbone_, RegionProposalNetwork rpn_, RoIHeads roi_heads_,
                                         GeneralizedRCNNTransform transform_)
    : DetectionModel(std::move(name)), backbone(std::move(backbone_)) {
  transform = register_module("transform", std::move(transform_));
  register_module("backbone", backbone.module());
  rpn = register_module("rpn", std::move(rpn_));
  roi_heads = register_module("roi_heads", std::move(roi_heads_));
}

std::vector<std::string> GeneralizedRCNNImpl::heads() const {
  std::vector<std::string> found{"roi_heads.box_predictor.cls_score", "roi_heads.box_predictor.bbox_pred"};
  if (roi_heads->mask_predictor) found.emplace_back("roi_heads.mask_predictor.mask_fcn_logits");
  return found;
}

ops::FeatureMaps GeneralizedRCNNImpl::network(torch::Tensor batch) {
  auto found = backbone(std::move(batch));
  std::vector<torch::Tensor> maps;
  for (const auto& [name, map] : found) maps.push_back(map);
  auto said = rpn->head->forward(maps);
  for (auto& objectness : said.objectness) found.emplace_back("objectness", std::move(objectness));
  for (auto& deltas : said.deltas) found.emplace_back("deltas", std::move(deltas));
  return found;
}

std::vector<Detection> GeneralizedRCNNImpl::detect(const std::vector<torch::Tensor>& images, const Network& network) {
  const auto batch = transform->forward(images).images;
  FeatureMaps maps;
  AnchorPredictions said;
  for (auto& [name, tensor] : network(batch.tensors)) {
    if (name == "objectness") {
      said.objectness.push_back(std::move(tensor));
    } else if (name == "deltas") {
      said.deltas.push_back(std::move(tensor));
    } else {
      maps.emplace_back(std::move(name), std::move(tensor));
    }
  }
  auto found = roi_heads->forward(maps, rpn->propose(batch, said), batch.image_sizes).found;
  return transform->postprocess(std::move(found), batch.image_sizes, sizes_of(images));
}

DetectionLosses GeneralizedRCNNImpl::learn(const std::vector<torch::Tensor>& images,
                                           const std::vector<DetectionTarget>& targets) {
  const auto batch = transform->forward(images, targets);
  const auto maps = backbone(batch.images.tensors);
  const auto proposed = rpn->forward(batch.images, maps, batch.targets);
  auto losses = roi_heads->forward(maps, proposed.boxes, batch.images.image_sizes, batch.targets).losses;
  losses.append(proposed.losses);
  return losses;
}

}  // namespace opsis::inline v1::models::detection
