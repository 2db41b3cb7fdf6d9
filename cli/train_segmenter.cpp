// opsis train-segmenter: what every pixel belongs to, from a folder of COCO's format to a checkpoint.
#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cli/coco.h"
#include "cli/commands.h"
#include "cli/task_checkpoint.h"
#include "cli/train_task.h"
#include "opsis/core/check.h"
#include "opsis/data.h"
#include "opsis/engine.h"
#include "opsis/hub.h"

namespace cli {
namespace {

namespace data = opsis::data;
namespace datasets = opsis::datasets;
namespace engine = opsis::engine;
namespace hub = opsis::hub;
namespace models = opsis::models;

constexpr int64_t kBaseSize = 520;

struct TrainSegmenterOptions {
  TaskRun run{.model = "lraspp_mobilenet_v3_large", .out = "segmenter.pth", .epochs = 30, .batch_size = 8};
  std::optional<int64_t> base_size{};  // else kBaseSize, or that of the checkpoint that is judged
  int64_t crop_size = 480;
  double warmup_epochs = 0, warmup_decay = 0.01;
  std::string warmup_method = "linear";
  bool aux_loss = false, voc_classes = false;
};

// What a number in a mask means: a label of the annotations, and a name.
struct Classes {
  std::vector<int64_t> labels;
  std::vector<std::string> names;
};

// All categories of the file, or VOC's 21 out of those of COCO.
Classes classes_of(const datasets::CocoFile& file, bool voc) {
  if (voc) {
    const auto& names = datasets::voc_classes();
    return {.labels = engine::coco_labels_of_voc(), .names = {names.begin(), names.end()}};
  }
  Classes all{.labels = {}, .names = categories_of(file)};
  all.labels.resize(all.names.size());
  std::iota(all.labels.begin(), all.labels.end(), 0);
  OPSIS_CHECK(all.names.size() <= 255, "the annotations number categories up to {}; a mask holds numbers up to 254",
              all.names.size() - 1);
  return all;
}

engine::SegmentationLoader training_loader(const std::shared_ptr<const datasets::CocoDetection>& photos, const Classes& classes,
                                           const TrainSegmenterOptions& options) {
  const auto places = engine::images_with_area(photos->file(), classes.labels);
  if (places.size() < options.run.batch_size) {
    opsis::raise<opsis::ValueError>("--batch-size is {}, and only {} images have objects of more than 1000 pixels together",
                                    options.run.batch_size, places.size());
  }
  auto some = std::make_shared<datasets::Subset<datasets::Detected>>(photos, places);
  return engine::SegmentationLoader(
      engine::SegmentedObjects(std::move(some), classes.labels,
                               engine::segmentation_augmentation(
                                   {.base_size = options.base_size.value_or(kBaseSize), .crop_size = options.crop_size})),
      {.batch_size = options.run.batch_size, .shuffle = true, .num_workers = options.run.workers, .drop_last = true});
}

std::string segmenter_epoch_line(const engine::SegmentationEpochReport& epoch, int64_t epochs) {
  auto line = opsis::text("epoch {}/{}  loss {}", epoch.epoch + 1, epochs, opsis::fixed(epoch.loss, 4));
  if (const auto& held_out = epoch.validation) {
    line += opsis::text("  pixels {} %  mean IoU {}", opsis::fixed(held_out->pixel_accuracy * 100, 2),
                        opsis::fixed(held_out->mean_iou, 4));
  }
  return line + opsis::text("  {} s", opsis::fixed(epoch.seconds, 1));
}

// A class that was not met has no numbers.
Json numbers_or_null(const std::vector<double>& numbers) {
  auto out = Json::array();
  for (const auto number : numbers) out.push_back(std::isnan(number) ? Json() : Json(number));
  return out;
}

Json segmented_json(const engine::SegmentationEvaluation& held_out) {
  return {{"images", held_out.images},
          {"pixel_accuracy", held_out.pixel_accuracy},
          {"mean_iou", held_out.mean_iou},
          {"class_accuracy", numbers_or_null(held_out.class_accuracy)},
          {"iou", numbers_or_null(held_out.iou)}};
}

Json segmenter_epoch_json(const engine::SegmentationEpochReport& epoch) {
  Json out{{"epoch", epoch.epoch + 1}, {"lr", epoch.learning_rate}, {"loss", epoch.loss}, {"seconds", epoch.seconds}};
  if (epoch.validation) out["validation"] = segmented_json(*epoch.validation);
  return out;
}

// Each class that was met: how much of it is found, and how well.
std::string class_table(const engine::SegmentationEvaluation& evaluation, const std::vector<std::string>& names) {
  std::vector<std::vector<std::string>> rows{{"", "class", "accuracy", "IoU"}};
  for (size_t i = 0; i < names.size(); ++i) {
    if (std::isnan(evaluation.iou[i])) continue;
    const auto accuracy = evaluation.class_accuracy[i];
    rows.push_back({"", names[i], std::isnan(accuracy) ? "-" : opsis::fixed(accuracy, 4), opsis::fixed(evaluation.iou[i], 4)});
  }
  return table(rows, {false, false, true, true});
}

bool has_aux(const models::SegmentationModel& model) {
  const auto children = model.named_children();
  return children.contains("aux_classifier");
}

bool has_aux(const std::filesystem::path& checkpoint) {
  const auto state = hub::load_state_dict_file(checkpoint);
  return std::any_of(state.begin(), state.end(), [](const auto& entry) { return entry.first.starts_with("aux_classifier."); });
}

engine::SegmentedObjects held_out_objects(const std::shared_ptr<const datasets::CocoDetection>& photos, const Classes& classes,
                                          int64_t size) {
  return {photos, classes.labels, engine::segmentation_preparation({.resize_size = size})};
}

int judge_segmenter(TrainSegmenterOptions options) {
  auto& run = options.run;
  const auto photos = open_coco_to_judge_by(run.data, CocoParts::Masks);
  const auto classes = classes_of(photos->file(), options.voc_classes);
  auto wanted = judged_options(run, classes.names);
  if (wanted.weights.empty() && has_aux(wanted.weights_file)) wanted.aux_loss = true;
  const auto model = models::get_model<models::SegmentationModel>(run.model, wanted);
  if (const auto trained = begins_from(run); trained && !options.base_size) options.base_size = trained->base_size;
  engine::SegmentationLoader loader(held_out_objects(photos, classes, options.base_size.value_or(kBaseSize)),
                                    {.num_workers = run.workers});
  const auto result = engine::evaluate(*model, loader);
  if (run.json) {
    print_judged(run, classes.names, segmented_json(result));
    return 0;
  }
  print(opsis::text("{}: pixels {} %, mean IoU {}", counted(result.images, "image", "images"),
                    opsis::fixed(result.pixel_accuracy * 100, 2), opsis::fixed(result.mean_iou, 4)));
  print(class_table(result, classes.names));
  return 0;
}

int train_segmenter(const TrainSegmenterOptions& options) {
  const auto& run = options.run;
  check_task_run(run);
  if (run.test_only) return judge_segmenter(options);
  torch::manual_seed(run.seed);
  const auto photos = open_coco_to_learn_from(run.data, CocoParts::Masks);
  const auto unseen = open_coco_held_out(run.data, CocoParts::Masks);
  const auto classes = classes_of(photos->file(), options.voc_classes);
  const auto base_size = options.base_size.value_or(kBaseSize);
  auto train = training_loader(photos, classes, options);
  std::optional<engine::SegmentationLoader> validation;
  if (unseen) {
    validation.emplace(held_out_objects(unseen, classes, base_size), data::LoaderOptions{.num_workers = run.workers});
  }
  auto wanted = model_options(run, std::ssize(classes.names));
  goes_on_from(run);  // refuses the checkpoint of another model
  // For as many classes, a checkpoint of ours goes on with its heads.
  if (const auto before = begins_from(run); before && before->categories.size() == classes.names.size()) {
    wanted = options_of(*before, run.weights);
    if (options.aux_loss && !before->aux_loss) {
      throw UsageError(opsis::text("{} has no auxiliary classifier to go on with; leave out --aux-loss", run.weights));
    }
  }
  if (options.aux_loss) wanted.aux_loss = true;
  const auto model = models::get_model<models::SegmentationModel>(run.model, wanted);

  engine::SegmentationFitOptions fit{
      .epochs = run.epochs,
      .optimizer = optimizer_options(run, 0.01),
      .clip_grad_norm = run.clip_grad_norm,
      .checkpoint = run.out,
      .resume = run.resume,
      .extra = describe(
          TrainedModel{.name = run.model, .categories = classes.names, .aux_loss = has_aux(*model), .base_size = base_size})};
  fit.schedule.warmup_epochs = options.warmup_epochs;
  using Warmup = engine::ScheduleOptions::Warmup;
  fit.schedule.warmup_method = options.warmup_method == "linear" ? Warmup::Linear : Warmup::Constant;
  fit.schedule.warmup_decay = options.warmup_decay;
  fit.on_epoch = [&](const auto& epoch) { tell(run, segmenter_epoch_line(epoch, run.epochs)); };
  const auto history = engine::fit(*model, train, validation ? &*validation : nullptr, fit);
  if (run.json) {
    print_run(run, classes.names, history, segmenter_epoch_json);
    return 0;
  }
  if (const auto& last = history.back().validation) print(class_table(*last, classes.names));
  print(opsis::text("wrote {}; try: opsis segment photo.jpg --weights {}", run.out, run.out));
  return 0;
}

}  // namespace

void declare_train_segmenter(CLI::App& app, Chosen& chosen) {
  auto& command =
      *app.add_subcommand("train-segmenter", "Train a model of pixels' classes on pictures with annotations as COCO has them");
  const auto o = std::make_shared<TrainSegmenterOptions>();
  declare_task_run(command, o->run, {.module = "models::segmentation", .sgd_lr = "0.01"});
  command.add_flag("--aux-loss", o->aux_loss, "Learn by a second classifier in the middle too; not of lraspp");
  command.add_flag("--voc-classes", o->voc_classes, "Learn VOC's 21 classes out of COCO's 80, as torchvision's weights do");
  command.add_option("--warmup-epochs", o->warmup_epochs, "In which the learning rate rises")
      ->capture_default_str()
      ->check(from_zero_on);
  command.add_option("--warmup-method", o->warmup_method, "How it does: linear, or constant and then at once")
      ->capture_default_str()
      ->check(CLI::IsMember({"linear", "constant"}));
  command
      .add_option("--warmup-decay", o->warmup_decay, "The share of the learning rate at which the warm-up begins, from 0 to 1")
      ->capture_default_str()
      ->check(from_zero_to_one);
  command
      .add_option("--base-size", o->base_size,
                  "Of the shorter side: half to twice as much to learn from, just so to be judged by")
      ->default_str(std::to_string(kBaseSize) + ", or that of the checkpoint that --test-only judges")
      ->check(at_least_one);
  command.add_option("--crop-size", o->crop_size, "Of the squares that are cut out to learn from")
      ->capture_default_str()
      ->check(at_least_one);
  command.footer(
      "Examples:\n"
      "  opsis train-segmenter coco --model deeplabv3_resnet50 --aux-loss --voc-classes --lr 0.02\n"
      "  opsis train-segmenter roads --weights DEFAULT --epochs 12 --out roads.pth\n"
      "  opsis train-segmenter roads --epochs 24 --resume roads.pth --out roads.pth\n"
      "  opsis train-segmenter roads --weights roads.pth --test-only\n"
      "  opsis segment street.jpg --weights roads.pth --out classes.png");
  command.callback([o, &chosen] { chosen.run = [o] { return train_segmenter(*o); }; });
}

}  // namespace cli
