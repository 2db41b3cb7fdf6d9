// opsis finetune: pretrained weights learn the classes of a folder. First the new head alone, then all of the model.
#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include "cli/classifier.h"
#include "cli/commands.h"
#include "cli/train_classifier.h"
#include "opsis/core/check.h"

namespace cli {
namespace {

using opsis::datasets::Classified;
using opsis::engine::EpochReport;
using opsis::engine::ScheduleOptions;
using Dataset = Loaders::Dataset;

struct FinetuneOptions : RunOptions {
  FinetuneOptions() : RunOptions{.model = "efficientnet_b0", .out = "finetuned.pth"} {}
  std::string weights;
  int64_t head_epochs = 1, epochs = 4;
  double head_lr = 1e-3, lr = 1e-4, weight_decay = 1e-2, hold_out = 0.2;
  std::optional<int64_t> size;
};

struct Split {
  Dataset train, held_out;  // the second may be none
};

// Some of the images for validation, drawn at random. `train` and `plain` are the same images, varied and not.
Split split(const Dataset& train, const Dataset& plain, double share) {
  const auto order = torch::randperm(static_cast<int64_t>(train->size()));
  const auto count = static_cast<int64_t>(share * static_cast<double>(train->size()));
  const auto part = [&](int64_t begin, int64_t end) {
    std::vector<size_t> out;
    for (auto i = begin; i < end; ++i) out.push_back(static_cast<size_t>(order[i].item<int64_t>()));
    std::sort(out.begin(), out.end());
    return out;
  };
  using Subset = opsis::datasets::Subset<Classified>;
  if (count == 0) return {train, nullptr};
  return {std::make_shared<Subset>(train, part(count, order.size(0))), std::make_shared<Subset>(plain, part(0, count))};
}

Split open_split(const FinetuneOptions& options, const Classifier& classifier) {
  const auto augment = photo_augmentation(classifier.preprocessing);
  const opsis::transforms::ImageClassification prepare(classifier.preprocessing);
  const auto train = open_data(options.data, true, augment);
  const auto val = std::filesystem::path(options.data) / "val";
  if (options.validation.empty() && !std::filesystem::is_directory(val)) {
    return split(train.dataset, open_data(options.data, true, prepare).dataset, options.hold_out);
  }
  const auto held_out = open_data(options.validation.empty() ? options.data : options.validation, false, prepare);
  check_same_classes(train, held_out);
  return {train.dataset, held_out.dataset};
}

int finetune(const FinetuneOptions& options) {
  torch::manual_seed(options.seed);
  check_run(options);
  if (options.data == "digits") throw UsageError("finetune takes a folder of photos; for digits there is opsis train");
  const auto classes = open_data(options.data, true, {}).classes;
  auto classifier = load_pretrained(options.model, options.weights, classes, options.size);
  auto& model = *classifier.model;
  const auto data = open_split(options, classifier);
  Loaders loaders(data.train, data.held_out, options);
  const auto head = opsis::models::head(model).name;
  at::globalContext().setFlushDenormal(true);

  auto epochs = Json::array();
  const auto phase = [&](std::string_view name, int64_t count, double lr) {
    if (count == 0) return;
    opsis::engine::FitOptions fit{.epochs = count, .label_smoothing = options.label_smoothing, .checkpoint = options.out};
    fit.optimizer = {.kind = opsis::engine::OptimizerOptions::Kind::AdamW, .lr = lr, .weight_decay = options.weight_decay};
    fit.schedule.curve = ScheduleOptions::Curve::Cosine;
    fit.schedule.every_step = true;
    fit.extra = describe(classifier);
    fit.on_epoch = [&](const EpochReport& epoch) {
      const auto line = opsis::text("{}: {}", name, to_line(epoch, count));
      options.json ? note(line) : print(line);
      auto entry = to_json(epoch);
      entry["phase"] = name;
      epochs.push_back(std::move(entry));
    };
    opsis::engine::fit(model, loaders.train, loaders.validation_or_none(), fit);
  };
  opsis::models::freeze(model);
  opsis::models::unfreeze(model, head);
  phase("head", options.head_epochs, options.head_lr);
  opsis::models::unfreeze(model);
  phase("all", options.epochs, options.lr);

  if (options.json) {
    print_json(Json{{"model", options.model},
                    {"weights", classifier.weights},
                    {"data", options.data},
                    {"classes", classes},
                    {"images", {{"train", data.train->size()}, {"validation", data.held_out ? data.held_out->size() : 0}}},
                    {"seed", options.seed},
                    {"checkpoint", options.out},
                    {"epochs", std::move(epochs)}});
  } else {
    print(opsis::text("wrote {}; try: opsis predict photo.jpg --checkpoint {}", options.out, options.out));
  }
  return 0;
}

}  // namespace

void declare_finetune(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("finetune", "Teach a pretrained classifier the classes of your pictures");
  const auto o = std::make_shared<FinetuneOptions>();
  command.add_option("folder", o->data, "A folder with a folder for each class, or with train/ and val/ that are such folders")
      ->required();
  declare_run(command, *o);
  command.add_option("--weights", o->weights,
                     "What to begin with: an entry such as IMAGENET1K_V2, or a checkpoint of the model; its default entry when "
                     "absent");
  command
      .add_option("--hold-out", o->hold_out,
                  "Without a folder to validate on: the share of the images that is kept for it, up to 0.9")
      ->capture_default_str()
      ->check(from_zero_to_nine_tenths);
  command.add_option("--head-epochs", o->head_epochs, "Times to see all images while only the new head learns")
      ->capture_default_str()
      ->check(zero_or_more);
  command.add_option("--epochs", o->epochs, "And then, while everything learns")->capture_default_str()->check(zero_or_more);
  command.add_option("--head-lr", o->head_lr, "Learning rate of the head alone")->capture_default_str()->check(from_zero_on);
  command.add_option("--lr", o->lr, "And of everything")->capture_default_str()->check(from_zero_on);
  command.add_option("--weight-decay", o->weight_decay, "Of AdamW")->capture_default_str()->check(from_zero_on);
  command.add_option("--size", o->size, "Side of the images that the model sees, in pixels; the weights' own when absent")
      ->check(CLI::Range(1, 1 << 16));
  command.footer(
      "Examples:\n"
      "  opsis finetune flowers --model efficientnet_b0 --out flowers.pth\n"
      "  opsis finetune flowers --model vit_b_16 --size 384 --head-epochs 2 --epochs 10 --lr 3e-5\n"
      "  opsis predict photo.jpg --checkpoint flowers.pth     (the checkpoint knows its model, classes and preprocessing)");
  command.callback([o, &chosen] {
    chosen.run = [o] {
      if (o->head_epochs + o->epochs == 0) throw UsageError("--head-epochs and --epochs are both 0: nothing would be learnt");
      return finetune(*o);
    };
  });
}

}  // namespace cli
