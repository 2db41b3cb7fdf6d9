// What the tasks of detectors share. For Opsis's own sources.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "opsis/models/detection/model.h"
#include "opsis/models/weights.h"
#include "opsis/tasks/detector.h"
#include "opsis/tasks/run.h"

namespace opsis::inline v1::tasks::detail {

/// The model, when the weights are those of a detector.
std::shared_ptr<models::DetectionModel> load_detector(std::string_view task, std::string_view model,
                                                      const models::Weights& weights, const DetectorOptions& options);

/// The threshold. Throws ValueError unless it is in [0, 1].
double checked_threshold(std::string_view task, std::string_view name, double threshold);

/// What the model finds in each image, of what is as sure as that. Adds to the timings what it takes.
std::vector<models::Detection> detect(models::DetectionModel& model, std::span<const Image> images, double score_threshold,
                                      Timings& spent);

/// Some of what was found.
models::Detection chosen(const models::Detection& found, const torch::Tensor& which);

/// An optimized detector is quick from the third picture of a size on.
template <class Task>
void warm_up(const Task& task, Size size) {
  for (int i = 0; i < 2; ++i) task(blank(size));
}

inline Size size_of(const Image& image) { return {image.data.size(-2), image.data.size(-1)}; }

}  // namespace opsis::inline v1::tasks::detail
