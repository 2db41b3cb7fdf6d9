#include "cli/detector.h"

#include "cli/output.h"
#include "opsis/core/check.h"
#include "opsis/hub/container.h"
#include "opsis/io/file.h"

namespace cli {

namespace hub = opsis::hub;
namespace models = opsis::models;

hub::Value describe(const TrainedDetector& detector) {
  std::vector<hub::Value> names(detector.categories.begin(), detector.categories.end());
  return hub::Value::dict({{"model_name", detector.name}, {"categories", hub::Value::list(std::move(names))}});
}

std::optional<TrainedDetector> load_trained_detector(const std::filesystem::path& file, const std::string& name) {
  if (hub::checkpoint_format(opsis::io::MappedFile(file).bytes()) == hub::CheckpointFormat::Safetensors) return {};
  const auto about = hub::load(file);
  if (!about.is_dict() || !about.contains("model_name") || !about.contains("categories")) return {};
  TrainedDetector out{.name = about.get<std::string>("model_name"),
                      .categories = about.get<std::vector<std::string>>("categories"),
                      .model = nullptr};
  if (!name.empty() && name != out.name) {
    throw UsageError(opsis::text("{} is for {}, not for {}; leave out --model", file.string(), out.name, name));
  }
  out.model = models::get_model<models::DetectionModel>(
      out.name, {.weights_file = file, .num_classes = std::ssize(out.categories), .weights_backbone = ""});
  return out;
}

}  // namespace cli
