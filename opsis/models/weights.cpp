#include "opsis/models/weights.h"

#include "opsis/core/check.h"
#include "opsis/models/other_task.h"

namespace opsis::inline v1::models {

namespace {

using opsis::transforms::AnyTransform;

AnyTransform transform_of(const ImageClassificationOptions& options) { return opsis::transforms::ImageClassification(options); }
AnyTransform transform_of(const SemanticSegmentationOptions& options) {
  return opsis::transforms::SemanticSegmentation(options);
}
AnyTransform transform_of(const VideoClassificationOptions& options) { return opsis::transforms::VideoClassification(options); }
AnyTransform transform_of(const OpticalFlowOptions& options) { return opsis::transforms::OpticalFlow(options); }
AnyTransform transform_of(const ObjectDetectionOptions& options) { return opsis::transforms::ObjectDetection(options); }

TaskName task_of(const ImageClassificationOptions&) { return kImageClassification; }
TaskName task_of(const SemanticSegmentationOptions&) { return kSemanticSegmentation; }
TaskName task_of(const VideoClassificationOptions&) { return kVideoClassification; }
TaskName task_of(const OpticalFlowOptions&) { return kOpticalFlow; }
TaskName task_of(const ObjectDetectionOptions&) { return kObjectDetection; }

}  // namespace

opsis::transforms::AnyTransform Weights::transforms() const {
  return std::visit([](const auto& options) { return transform_of(options); }, preset);
}

void Weights::refuse_preset() const {
  const auto task = std::visit([](const auto& options) { return task_of(options); }, preset);
  refuse_other_task(task, "{}: its preset is that of another task", name);
}

std::string_view Weights::enum_name() const { return name.substr(0, name.find('.')); }
std::string_view Weights::member_name() const { return name.substr(name.find('.') + 1); }

const Weights& WeightsEnum::operator[](std::string_view member) const {
  auto wanted = member;
  if (wanted.starts_with(name) && wanted.substr(name.size()).starts_with('.')) wanted.remove_prefix(name.size() + 1);
  if (wanted == "DEFAULT") return DEFAULT;
  std::string known = "DEFAULT";
  for (const auto* entry : entries) {
    if (entry->member_name() == wanted) return *entry;
    (known += ", ") += entry->member_name();
  }
  raise<NotFoundError>("{} has no weights \"{}\"; there are {}", name, member, known);
}

}  // namespace opsis::inline v1::models
