#include "opsis/models/detection/one_stage.h"

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/ops/boxes.h"
#include "opsis/ops/nms.h"

namespace opsis::inline v1::models::detection {

using torch::Tensor;

OneStageDetectorImpl::OneStageDetectorImpl(std::string name, Backbone given_backbone,
                                           std::shared_ptr<OneStageHeadImpl> given_head, const TransformOptions& sizes,
                                           const DetectionThresholds& given_thresholds, int64_t classes)
    : DetectionModel(std::move(name)), backbone(std::move(given_backbone)), thresholds(given_thresholds), num_classes(classes) {
  register_module("backbone", backbone.module());
  head = register_module("head", std::move(given_head));
  transform = register_module("transform", GeneralizedRCNNTransform(sizes));
}

std::vector<std::string> OneStageDetectorImpl::heads() const {
  auto names = head->class_layers();
  for (auto& name : names) name = "head." + name;
  return names;
}

ops::FeatureMaps OneStageDetectorImpl::network(Tensor batch) {
  auto found = backbone(std::move(batch));
  std::vector<Tensor> maps;
  for (const auto& [name, map] : found) maps.push_back(map);
  auto outputs = head->forward(maps);
  found.emplace_back("cls_logits", std::move(outputs.cls_logits));
  found.emplace_back("bbox_regression", std::move(outputs.bbox_regression));
  if (outputs.bbox_ctrness.defined()) found.emplace_back("bbox_ctrness", std::move(outputs.bbox_ctrness));
  return found;
}

OneStageDetectorImpl::Seen OneStageDetectorImpl::look(const std::vector<Tensor>& images, const Network& see,
                                                      std::vector<DetectionTarget> targets) {
  Seen seen{.batch = transform->forward(images, std::move(targets))};
  std::vector<Tensor> maps;
  for (auto& [name, tensor] : see(seen.batch.images.tensors)) {
    auto& place = name == "cls_logits"        ? seen.outputs.cls_logits
                  : name == "bbox_regression" ? seen.outputs.bbox_regression
                  : name == "bbox_ctrness"    ? seen.outputs.bbox_ctrness
                                              : maps.emplace_back();
    place = std::move(tensor);
  }
  seen.anchors = anchors(seen.batch.images.canvas(), maps);
  seen.levels = anchors_per_location();
  for (size_t i = 0; i < maps.size(); ++i) seen.levels[i] *= maps[i].size(-2) * maps[i].size(-1);
  return seen;
}

std::vector<Detection> OneStageDetectorImpl::detect(const std::vector<Tensor>& images, const Network& see) {
  const auto seen = look(images, see);
  const auto& sizes = seen.batch.images.image_sizes;
  std::vector<Detection> found;
  for (size_t i = 0; i < images.size(); ++i) {
    const auto of_image = [&](const Tensor& output) {
      return output.defined() ? output.select(0, static_cast<int64_t>(i)) : output;
    };
    const HeadOutputs outputs{of_image(seen.outputs.cls_logits), of_image(seen.outputs.bbox_regression),
                              of_image(seen.outputs.bbox_ctrness)};
    found.push_back(found_in(outputs, seen.anchors, seen.levels, sizes[i]));
  }
  return transform->postprocess(std::move(found), sizes, sizes_of(images));
}

DetectionLosses OneStageDetectorImpl::learn(const std::vector<Tensor>& images, const std::vector<DetectionTarget>& targets) {
  models::detail::check_labels(name(), targets, num_classes);
  const auto seen = look(
      images, [this](Tensor batch) { return network(std::move(batch)); }, targets);
  return losses_of(seen.outputs, seen.anchors, seen.levels, seen.batch.targets);
}

namespace detail {

Candidates::Best Candidates::best(const Tensor& scores, const DetectionThresholds& thresholds) {
  const auto places = (scores > thresholds.score_thresh).nonzero().squeeze(1);
  const auto [best, order] = scores.index_select(0, places).topk(std::min(thresholds.topk_candidates, places.size(0)));
  return {best, places.index_select(0, order)};
}

void Candidates::append(Tensor boxes, Tensor scores, Tensor labels) {
  boxes_.push_back(std::move(boxes));
  scores_.push_back(std::move(scores));
  labels_.push_back(std::move(labels));
}

Detection Candidates::suppressed(const DetectionThresholds& thresholds) const {
  const auto boxes = torch::cat(boxes_), scores = torch::cat(scores_), labels = torch::cat(labels_);
  const auto kept = ops::batched_nms(boxes, scores, labels, thresholds.nms_thresh).slice(0, 0, thresholds.detections_per_img);
  return {boxes.index_select(0, kept), scores.index_select(0, kept), labels.index_select(0, kept)};
}

Detection found_on(const std::vector<int64_t>& levels, const std::function<Tensor(int64_t, int64_t)>& score,
                   const std::function<Tensor(const Tensor&)>& decode, const DetectionThresholds& thresholds, Size size) {
  Candidates candidates;
  int64_t begin = 0;
  for (const auto count : levels) {
    const auto scores = score(begin, count);
    const auto [best, places] = Candidates::best(scores.flatten(), thresholds);
    const auto boxes = decode(places.div(scores.size(1), "floor") + begin);
    candidates.append(ops::clip_boxes_to_image(boxes, size), best, places.remainder(scores.size(1)));
    begin += count;
  }
  return candidates.suppressed(thresholds);
}

std::vector<Tensor> matched(const std::function<Tensor(const Tensor&)>& match, const Tensor& anchors,
                            const std::vector<DetectionTarget>& targets) {
  std::vector<Tensor> found;
  for (const auto& target : targets) {
    found.push_back(target.boxes.numel() == 0 ? torch::full({anchors.size(0)}, -1, anchors.options().dtype(torch::kInt64))
                                              : match(ops::box_iou(target.boxes, anchors)));
  }
  return found;
}

}  // namespace detail
}  // namespace opsis::inline v1::models::detection
