#include "cli/train_classifier.h"

#include <CLI/CLI.hpp>

#include "cli/options.h"
#include "opsis/core/check.h"

namespace cli {
namespace {

// Whether a last batch would hold one image, on which batch normalisation cannot train: it is then left out.
bool leaves_one_alone(size_t images, size_t batch_size) { return images > batch_size && images % batch_size == 1; }

}  // namespace

void declare_run(CLI::App& command, RunOptions& options) {
  command.add_option("--val", options.validation, "A folder to validate on, in place of val/");
  command.add_option("--model", options.model, "Name of the model; opsis models lists them")
      ->capture_default_str()
      ->transform(lower);
  command.add_option("--batch-size", options.batch_size, "Images a step")->capture_default_str()->check(at_least_one);
  command.add_option("--label-smoothing", options.label_smoothing, "From 0 to 1")
      ->capture_default_str()
      ->check(from_zero_to_one);
  command.add_option("--out", options.out, "The checkpoint, written after every epoch")->capture_default_str();
  declare_workers_and_seed(command, options.workers, options.seed);
  command.add_flag("--json", options.json, "Print a JSON document at the end; progress goes to stderr");
}

void check_run(const RunOptions& options) {
  if (options.out.empty()) throw UsageError("--out must name a file, got nothing");
}

void check_same_classes(const Data& train, const Data& validation) {
  if (validation.classes == train.classes) return;
  opsis::raise<opsis::ValueError>(
      "training and validation data have different classes ({} and {}); {}: give both the same folders", train.classes.size(),
      validation.classes.size(),
      first_difference(train.classes, "the training data", validation.classes, "the validation data"));
}

Loaders::Loaders(Dataset learn_from, Dataset validate_on, const RunOptions& options)
    : train(learn_from, {.batch_size = options.batch_size,
                         .shuffle = true,
                         .num_workers = options.workers,
                         .drop_last = leaves_one_alone(learn_from->size(), options.batch_size)}) {
  if (validate_on) {
    validation.emplace(std::move(validate_on),
                       opsis::data::LoaderOptions{.batch_size = options.batch_size, .num_workers = options.workers});
  }
}

opsis::transforms::AnyTransform photo_augmentation(const opsis::transforms::ImageClassificationOptions& preprocessing) {
  namespace T = opsis::transforms;
  const auto &mean = preprocessing.mean, &deviation = preprocessing.std;
  return T::Compose{T::RandomResizedCrop(preprocessing.crop_size, {.interpolation = preprocessing.interpolation}),
                    T::RandomHorizontalFlip(), T::ToDtype(torch::kFloat32, {.scale = true}),
                    T::Normalize({mean.begin(), mean.end()}, {deviation.begin(), deviation.end()})};
}

Json to_json(const opsis::engine::EpochReport& epoch) {
  Json out{{"epoch", epoch.epoch + 1},
           {"lr", epoch.learning_rate},
           {"loss", epoch.loss},
           {"acc@1", epoch.accuracy * 100},
           {"seconds", epoch.seconds}};
  if (const auto& v = epoch.validation) {
    out["validation"] = {
        {"images", v->images}, {"loss", v->loss}, {"acc@1", v->accuracy * 100}, {"acc@5", v->accuracy_top5 * 100}};
  }
  return out;
}

std::string to_line(const opsis::engine::EpochReport& epoch, int64_t epochs) {
  auto line = opsis::text("epoch {}/{}  loss {}  acc@1 {} %", epoch.epoch + 1, epochs, opsis::fixed(epoch.loss, 4),
                          opsis::fixed(epoch.accuracy * 100, 2));
  if (const auto& v = epoch.validation) {
    line += opsis::text("  validation: loss {}  acc@1 {} %", opsis::fixed(v->loss, 4), opsis::fixed(v->accuracy * 100, 2));
  }
  return line + opsis::text("  {} s", opsis::fixed(epoch.seconds, 1));
}

}  // namespace cli
