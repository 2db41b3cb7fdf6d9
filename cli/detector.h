// A detector of opsis train-detector, as its checkpoint has it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "opsis/hub.h"
#include "opsis/models.h"

namespace cli {

struct TrainedDetector {
  std::string name;                     // "fasterrcnn_resnet50_fpn"
  std::vector<std::string> categories;  // by label, the background among them
  std::shared_ptr<opsis::models::DetectionModel> model;
};

/// The entries of a checkpoint that let it be used without further options.
opsis::hub::Value describe(const TrainedDetector& detector);

/// From a checkpoint that tells its model; none from any other file. Throws UsageError when `name`, unless it is empty, is another
/// model's.
std::optional<TrainedDetector> load_trained_detector(const std::filesystem::path& file, const std::string& name);

}  // namespace cli
