// opsis train-detector: a detector, from a folder of COCO's format to a checkpoint.
#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include "cli/coco.h"
#include "cli/commands.h"
#include "cli/task_checkpoint.h"
#include "cli/train_task.h"
#include "opsis/core/check.h"
#include "opsis/data.h"
#include "opsis/engine.h"
#include "opsis/transforms.h"

namespace cli {
namespace {

namespace T = opsis::transforms;
namespace data = opsis::data;
namespace engine = opsis::engine;
namespace models = opsis::models;
using opsis::datasets::CocoDetection;

struct TrainDetectorOptions {
  TaskRun run{.model = "fasterrcnn_mobilenet_v3_large_320_fpn", .out = "detector.pth", .epochs = 26, .batch_size = 2};
  std::string augmentation = "hflip", schedule = "steps";
  std::optional<int64_t> image_size{}, trainable_backbone_layers{};
  std::optional<double> norm_weight_decay{}, rpn_score_thresh{};
  bool copy_paste = false;
  int64_t warmup_steps = 1000;
  size_t aspect_ratio_groups = 3;
  std::vector<double> lr_steps{16, 22};
  double lr_gamma = 0.1;
};

// What the model finds besides boxes.
CocoParts parts_of(const std::string& model) {
  if (model.starts_with("maskrcnn")) return CocoParts::Masks;
  return model.starts_with("keypointrcnn") ? CocoParts::KeyPoints : CocoParts::Boxes;
}

// As in torchvision's recipe (presets.py of references/detection).
T::AnyTransform augmentation_of(const std::string& name, CocoParts parts) {
  const bool people = parts == CocoParts::KeyPoints;
  const auto flip = people ? T::AnyTransform(engine::RandomFlipOfPeople()) : T::AnyTransform(T::RandomHorizontalFlip());
  const T::ToDtype scaled(torch::kFloat32, {.scale = true});
  // Around and behind pictures, the mean of ImageNet.
  const std::vector<double> mean{123, 117, 104};
  if (name == "none") return scaled;
  if (name == "hflip") return T::Compose{flip, scaled};
  if (people && name != "multiscale") {
    throw UsageError(
        opsis::text("--augmentation {} cuts key points off; with key points it is hflip, multiscale or none", name));
  }
  if (name == "lsj") {
    return T::Compose{T::ScaleJitter({1024, 1024}, {.antialias = true}),
                      T::RandomCrop({1024, 1024}, {.pad_if_needed = true, .fill = mean}), flip, scaled};
  }
  if (name == "multiscale") {
    return T::Compose{T::RandomShortestSize({480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800}, {.max_size = 1333}), flip,
                      scaled};
  }
  if (name == "ssdlite") return T::Compose{T::RandomIoUCrop(), flip, scaled};
  return T::Compose{T::RandomPhotometricDistort(), T::RandomZoomOut({.fill = mean}), T::RandomIoUCrop(), flip, scaled};
}

// Width / height of each of these images: the file's, and where it does not tell, 1.
std::vector<double> aspect_ratios(const opsis::datasets::CocoFile& file, const std::vector<size_t>& places) {
  std::vector<double> ratios;
  for (const auto place : places) {
    const auto& image = file.images()[place];
    const bool known = image.height > 0 && image.width > 0;
    ratios.push_back(known ? static_cast<double>(image.width) / static_cast<double>(image.height) : 1);
  }
  return ratios;
}

engine::DetectionLoader training_loader(const std::shared_ptr<const CocoDetection>& photos,
                                        const TrainDetectorOptions& options) {
  const auto places = engine::images_with_objects(photos->file());
  if (places.empty()) opsis::raise<opsis::ValueError>("no image of the training data has a box");
  if (places.size() < options.run.batch_size) {
    opsis::raise<opsis::ValueError>("--batch-size is {}, and only {} images have boxes", options.run.batch_size, places.size());
  }
  auto order = std::make_shared<data::RandomSampler>(places.size());
  const auto groups = data::aspect_ratio_groups(aspect_ratios(photos->file(), places), options.aspect_ratio_groups);
  auto batches = std::make_shared<data::GroupedBatchSampler>(std::move(order), groups, options.run.batch_size);
  auto learnable = std::make_shared<engine::LearnableObjects>(
      std::make_shared<opsis::datasets::Subset<opsis::datasets::Detected>>(photos, places),
      augmentation_of(options.augmentation, parts_of(options.run.model)));
  return engine::DetectionLoader(std::move(learnable),
                                 {.batch_sampler = std::move(batches), .num_workers = options.run.workers});
}

engine::DetectionFitOptions fit_options(const TrainDetectorOptions& options) {
  engine::DetectionFitOptions fit{
      .epochs = options.run.epochs,
      .optimizer = optimizer_options(options.run, 0.02 / 16 * static_cast<double>(options.run.batch_size)),
      .warmup_steps = options.warmup_steps,
      .clip_grad_norm = options.run.clip_grad_norm,
      .checkpoint = options.run.out,
      .resume = options.run.resume,
      .norm_weight_decay = options.norm_weight_decay,
      .copy_paste = options.copy_paste};
  if (options.schedule == "cosine") fit.schedule.curve = engine::ScheduleOptions::Curve::Cosine;
  fit.schedule.milestones = options.lr_steps;
  fit.schedule.gamma = options.lr_gamma;
  return fit;
}

// "  boxes: AP 0.4012  AP50 0.6021"
std::string summary_of(const char* kind, const engine::CocoResult& result) {
  return opsis::text("  {}: AP {}  AP50 {}", kind, opsis::fixed(result["AP"], 4), opsis::fixed(result["AP50"], 4));
}

std::string epoch_line(const engine::DetectionEpochReport& epoch, int64_t epochs) {
  auto line = opsis::text("epoch {}/{}  loss {}", epoch.epoch + 1, epochs, opsis::fixed(epoch.loss, 4));
  if (const auto& held_out = epoch.validation) {
    line += summary_of("boxes", held_out->boxes);
    if (held_out->masks) line += summary_of("masks", *held_out->masks);
    if (held_out->key_points) line += summary_of("key points", *held_out->key_points);
  }
  return line + opsis::text("  {} s", opsis::fixed(epoch.seconds, 1));
}

Json coco_json(const engine::CocoResult& result) {
  auto out = Json::object();
  for (const auto& [name, value] : result.numbers) out[name] = value;
  return out;
}

Json held_out_json(const engine::DetectionEvaluation& held_out) {
  Json out{{"images", held_out.images}, {"boxes", coco_json(held_out.boxes)}};
  if (held_out.masks) out["masks"] = coco_json(*held_out.masks);
  if (held_out.key_points) out["key_points"] = coco_json(*held_out.key_points);
  return out;
}

void print_numbers(const engine::DetectionEvaluation& held_out) {
  print(held_out.boxes.to_string());
  if (held_out.masks) print(held_out.masks->to_string());
  if (held_out.key_points) print(held_out.key_points->to_string());
}

Json epoch_json(const engine::DetectionEpochReport& epoch) {
  auto losses = Json::object();
  for (const auto& [name, loss] : epoch.losses) losses[name] = loss;
  Json out{{"epoch", epoch.epoch + 1},
           {"lr", epoch.learning_rate},
           {"loss", epoch.loss},
           {"losses", std::move(losses)},
           {"seconds", epoch.seconds}};
  if (epoch.validation) out["validation"] = held_out_json(*epoch.validation);
  return out;
}

// Two of the recipe's arguments that are the parts' own.
void set_parts(models::DetectionModel& model, const TrainDetectorOptions& options) {
  // These bring pictures to sizes themselves.
  const bool skip_resize = options.augmentation == "lsj" || options.augmentation == "multiscale";
  if (auto* rcnn = dynamic_cast<models::detection::GeneralizedRCNNImpl*>(&model)) {
    rcnn->transform->options.skip_resize = skip_resize;
    if (options.rpn_score_thresh) rcnn->rpn->options.score_thresh = options.rpn_score_thresh;
    return;
  }
  if (options.rpn_score_thresh) throw UsageError("--rpn-score-thresh is for models that propose regions, those with \"rcnn\"");
  auto& one_stage = dynamic_cast<models::detection::OneStageDetectorImpl&>(model);
  one_stage.transform->options.skip_resize = skip_resize;
}

int judge_detector(TrainDetectorOptions options) {
  auto& run = options.run;
  const auto photos = open_coco_to_judge_by(run.data, parts_of(run.model));
  const auto categories = categories_of(photos->file());
  auto made_for = judged_options(run, categories);
  if (options.image_size) made_for.image_size = options.image_size;
  const auto model = models::get_model<models::DetectionModel>(run.model, made_for);
  if (const auto trained = trained_model(run.weights, {})) set_frozen_eps(*model, *trained);
  set_parts(*model, options);
  engine::DetectionLoader loader(photos, {.batch_size = 1, .num_workers = run.workers});
  const auto result = engine::evaluate(*model, loader);
  run.json ? print_judged(run, categories, held_out_json(result)) : print_numbers(result);
  return 0;
}

int train_detector(const TrainDetectorOptions& options) {
  const auto& run = options.run;
  check_task_run(run);
  if (run.test_only) return judge_detector(options);
  torch::manual_seed(run.seed);
  const auto parts = parts_of(run.model);
  if (options.copy_paste && parts != CocoParts::Masks) throw UsageError("--copy-paste is for models that find masks");
  const auto photos = open_coco_to_learn_from(run.data, parts);
  const auto unseen = open_coco_held_out(run.data, parts);
  const auto categories = categories_of(photos->file());
  auto train = training_loader(photos, options);
  std::optional<engine::DetectionLoader> validation;
  if (unseen) validation.emplace(unseen, data::LoaderOptions{.batch_size = 1, .num_workers = run.workers});
  auto made_for = model_options(run, std::ssize(categories));
  made_for.image_size = options.image_size;
  made_for.trainable_backbone_layers = options.trainable_backbone_layers;
  const auto before = begins_from(run), resumed = goes_on_from(run);
  const auto model = models::get_model<models::DetectionModel>(run.model, made_for);
  // For as many classes, the head of a checkpoint of ours goes on too.
  if (before && before->categories.size() == categories.size()) models::load_weights(*model, run.weights);
  if (before) set_frozen_eps(*model, *before);
  if (resumed) set_frozen_eps(*model, *resumed);
  set_parts(*model, options);

  auto fit = fit_options(options);
  fit.extra = describe(TrainedModel{
      .name = run.model, .categories = categories, .image_size = options.image_size, .frozen_eps = frozen_eps(*model)});
  fit.on_epoch = [&](const engine::DetectionEpochReport& epoch) { tell(run, epoch_line(epoch, run.epochs)); };
  const auto history = engine::fit(*model, train, validation ? &*validation : nullptr, fit);
  if (run.json) {
    print_run(run, categories, history, epoch_json);
    return 0;
  }
  if (const auto& last = history.back().validation) print_numbers(*last);
  const auto* const command = parts == CocoParts::KeyPoints ? "keypoints" : "detect";
  print(opsis::text("wrote {}; try: opsis {} photo.jpg --weights {}", run.out, command, run.out));
  return 0;
}

}  // namespace

void declare_train_detector(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("train-detector", "Train a detector on pictures with annotations as COCO has them");
  const auto o = std::make_shared<TrainDetectorOptions>();
  declare_task_run(command, o->run,
                   {.module = "models::detection", .sgd_lr = "0.00125 a picture of a step", .key_points = true});
  command
      .add_option("--image-size", o->image_size,
                  "The shorter side that pictures are brought to, the longer not beyond 5/3 of it; the model's own when absent")
      ->check(at_least_one);
  command
      .add_option("--trainable-backbone-layers", o->trainable_backbone_layers,
                  "How many layers of a pretrained backbone learn, from its end: of a ResNet up to 5, of a MobileNet up to 6; "
                  "torchvision's choice when absent")
      ->check(zero_or_more);
  command
      .add_option("--rpn-score-thresh", o->rpn_score_thresh,
                  "Regions are proposed whose scores are at least so high, from 0 to 1; of models with \"rcnn\"")
      ->check(from_zero_to_one);
  command.add_option("--norm-weight-decay", o->norm_weight_decay, "Of norms' parameters; --weight-decay when absent")
      ->check(from_zero_on);
  command.add_option("--schedule", o->schedule, "Of the learning rate: steps, or cosine, a half wave down to 0")
      ->capture_default_str()
      ->check(CLI::IsMember({"steps", "cosine"}));
  command.add_option("--lr-steps", o->lr_steps, "Epochs after which the learning rate is multiplied by --lr-gamma")
      ->capture_default_str()
      ->check(from_zero_on);
  command.add_option("--lr-gamma", o->lr_gamma, "See --lr-steps")->capture_default_str()->check(from_zero_on);
  command.add_option("--warmup-steps", o->warmup_steps, "In which the learning rate rises, within the first epoch; 0 for none")
      ->capture_default_str()
      ->check(zero_or_more);
  command
      .add_option("--augmentation", o->augmentation,
                  "hflip, lsj, multiscale, ssd, ssdlite or none; lsj and multiscale bring pictures to sizes to learn from")
      ->capture_default_str()
      ->check(CLI::IsMember({"hflip", "lsj", "multiscale", "ssd", "ssdlite", "none"}));
  command.add_flag("--copy-paste", o->copy_paste, "Put things of each picture of a step on the next one; of models with masks");
  command
      .add_option("--aspect-ratio-groups", o->aspect_ratio_groups,
                  "Steps from 1 to 2 into which shapes of pictures are grouped, so that those of a batch are alike; 0: wide "
                  "and tall ones")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000));
  command.footer(
      "Examples:\n"
      "  opsis train-detector coco --model fasterrcnn_resnet50_fpn --batch-size 4\n"
      "  opsis train-detector wheat --weights DEFAULT --epochs 12 --lr-steps 8 11 --out wheat.pth\n"
      "  opsis train-detector coco --model keypointrcnn_resnet50_fpn --epochs 46 --lr-steps 36 43   # person_keypoints_*.json\n"
      "  opsis train-detector wheat --epochs 24 --resume wheat.pth --out wheat.pth\n"
      "  opsis train-detector coco --model retinanet_resnet50_fpn --weights DEFAULT --test-only\n"
      "  opsis detect field.jpg --weights wheat.pth --out found.png");
  command.callback([o, &chosen] { chosen.run = [o] { return train_detector(*o); }; });
}

}  // namespace cli
