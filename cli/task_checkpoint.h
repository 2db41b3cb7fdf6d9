// A model of opsis train-detector or train-segmenter, as its checkpoint has it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "opsis/hub.h"
#include "opsis/models.h"

namespace cli {

struct TrainedModel {
  std::string name{};                     // "fasterrcnn_resnet50_fpn"
  std::vector<std::string> categories{};  // by label, the background among them
  bool aux_loss = false;                  // it has an auxiliary classifier
  std::optional<int64_t> image_size{};    // of a detector, the shorter side of its images, if it is not the model's own
  std::optional<double> frozen_eps{};     // of a detector, what its frozen norms add to the variance: no state dict has it
  std::optional<int64_t> base_size{};     // of a segmenter, the shorter side of the pictures that it was judged by
};

/// The entries of a checkpoint that let it be used without further options.
opsis::hub::Value describe(const TrainedModel& model);

/// What a checkpoint tells of its model; none from any other file. Throws UsageError when `name`, unless it is empty, is
/// another model's.
std::optional<TrainedModel> trained_model(const std::filesystem::path& file, const std::string& name);

/// How the registry makes it, with the checkpoint's tensors.
opsis::models::ModelOptions options_of(const TrainedModel& model, const std::filesystem::path& file);

/// The detector of a checkpoint.
std::shared_ptr<opsis::models::DetectionModel> detector_of(const TrainedModel& model, const std::filesystem::path& file);

/// The eps of a detector's frozen norms; none when it has no such norms.
std::optional<double> frozen_eps(const opsis::models::DetectionModel& detector);

/// Gives the norms of a detector's backbone, frozen or not, the eps that the checkpoint's frozen ones had, if it had any.
void set_frozen_eps(opsis::models::DetectionModel& detector, const TrainedModel& model);

}  // namespace cli
