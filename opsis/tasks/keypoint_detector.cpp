#include "opsis/tasks/keypoint_detector.h"

#include <algorithm>

#include "opsis/models/coco_categories.h"
#include "opsis/models/detection/keypoint_rcnn.h"
#include "opsis/tasks/detect.h"

namespace opsis::inline v1::tasks {
namespace {

using torch::Tensor;

// The weights: those of a model without key points are refused before they are fetched. One model has such weights.
const models::Weights& with_key_points(std::string_view model, const models::Weights& weights) {
  weights.preset_as<transforms::ObjectDetectionOptions>();  // those of another task are refused for that
  const auto all = models::detection::KeypointRCNN_ResNet50_FPN_Weights::all();
  const bool is_one = std::any_of(all.begin(), all.end(), [&](const auto* entry) { return *entry == weights; });
  OPSIS_CHECK(is_one, "KeypointDetector: {} finds no key points; keypointrcnn_resnet50_fpn does", model);
  return weights;
}

}  // namespace

Tensor KeypointDetections::visible(double threshold) const {
  OPSIS_CHECK(keypoints_scores.defined(), "KeypointDetections: there are no key points yet");
  return keypoints_scores >= threshold;
}

KeypointDetector::KeypointDetector(std::string_view model, const DetectorOptions& options)
    : KeypointDetector(model, models::get_model_weights(model)[options.weights], options) {}

KeypointDetector::KeypointDetector(std::string_view model, const models::Weights& weights, const DetectorOptions& options)
    : KeypointDetector(detail::load_detector("KeypointDetector", model, with_key_points(model, weights), options),
                       coco_keypoints(), options.score_threshold) {}

KeypointDetector::KeypointDetector(std::shared_ptr<models::DetectionModel> model, std::vector<std::string> keypoints,
                                   double score_threshold)
    : model_(detail::ready("KeypointDetector", std::move(model), /*optimize=*/false)),
      keypoints_(std::move(keypoints)),
      score_threshold_(detail::checked_threshold("KeypointDetector", "score_threshold", score_threshold)) {}

KeypointDetections KeypointDetector::operator()(const Picture& picture, Timings* timings) const {
  return std::move((*this)(std::span(&picture, 1), timings).front());
}

std::vector<KeypointDetections> KeypointDetector::operator()(const Pictures& pictures, Timings* timings) const {
  detail::Watch watch;
  const auto images = detail::look_at("KeypointDetector", pictures);
  Timings spent{.prepare_ms = watch.lap()};
  const auto found = detail::detect(*model_, images, score_threshold_, spent);
  std::vector<KeypointDetections> answers;
  for (size_t i = 0; i < found.size(); ++i) {
    OPSIS_CHECK(found[i].keypoints.defined(), "KeypointDetector: {} gives no key points", model_->name());
    answers.push_back({BoundingBoxes(found[i].boxes, BoundingBoxFormat::XYXY, detail::size_of(images[i])), found[i].scores,
                       found[i].keypoints.slice(2, 0, 2), found[i].keypoints_scores});
  }
  if (timings) *timings = spent;
  return answers;
}

void KeypointDetector::warm_up(Size size) const { detail::warm_up(*this, size); }

// Of the points' numbers, as COCO's annotations have them less one.
std::vector<std::pair<int64_t, int64_t>> KeypointDetector::skeleton() const {
  if (keypoints_ != coco_keypoints()) return {};
  return {{15, 13}, {13, 11}, {16, 14}, {14, 12}, {11, 12}, {5, 11}, {6, 12}, {5, 6}, {5, 7}, {6, 8},
          {7, 9},   {8, 10},  {1, 2},   {0, 1},   {0, 2},   {1, 3},  {2, 4},  {3, 5}, {4, 6}};
}

std::vector<std::string> KeypointDetector::coco_keypoints() {
  return {std::begin(models::kCocoPersonKeypoints), std::end(models::kCocoPersonKeypoints)};
}

}  // namespace opsis::inline v1::tasks
