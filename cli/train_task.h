// What the commands share that train a model on a folder of COCO's format.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/task_checkpoint.h"
#include "opsis/engine.h"
#include "opsis/models.h"

namespace CLI {
class App;
}

namespace cli {

struct TaskRun {
  std::string data{}, model{}, weights{}, weights_backbone{}, out{}, resume{}, optimizer = "sgd";
  int64_t epochs = 1;
  size_t batch_size = 1, workers = 1;
  std::optional<double> lr{}, weight_decay{}, clip_grad_norm{};
  double momentum = 0.9;
  uint64_t seed = 0;
  bool test_only = false, json = false;
};

/// What --help says that is not the same of all.
struct TaskRunHelp {
  const char* module;  ///< where the models are: "models::detection"
  const char* sgd_lr;
  bool key_points = false;  ///< whether there are models of them
};

void declare_task_run(CLI::App& command, TaskRun& run, const TaskRunHelp& help);

/// Throws UsageError when what no parser checks makes no sense.
void check_task_run(const TaskRun& run);

/// How the registry makes the model that learns.
opsis::models::ModelOptions model_options(const TaskRun& run, int64_t classes);

/// What --weights tells of its model, if it is a checkpoint that one of these commands wrote.
/// Throws   UsageError when that is another model than --model
std::optional<TrainedModel> begins_from(const TaskRun& run);
/// The same of --resume.
std::optional<TrainedModel> goes_on_from(const TaskRun& run);

/// How the registry makes the model that is to be judged, that of --weights or --resume; `run` gets its name.
/// Throws   UsageError without either; ValueError when it finds other classes than the data has
opsis::models::ModelOptions judged_options(TaskRun& run, const std::vector<std::string>& categories);

opsis::engine::OptimizerOptions optimizer_options(const TaskRun& run, double sgd_lr);

/// A line about an epoch: on stderr when stdout is for the document.
void tell(const TaskRun& run, const std::string& line);

/// The document of --test-only.
void print_judged(const TaskRun& run, const std::vector<std::string>& categories, Json validation);

/// The document at the end.
template <class Report>
void print_run(const TaskRun& run, const std::vector<std::string>& categories, const std::vector<Report>& history,
               Json (*epoch_json)(const Report& epoch)) {
  auto epochs = Json::array();
  for (const auto& epoch : history) epochs.push_back(epoch_json(epoch));
  print_json(Json{{"model", run.model},
                  {"data", run.data},
                  {"categories", categories},
                  {"seed", run.seed},
                  {"checkpoint", run.out},
                  {"epochs", std::move(epochs)}});
}

}  // namespace cli
