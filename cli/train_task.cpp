#include "cli/train_task.h"

#include <CLI/CLI.hpp>

#include "cli/classifier.h"
#include "cli/options.h"
#include "opsis/core/check.h"

namespace cli {

void declare_task_run(CLI::App& command, TaskRun& run, const TaskRunHelp& help) {
  command
      .add_option("data", run.data,
                  opsis::text("A folder with annotations/instances_train.json and instances_val.json{}, pictures in train/ and "
                              "val/; or _annotations.coco.json in train/ and valid/",
                              help.key_points ? " (of key points: person_keypoints_train.json, ...)" : ""))
      ->required();
  command.add_option("--model", run.model, opsis::text("Name of the model; opsis models --module {} lists them", help.module))
      ->capture_default_str()
      ->transform(lower);
  command.add_option("--weights", run.weights,
                     "To begin with: a checkpoint, or an entry in PyTorch's cache such as DEFAULT; the head is new where the "
                     "number of classes is another");
  command.add_option("--weights-backbone", run.weights_backbone,
                     "Of the classifier inside, without --weights: an entry, or none; IMAGENET1K_V1 when absent");
  command.add_option("--epochs", run.epochs, "Times to see all pictures")->capture_default_str()->check(at_least_one);
  command.add_option("--batch-size", run.batch_size, "Pictures a step")->capture_default_str()->check(at_least_one);
  command.add_option("--optimizer", run.optimizer, "sgd, sgd_nesterov or adamw")
      ->capture_default_str()
      ->check(CLI::IsMember({"sgd", "sgd_nesterov", "adamw"}));
  command.add_option("--momentum", run.momentum, "Of sgd")->capture_default_str()->check(from_zero_on);
  command.add_option("--lr", run.lr, opsis::text("Learning rate; {} for sgd, 0.0001 for adamw", help.sgd_lr))
      ->check(from_zero_on);
  command.add_option("--weight-decay", run.weight_decay, "0.0001 for sgd, 0.01 for adamw")->check(from_zero_on);
  command.add_option("--clip-grad-norm", run.clip_grad_norm, "No limit when absent")->check(from_zero_on);
  command.add_option("--out", run.out, "The checkpoint, written after every epoch")->capture_default_str();
  command.add_option("--resume", run.resume, "A checkpoint to go on from, as if the run had never stopped");
  declare_workers_and_seed(command, run.workers, run.seed);
  command.add_flag("--test-only", run.test_only,
                   "Learn nothing: tell how good the model of --weights is on the pictures in val/");
  command.add_flag("--json", run.json, "Print a JSON document at the end; progress goes to stderr");
}

void check_task_run(const TaskRun& run) {
  if (run.out.empty()) throw UsageError("--out must name a file, got nothing");
  if (!run.weights.empty() && !run.weights_backbone.empty()) {
    throw UsageError("--weights has a backbone's weights already: leave out --weights-backbone");
  }
}

opsis::models::ModelOptions model_options(const TaskRun& run, int64_t classes) {
  opsis::models::ModelOptions options{.num_classes = classes};
  if (names_entry(run.weights)) {
    options.weights = run.weights;
  } else if (!run.weights.empty()) {
    options.weights = "DEFAULT";  // with it the head may be new
    options.weights_file = run.weights;
  } else if (run.weights_backbone == "none") {
    options.weights_backbone = "";
  } else if (!run.weights_backbone.empty()) {
    options.weights_backbone = run.weights_backbone;
  }
  return options;
}

std::optional<TrainedModel> begins_from(const TaskRun& run) { return trained_model(run.weights, run.model); }
std::optional<TrainedModel> goes_on_from(const TaskRun& run) { return trained_model(run.resume, run.model); }

opsis::models::ModelOptions judged_options(TaskRun& run, const std::vector<std::string>& categories) {
  if (run.weights.empty()) run.weights = run.resume;
  if (run.weights.empty()) throw UsageError("--test-only judges the model of --weights: give it a checkpoint or an entry");
  if (const auto trained = begins_from(run)) {
    if (trained->categories != categories) {
      opsis::raise<opsis::ValueError>("{} was trained on other classes than the data has: {}", run.weights,
                                      first_difference(categories, "the data", trained->categories, "the checkpoint"));
    }
    return options_of(*trained, run.weights);
  }
  const auto classes = std::ssize(categories);
  // A file of torchvision's is known by its name, and with it what no file tells.
  const auto name = "/" + std::filesystem::path(run.weights).filename().string();
  for (const auto* entry : opsis::models::get_model_weights(run.model).entries) {
    if (!entry->url.ends_with(name) || std::ssize(entry->categories) != classes) continue;
    return {.weights = std::string(entry->name), .weights_file = run.weights};
  }
  if (!names_entry(run.weights)) return {.weights_file = run.weights, .num_classes = classes, .weights_backbone = ""};
  const auto known = std::ssize(opsis::models::get_model_weights(run.model)[run.weights].categories);
  OPSIS_CHECK(known == classes, "{} tells {} classes apart, the data has {}", run.weights, known, classes);
  return {.weights = run.weights};
}

opsis::engine::OptimizerOptions optimizer_options(const TaskRun& run, double sgd_lr) {
  using Kind = opsis::engine::OptimizerOptions::Kind;
  const bool sgd = run.optimizer.starts_with("sgd");
  return {.kind = sgd ? Kind::SGD : Kind::AdamW,
          .lr = run.lr.value_or(sgd ? sgd_lr : 1e-4),
          .weight_decay = run.weight_decay.value_or(sgd ? 1e-4 : 1e-2),
          .momentum = run.momentum,
          .nesterov = run.optimizer == "sgd_nesterov"};
}

void tell(const TaskRun& run, const std::string& line) { run.json ? note(line) : print(line); }

void print_judged(const TaskRun& run, const std::vector<std::string>& categories, Json validation) {
  print_json(Json{{"model", run.model},
                  {"weights", run.weights},
                  {"data", run.data},
                  {"categories", categories},
                  {"validation", std::move(validation)}});
}

}  // namespace cli
