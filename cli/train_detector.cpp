// opsis train-detector: a detector, from a folder of COCO's format to a checkpoint.
#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>

#include "cli/classifier.h"
#include "cli/commands.h"
#include "cli/detector.h"
#include "opsis/core/check.h"
#include "opsis/data.h"
#include "opsis/engine.h"

namespace cli {
namespace {

namespace fs = std::filesystem;
namespace T = opsis::transforms;
namespace data = opsis::data;
namespace engine = opsis::engine;
namespace models = opsis::models;
using opsis::datasets::CocoDetection;

struct TrainDetectorOptions {
  std::string data, model = "fasterrcnn_mobilenet_v3_large_320_fpn", weights, weights_backbone, out = "detector.pth", resume;
  std::string optimizer = "sgd", augmentation = "hflip";
  int64_t epochs = 26, warmup_steps = 1000;
  size_t batch_size = 2, workers = 1, aspect_ratio_groups = 3;
  std::optional<double> lr, weight_decay, clip_grad_norm;
  std::vector<double> lr_steps{16, 22};
  double lr_gamma = 0.1;
  uint64_t seed = 0;
  bool json = false;
};

// Where a part of the data may be: its pictures, and the file about them.
struct Layout {
  const char *pictures, *annotations;
};
constexpr Layout kTrain[] = {{"train", "annotations/instances_train.json"},
                             {"train2017", "annotations/instances_train2017.json"},
                             {"train", "train/_annotations.coco.json"}};
constexpr Layout kValidation[] = {{"val", "annotations/instances_val.json"},
                                  {"val2017", "annotations/instances_val2017.json"},
                                  {"valid", "valid/_annotations.coco.json"}};

std::shared_ptr<const CocoDetection> open_part(const fs::path& root, std::span<const Layout> layouts, bool masks) {
  for (const auto& [pictures, annotations] : layouts) {
    if (!fs::exists(root / annotations)) continue;
    return std::make_shared<const CocoDetection>(
        CocoDetection::Options{.root = root / pictures, .annFile = root / annotations, .masks = masks});
  }
  return nullptr;
}

// As in torchvision's recipe (presets.py of references/detection).
T::AnyTransform augmentation_of(const std::string& name) {
  const T::RandomHorizontalFlip flip;
  const T::ToDtype scaled(torch::kFloat32, {.scale = true});
  // Around and behind pictures, the mean of ImageNet.
  const std::vector<double> mean{123, 117, 104};
  if (name == "none") return scaled;
  if (name == "hflip") return T::Compose{flip, scaled};
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

// The names of labels, as torchvision has those of COCO: 0 is the background, gaps are N/A.
std::vector<std::string> categories_of(const opsis::datasets::CocoFile& file) {
  std::vector<std::string> names{"__background__"};
  for (const auto& [id, name] : file.categories()) {
    OPSIS_CHECK(id >= 0 && id < 100'000, "the annotations number a category {}; numbers must be from 0 to 99999", id);
    names.resize(std::max(names.size(), static_cast<size_t>(id) + 1), "N/A");
    names[static_cast<size_t>(id)] = name;
  }
  return names;
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
  if (places.size() < options.batch_size) {
    opsis::raise<opsis::ValueError>("--batch-size is {}, and only {} images have boxes", options.batch_size, places.size());
  }
  auto order = std::make_shared<data::RandomSampler>(places.size());
  const auto groups = data::aspect_ratio_groups(aspect_ratios(photos->file(), places), options.aspect_ratio_groups);
  auto batches = std::make_shared<data::GroupedBatchSampler>(std::move(order), groups, options.batch_size);
  auto learnable = std::make_shared<engine::LearnableObjects>(
      std::make_shared<opsis::datasets::Subset<opsis::datasets::Detected>>(photos, places),
      augmentation_of(options.augmentation));
  return engine::DetectionLoader(std::move(learnable), {.batch_sampler = std::move(batches), .num_workers = options.workers});
}

models::ModelOptions model_options(const TrainDetectorOptions& options, int64_t classes) {
  models::ModelOptions out{.num_classes = classes};
  if (names_entry(options.weights)) {
    out.weights = options.weights;
  } else if (!options.weights.empty()) {
    out.weights = "DEFAULT";  // with it the head may be new
    out.weights_file = options.weights;
  } else if (options.weights_backbone == "none") {
    out.weights_backbone = "";
  } else if (!options.weights_backbone.empty()) {
    out.weights_backbone = options.weights_backbone;
  }
  return out;
}

engine::DetectionFitOptions fit_options(const TrainDetectorOptions& options) {
  engine::DetectionFitOptions fit{.epochs = options.epochs,
                                  .warmup_steps = options.warmup_steps,
                                  .clip_grad_norm = options.clip_grad_norm,
                                  .checkpoint = options.out,
                                  .resume = options.resume};
  const bool sgd = options.optimizer == "sgd";
  fit.optimizer.kind = sgd ? engine::OptimizerOptions::Kind::SGD : engine::OptimizerOptions::Kind::AdamW;
  fit.optimizer.lr = options.lr.value_or(sgd ? 0.02 / 16 * static_cast<double>(options.batch_size) : 1e-4);
  fit.optimizer.weight_decay = options.weight_decay.value_or(sgd ? 1e-4 : 1e-2);
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
  }
  return line + opsis::text("  {} s", opsis::fixed(epoch.seconds, 1));
}

Json coco_json(const engine::CocoResult& result) {
  auto out = Json::object();
  for (const auto& [name, value] : result.numbers) out[name] = value;
  return out;
}

Json epoch_json(const engine::DetectionEpochReport& epoch) {
  auto losses = Json::object();
  for (const auto& [name, loss] : epoch.losses) losses[name] = loss;
  Json out{{"epoch", epoch.epoch + 1},
           {"lr", epoch.learning_rate},
           {"loss", epoch.loss},
           {"losses", std::move(losses)},
           {"seconds", epoch.seconds}};
  if (const auto& held_out = epoch.validation) {
    out["validation"] = {{"images", held_out->images}, {"boxes", coco_json(held_out->boxes)}};
    if (held_out->masks) out["validation"]["masks"] = coco_json(*held_out->masks);
  }
  return out;
}

int train_detector(const TrainDetectorOptions& options) {
  if (options.out.empty()) throw UsageError("--out must name a file, got nothing");
  if (!options.weights.empty() && !options.weights_backbone.empty()) {
    throw UsageError("--weights has a backbone's weights already: leave out --weights-backbone");
  }
  torch::manual_seed(options.seed);
  const bool masks = options.model.starts_with("maskrcnn");
  const auto photos = open_part(options.data, kTrain, masks);
  if (!photos) {
    opsis::raise<opsis::NotFoundError>(
        "no training data in \"{}\": there is neither annotations/instances_train.json (or train2017), with the pictures in "
        "train/, nor train/_annotations.coco.json",
        options.data);
  }
  const auto unseen = open_part(options.data, kValidation, masks);
  const auto categories = categories_of(photos->file());
  auto train = training_loader(photos, options);
  std::optional<engine::DetectionLoader> validation;
  if (unseen) validation.emplace(unseen, data::LoaderOptions{.batch_size = 1, .num_workers = options.workers});
  const auto model = models::get_model<models::DetectionModel>(options.model, model_options(options, std::ssize(categories)));

  auto fit = fit_options(options);
  fit.extra = describe(TrainedDetector{.name = options.model, .categories = categories, .model = model});
  fit.on_epoch = [&](const engine::DetectionEpochReport& epoch) {
    const auto line = epoch_line(epoch, options.epochs);
    options.json ? note(line) : print(line);
  };
  const auto history = engine::fit(*model, train, validation ? &*validation : nullptr, fit);
  if (options.json) {
    auto epochs = Json::array();
    for (const auto& epoch : history) epochs.push_back(epoch_json(epoch));
    print_json(Json{{"model", options.model},
                    {"data", options.data},
                    {"categories", categories},
                    {"seed", options.seed},
                    {"checkpoint", options.out},
                    {"epochs", std::move(epochs)}});
    return 0;
  }
  if (const auto& last = history.back().validation) {
    print(last->boxes.to_string());
    if (last->masks) print(last->masks->to_string());
  }
  print(opsis::text("wrote {}; try: opsis detect photo.jpg --weights {}", options.out, options.out));
  return 0;
}

}  // namespace

void declare_train_detector(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("train-detector", "Train a detector on pictures with annotations as COCO has them");
  const auto o = std::make_shared<TrainDetectorOptions>();
  command
      .add_option("data", o->data,
                  "A folder with annotations/instances_train.json and instances_val.json, pictures in train/ and val/; or "
                  "_annotations.coco.json in train/ and valid/")
      ->required();
  command.add_option("--model", o->model, "Name of the model; opsis models --module models::detection lists them")
      ->capture_default_str();
  command.add_option("--weights", o->weights,
                     "To begin with: a checkpoint, or an entry in PyTorch's cache such as DEFAULT; the head is new where the "
                     "number of classes is another");
  command.add_option("--weights-backbone", o->weights_backbone,
                     "Of the classifier inside, without --weights: an entry, or none; IMAGENET1K_V1 when absent");
  command.add_option("--epochs", o->epochs, "Times to see all pictures")->capture_default_str()->check(at_least_one);
  command.add_option("--batch-size", o->batch_size, "Pictures a step")->capture_default_str()->check(at_least_one);
  command.add_option("--optimizer", o->optimizer, "sgd or adamw")
      ->capture_default_str()
      ->check(CLI::IsMember({"sgd", "adamw"}));
  command.add_option("--lr", o->lr, "Learning rate; 0.00125 a picture of a step for sgd, 0.0001 for adamw");
  command.add_option("--weight-decay", o->weight_decay, "0.0001 for sgd, 0.01 for adamw");
  command.add_option("--clip-grad-norm", o->clip_grad_norm, "No limit when absent");
  command.add_option("--lr-steps", o->lr_steps, "Epochs after which the learning rate is multiplied by --lr-gamma")
      ->capture_default_str();
  command.add_option("--lr-gamma", o->lr_gamma, "See --lr-steps")->capture_default_str();
  command.add_option("--warmup-steps", o->warmup_steps, "In which the learning rate rises, within the first epoch; 0 for none")
      ->capture_default_str()
      ->check(zero_or_more);
  command.add_option("--augmentation", o->augmentation, "hflip, lsj, multiscale, ssd, ssdlite or none")
      ->capture_default_str()
      ->check(CLI::IsMember({"hflip", "lsj", "multiscale", "ssd", "ssdlite", "none"}));
  command
      .add_option("--aspect-ratio-groups", o->aspect_ratio_groups,
                  "Steps from 1 to 2 into which shapes of pictures are grouped, so that those of a batch are alike; 0: wide "
                  "and tall ones")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000));
  command.add_option("--out", o->out, "The checkpoint, written after every epoch")->capture_default_str();
  command.add_option("--resume", o->resume, "A checkpoint to go on from, as if the run had never stopped");
  command.add_option("--workers", o->workers, "Threads that read pictures; results do not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(0, 256));
  command.add_option("--seed", o->seed, "For everything that is drawn: the same seed gives the same run")
      ->capture_default_str()
      ->check(zero_or_more);
  command.add_flag("--json", o->json, "Print a JSON document at the end; progress goes to stderr");
  command.footer(
      "Examples:\n"
      "  opsis train-detector coco --model fasterrcnn_resnet50_fpn --batch-size 4\n"
      "  opsis train-detector wheat --weights DEFAULT --epochs 12 --lr-steps 8 11 --out wheat.pth\n"
      "  opsis train-detector wheat --epochs 24 --resume wheat.pth --out wheat.pth\n"
      "  opsis detect field.jpg --weights wheat.pth --out found.png");
  command.callback([o, &chosen] { chosen.run = [o] { return train_detector(*o); }; });
}

}  // namespace cli
