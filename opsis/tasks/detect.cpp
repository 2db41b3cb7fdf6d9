#include "opsis/tasks/detect.h"

#include "opsis/transforms/presets.h"

namespace opsis::inline v1::tasks::detail {

using models::Detection;

std::shared_ptr<models::DetectionModel> load_detector(std::string_view task, std::string_view model,
                                                      const models::Weights& weights, const DetectorOptions& options) {
  weights.preset_as<transforms::ObjectDetectionOptions>();
  return load<models::DetectionModel>(
      task, model, weights, {.weights = options.weights, .weights_file = options.weights_file, .optimize = options.optimize});
}

double checked_threshold(std::string_view task, std::string_view name, double threshold) {
  OPSIS_CHECK(threshold >= 0 && threshold <= 1, "{}: {} must be in [0, 1], got {}", task, name, threshold);
  return threshold;
}

std::vector<Detection> detect(models::DetectionModel& model, std::span<const Image> images, double score_threshold,
                              Timings& spent) {
  if (images.empty()) return {};
  const torch::NoGradGuard no_grad;
  Watch watch;
  std::vector<torch::Tensor> prepared;
  for (const auto& image : images) prepared.push_back(transforms::ObjectDetection()(image).data);
  spent.prepare_ms += watch.lap();
  auto found = model.forward(std::move(prepared));
  spent.model_ms += watch.lap();
  for (auto& of_image : found) of_image = chosen(of_image, (of_image.scores >= score_threshold).nonzero().squeeze(1));
  spent.finish_ms += watch.lap();
  return found;
}

Detection chosen(const Detection& found, const torch::Tensor& which) {
  const auto pick = [&](const torch::Tensor& of_each) { return of_each.defined() ? of_each.index_select(0, which) : of_each; };
  return {pick(found.boxes), pick(found.scores),    pick(found.labels),
          pick(found.masks), pick(found.keypoints), pick(found.keypoints_scores)};
}

}  // namespace opsis::inline v1::tasks::detail
