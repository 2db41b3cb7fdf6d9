// opsis train: a classifier, from data to a checkpoint.
#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include "cli/classifier.h"
#include "cli/commands.h"
#include "cli/train_classifier.h"
#include "opsis/core/check.h"
#include "opsis/engine.h"

namespace cli {
namespace {

namespace T = opsis::transforms;
using opsis::engine::EpochReport;
using opsis::engine::OptimizerOptions;
using opsis::engine::ScheduleOptions;

struct TrainOptions : RunOptions {
  TrainOptions() : RunOptions{.model = "resnet18", .out = "checkpoint.pth"} {}
  std::string optimizer = "sgd", schedule = "cosine", resume;
  int64_t epochs = 10, size = 0;
  std::optional<double> lr, weight_decay;
  std::optional<double> warmup_epochs;
};

T::ImageClassificationOptions preprocessing_for(const TrainOptions& options) {
  T::ImageClassificationOptions out;
  if (options.data == "digits") {
    out.crop_size = out.resize_size = options.size > 0 ? options.size : 32;
    out.mean = out.std = {0.5, 0.5, 0.5};
  } else {
    // The ratio of torchvision's recipe: 224 out of 256.
    out.crop_size = options.size > 0 ? options.size : 224;
    out.resize_size = (out.crop_size * 8 + 3) / 7;
  }
  return out;
}

// Digits must not be mirrored, and are too small to lose much of.
T::AnyTransform augmentation(const TrainOptions& options, const T::ImageClassificationOptions& preprocessing) {
  if (options.data != "digits") return photo_augmentation(preprocessing);
  const auto size = preprocessing.crop_size;
  const auto &mean = preprocessing.mean, &deviation = preprocessing.std;
  return T::Compose{T::Resize({size, size}), T::RandomCrop(size, {.padding = {size / 10}}),
                    T::ToDtype(torch::kFloat32, {.scale = true}),
                    T::Normalize({mean.begin(), mean.end()}, {deviation.begin(), deviation.end()})};
}

opsis::engine::FitOptions fit_options(const TrainOptions& options) {
  opsis::engine::FitOptions fit{.epochs = options.epochs,
                                .label_smoothing = options.label_smoothing,
                                .checkpoint = options.out,
                                .resume = options.resume};
  const bool sgd = options.optimizer == "sgd";
  fit.optimizer.kind = sgd ? OptimizerOptions::Kind::SGD : OptimizerOptions::Kind::AdamW;
  fit.optimizer.lr = options.lr.value_or(sgd ? 0.05 : 1e-3);
  fit.optimizer.weight_decay = options.weight_decay.value_or(sgd ? 1e-4 : 1e-2);
  fit.schedule.curve = options.schedule == "cosine" ? ScheduleOptions::Curve::Cosine : ScheduleOptions::Curve::Constant;
  fit.schedule.warmup_epochs = options.warmup_epochs.value_or(static_cast<double>(options.epochs) / 10);
  fit.schedule.every_step = true;
  fit.schedule.warmup_method = ScheduleOptions::Warmup::Linear;
  return fit;
}

int train(const TrainOptions& options) {
  torch::manual_seed(options.seed);
  check_run(options);
  if (!options.resume.empty()) check_model(options.resume, options.model);
  Classifier classifier;
  classifier.name = options.model;
  classifier.weights = options.out;
  classifier.preprocessing = preprocessing_for(options);
  const auto data = open_data(options.data, true, augmentation(options, classifier.preprocessing));
  const T::ImageClassification prepare(classifier.preprocessing);
  std::optional<Data> validation;
  if (!options.validation.empty()) {
    validation = open_data(options.validation, false, prepare);
  } else if (options.data == "digits" || std::filesystem::is_directory(std::filesystem::path(options.data) / "val")) {
    validation = open_data(options.data, false, prepare);
  }
  if (validation) check_same_classes(data, *validation);
  classifier.categories = data.classes;
  classifier.model = opsis::models::get_model(
      options.model, {.num_classes = std::ssize(data.classes), .image_size = classifier.preprocessing.crop_size});

  Loaders loaders(data.dataset, validation ? validation->dataset : nullptr, options);
  auto fit = fit_options(options);
  fit.extra = describe(classifier);
  fit.on_epoch = [&](const EpochReport& epoch) {
    const auto line = to_line(epoch, options.epochs);
    options.json ? note(line) : print(line);
  };
  const auto history = opsis::engine::fit(*classifier.model, loaders.train, loaders.validation_or_none(), fit);
  if (options.json) {
    auto epochs = Json::array();
    for (const auto& epoch : history) epochs.push_back(to_json(epoch));
    print_json(Json{{"model", options.model},
                    {"data", options.data},
                    {"classes", data.classes},
                    {"seed", options.seed},
                    {"checkpoint", options.out},
                    {"epochs", std::move(epochs)}});
  } else {
    print(opsis::text("wrote {}; try: opsis evaluate {} --weights {}", options.out, options.data, options.out));
  }
  return 0;
}

}  // namespace

void declare_train(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("train", "Train a classifier");
  const auto o = std::make_shared<TrainOptions>();
  command.add_option("data", o->data, "digits, or a folder with train/ and val/, each with a folder for each class")
      ->required();
  declare_run(command, *o);
  command.add_option("--epochs", o->epochs, "Times to see all images")->capture_default_str()->check(at_least_one);
  command.add_option("--size", o->size, "Side of the images that the model sees, in pixels; 224, or 32 for digits")
      ->check(CLI::Range(1, 1 << 16));
  command.add_option("--optimizer", o->optimizer, "sgd or adamw")
      ->capture_default_str()
      ->check(CLI::IsMember({"sgd", "adamw"}));
  command.add_option("--lr", o->lr, "Learning rate; 0.05 for sgd, 0.001 for adamw")->check(from_zero_on);
  command.add_option("--weight-decay", o->weight_decay, "0.0001 for sgd, 0.01 for adamw")->check(from_zero_on);
  command.add_option("--schedule", o->schedule, "Of the learning rate: cosine or constant")
      ->capture_default_str()
      ->check(CLI::IsMember({"cosine", "constant"}));
  command.add_option("--warmup-epochs", o->warmup_epochs, "Epochs over which the learning rate rises; a tenth of all")
      ->check(from_zero_on);
  command.add_option("--resume", o->resume, "A checkpoint to go on from, as if the run had never stopped");
  command.footer(
      "Examples:\n"
      "  opsis train digits --epochs 5 --out digits.pth\n"
      "  opsis train flowers --model resnet50 --batch-size 64 --lr 0.1 --warmup-epochs 1 --label-smoothing 0.1\n"
      "  opsis train digits --epochs 10 --resume digits.pth --out digits.pth");
  command.callback([o, &chosen] { chosen.run = [o] { return train(*o); }; });
}

}  // namespace cli
