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
};

/// The entries of a checkpoint that let it be used without further options.
opsis::hub::Value describe(const TrainedModel& model);

/// What a checkpoint tells of its model; none from any other file. Throws UsageError when `name`, unless it is empty, is another
/// model's.
std::optional<TrainedModel> trained_model(const std::filesystem::path& file, const std::string& name);

/// How the registry makes it, with the checkpoint's tensors.
opsis::models::ModelOptions options_of(const TrainedModel& model, const std::filesystem::path& file);

}  // namespace cli
