#include "cli/task_checkpoint.h"

#include "cli/classifier.h"
#include "cli/output.h"
#include "opsis/core/check.h"
#include "opsis/hub/container.h"
#include "opsis/io/file.h"
#include "opsis/ops/frozen_batch_norm.h"

namespace cli {

namespace hub = opsis::hub;

hub::Value describe(const TrainedModel& model) {
  std::vector<hub::Value> names(model.categories.begin(), model.categories.end());
  auto about = hub::Value::dict({{"model_name", model.name}, {"categories", hub::Value::list(std::move(names))}});
  if (model.aux_loss) about.set("aux_loss", true);
  if (model.image_size) about.set("image_size", *model.image_size);
  if (model.frozen_eps) about.set("frozen_eps", *model.frozen_eps);
  if (model.base_size) about.set("base_size", *model.base_size);
  return about;
}

std::optional<TrainedModel> trained_model(const std::filesystem::path& file, const std::string& name) {
  if (file.empty() || names_entry(file.string())) return {};
  if (hub::checkpoint_format(opsis::io::MappedFile(file).bytes()) == hub::CheckpointFormat::Safetensors) return {};
  const auto about = hub::load(file);
  if (!about.is_dict() || !about.contains("model_name") || !about.contains("categories")) return {};
  TrainedModel model{.name = about.get<std::string>("model_name"),
                     .categories = about.get<std::vector<std::string>>("categories"),
                     .aux_loss = about.contains("aux_loss")};
  if (about.contains("image_size")) model.image_size = about.get<int64_t>("image_size");
  if (about.contains("frozen_eps")) model.frozen_eps = about.get<double>("frozen_eps");
  if (about.contains("base_size")) model.base_size = about.get<int64_t>("base_size");
  if (!name.empty()) {
    if (const auto other = another_model(file, model.name, name)) throw UsageError(*other);
  }
  return model;
}

opsis::models::ModelOptions options_of(const TrainedModel& model, const std::filesystem::path& file) {
  opsis::models::ModelOptions options{
      .weights_file = file, .num_classes = std::ssize(model.categories), .weights_backbone = ""};
  if (model.aux_loss) options.aux_loss = true;
  options.image_size = model.image_size;
  return options;
}

std::shared_ptr<opsis::models::DetectionModel> detector_of(const TrainedModel& model, const std::filesystem::path& file) {
  auto detector = opsis::models::get_model<opsis::models::DetectionModel>(model.name, options_of(model, file));
  set_frozen_eps(*detector, model);
  return detector;
}

std::optional<double> frozen_eps(const opsis::models::DetectionModel& detector) {
  for (const auto& module : detector.modules(/*include_self=*/false)) {
    if (const auto* norm = module->as<opsis::ops::FrozenBatchNorm2d>()) return norm->eps;
  }
  return {};
}

void set_frozen_eps(opsis::models::DetectionModel& detector, const TrainedModel& model) {
  if (!model.frozen_eps) return;
  for (const auto& part : detector.named_children()) {
    if (part.key() != "backbone") continue;
    opsis::models::detection::overwrite_eps(*part.value(), *model.frozen_eps);
    for (const auto& module : part.value()->modules(/*include_self=*/false)) {  // not frozen in a model without weights
      if (auto* norm = module->as<torch::nn::BatchNorm2d>()) norm->options.eps(*model.frozen_eps);
    }
  }
}

}  // namespace cli
