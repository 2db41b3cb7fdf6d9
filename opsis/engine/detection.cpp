#include "opsis/engine/detection.h"

#include <algorithm>
#include <chrono>

#include "opsis/core/check.h"
#include "opsis/core/progress.h"
#include "opsis/datasets/coco_segmentation.h"
#include "opsis/engine/checkpoint.h"
#include "opsis/engine/copy_paste.h"
#include "opsis/engine/fit_loop.h"
#include "opsis/io/masks.h"
#include "opsis/ops/boxes.h"
#include "opsis/transforms/boxes.h"
#include "opsis/transforms/functional/flip.h"
#include "opsis/transforms/presets.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::engine {
namespace {

using datasets::Detected;
using hub::Value;
using models::DetectionModel;
using models::DetectionTarget;
using torch::Tensor;

// COCO's list of what it says of each box; null where the example has none that goes with its boxes.
const Json::List* annotations_of_boxes(const Detected& example) {
  if (!example.annotation.is_list()) return nullptr;
  const auto& list = example.annotation.items();
  const auto fits = std::ssize(list) == example.labels.size(0) &&
                    std::all_of(list.begin(), list.end(), [](const Json& one) { return one.is_object(); });
  return fits ? &list : nullptr;
}

// A number of each annotation; undefined when one of them has none.
Tensor numbers_of(const Json::List& annotations, std::string_view name) {
  std::vector<double> numbers;
  for (const auto& annotation : annotations) {
    const auto* number = annotation.find(name);
    if (!number || !(number->is_number() || number->is_bool())) return {};
    numbers.push_back(datasets::detail::number_or_bool(*number));
  }
  return torch::tensor(numbers, torch::kFloat64);
}

bool has_an_inside(const Json& annotation, int64_t image_id) {
  const auto* box = annotation.find("bbox");
  OPSIS_CHECK(box && box->is_list() && box->items().size() == 4,
              "images_with_objects: an annotation of image {} has no bbox of 4 numbers", image_id);
  return box->items()[2].number() > 1 && box->items()[3].number() > 1;
}

int64_t labelled_points(const Json& annotation, int64_t image_id) {
  const auto* points = annotation.find("keypoints");
  OPSIS_CHECK(points && points->is_list(), "images_with_objects: an annotation of image {} has no keypoints, and another has",
              image_id);
  int64_t labelled = 0;
  for (size_t i = 2; i < points->items().size(); i += 3) labelled += points->items()[i].number() > 0;
  return labelled;
}

Tensor corners_of(const Detected& example) {
  const auto boxes = example.boxes.data.defined() ? example.boxes.data : torch::zeros({0, 4});
  return ops::box_convert(boxes.to(torch::kFloat32).view({-1, 4}), example.boxes.format, BoundingBoxFormat::XYXY);
}

// As models learn them: (N, K, 3).
Tensor with_visibility(const KeyPoints& points) {
  const auto numbers = points.data.to(torch::kFloat32);
  const auto labelled = torch::isfinite(numbers).all(-1, /*keepdim=*/true);
  return torch::cat({torch::where(labelled, numbers, 0.0F), labelled.to(torch::kFloat32)}, -1);
}

// The mirror image of each key point of a person in COCO.
constexpr int64_t kMirrored[] = {0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15};

KeyPoints mirrored(const KeyPoints& points) {
  constexpr auto count = std::ssize(kMirrored);
  OPSIS_CHECK(points.data.dim() == 3 && points.data.size(1) == count,
              "RandomFlipOfPeople: key points must be (N, {}, 2), those of people in COCO, got {}", count,
              opsis::detail::shape(points.data));
  const auto order = torch::tensor(at::IntArrayRef(kMirrored), torch::kInt64);
  const auto sides = points.data.index_select(1, order);
  return wrap(torch::stack({points.canvas_size.width - sides.select(-1, 0), sides.select(-1, 1)}, -1), points);
}

Value to_value(const CocoResult& result) {
  auto value = Value::dict({});
  for (const auto& [name, number] : result.numbers) value.set(name, number);
  return value;
}

CocoResult to_result(const Value& value) {
  CocoResult result;
  for (const auto& [name, number] : value.entries()) result.numbers.push_back({name.as_string(), number.as_double()});
  return result;
}

Value to_value(const DetectionEpochReport& report) {
  auto losses = Value::dict({});
  for (const auto& [name, loss] : report.losses) losses.set(name, loss);
  auto value = Value::dict({{"epoch", report.epoch},
                            {"learning_rate", report.learning_rate},
                            {"loss", report.loss},
                            {"losses", std::move(losses)},
                            {"seconds", report.seconds}});
  if (const auto& held_out = report.validation) {
    auto numbers = Value::dict({{"images", held_out->images}, {"boxes", to_value(held_out->boxes)}});
    if (held_out->masks) numbers.set("masks", to_value(*held_out->masks));
    if (held_out->key_points) numbers.set("key_points", to_value(*held_out->key_points));
    value.set("validation", std::move(numbers));
  }
  return value;
}

DetectionEpochReport to_detection_report(const Value& value) {
  DetectionEpochReport report{.epoch = value.get<int64_t>("epoch"),
                              .learning_rate = value.get<double>("learning_rate"),
                              .loss = value.get<double>("loss"),
                              .seconds = value.get<double>("seconds")};
  for (const auto& [name, loss] : value.at("losses").entries()) {
    report.losses.emplace_back(name.as_string(), loss.as_double());
  }
  if (value.contains("validation")) {
    const auto& held_out = value.at("validation");
    report.validation =
        DetectionEvaluation{.boxes = to_result(held_out.at("boxes")), .images = held_out.get<int64_t>("images")};
    if (held_out.contains("masks")) report.validation->masks = to_result(held_out.at("masks"));
    if (held_out.contains("key_points")) report.validation->key_points = to_result(held_out.at("key_points"));
  }
  return report;
}

// Means over steps.
struct LossMeans {
  std::vector<std::pair<std::string, double>> sums;
  double sum = 0;
  int64_t steps = 0;

  void add(double total, const models::DetectionLosses& losses) {
    if (sums.empty()) {
      for (const auto& [name, loss] : losses) sums.emplace_back(name, 0);
    }
    size_t place = 0;
    for (const auto& [name, loss] : losses) sums[place++].second += loss.item<double>();
    sum += total;
    ++steps;
  }
  double mean(double of) const { return steps > 0 ? of / static_cast<double>(steps) : 0; }
};

// In the first epoch the rate rises to that of the schedule, which knows nothing of it; torchvision's warm-up has at most one
// step less than the epoch.
double rate_of(const DetectionFitOptions& options, int64_t epoch, int64_t step, int64_t steps) {
  if (options.warmup_steps == 0) return scheduled_rate(options.schedule, options, epoch, step, steps);
  auto schedule = options.schedule;
  schedule.warmup_epochs = 0;
  const auto rate = scheduled_rate(schedule, options, epoch, step, steps);
  const auto warmup = std::min(options.warmup_steps, steps - 1);
  if (epoch > 0 || step >= warmup) return rate;
  constexpr double begin = 1.0 / 1000;
  return rate * (begin + (1 - begin) * static_cast<double>(step) / static_cast<double>(warmup));
}

std::unique_ptr<torch::optim::Optimizer> optimizer_of(const DetectionModel& model, const DetectionFitOptions& options) {
  if (!options.norm_weight_decay) return make_optimizer(learning_parameters(model), options.optimizer);
  const auto [norms, others] = split_normalization_params(model);
  std::vector<std::vector<Tensor>> groups;
  std::vector<double> decays;
  const auto add = [&](const std::vector<Tensor>& parameters, double decay) {
    if (parameters.empty()) return;
    groups.push_back(parameters);
    decays.push_back(decay);
  };
  add(norms, *options.norm_weight_decay);
  add(others, options.optimizer.weight_decay);
  auto optimizer = make_grouped_optimizer(groups, options.optimizer);
  set_weight_decay(*optimizer, decays);
  return optimizer;
}

DetectionEpochReport train_detector_epoch(DetectionModel& model, DetectionLoader& train, torch::optim::Optimizer& optimizer,
                                          const DetectionFitOptions& options, int64_t epoch) {
  const auto begun = std::chrono::steady_clock::now();
  const auto steps = static_cast<int64_t>(train.size());
  LossMeans means;
  models::DetectionLosses losses;  // of the step
  progress::Job job(text("epoch {}/{}", epoch + 1, options.epochs), steps, "steps");
  const auto loss_of = [&](DetectionBatch& batch) {
    if (options.copy_paste) copy_paste(batch.images, batch.targets);
    losses = model.losses(std::move(batch.images), std::move(batch.targets));
    return losses.sum();
  };
  const auto after = [&](double loss) {
    means.add(loss, losses);
    job.figure("loss", fixed(means.mean(means.sum), 4));
    job.advance();
  };
  DetectionEpochReport report{.epoch = epoch};
  const auto rate_in = [&](int64_t step) { return rate_of(options, epoch, step, steps); };
  report.learning_rate = fit_steps(model, train, optimizer, options, rate_in, epoch, loss_of, after);
  report.loss = means.mean(means.sum);
  for (const auto& [name, sum] : means.sums) report.losses.emplace_back(name, means.mean(sum));
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return report;
}

}  // namespace

DetectionBatch DetectionBatch::pin_memory() const {
  auto out = *this;
  data::detail::pin(out.images);
  for (auto& target : out.targets) {
    for (auto* tensor : {&target.boxes, &target.labels, &target.masks, &target.keypoints})
      *tensor = data::detail::pinned(*tensor);
  }
  return out;
}

RandomFlipOfPeople::RandomFlipOfPeople(double p) : Sometimes("RandomFlipOfPeople", p) {}

transforms::Value RandomFlipOfPeople::transform(const transforms::Value& value) const {
  if (const auto* points = std::get_if<KeyPoints>(&value)) return mirrored(*points);
  return transforms::apply_kernel(value, [](const auto& v) { return transforms::functional::horizontal_flip(v); });
}

std::string RandomFlipOfPeople::repr() const { return text("RandomFlipOfPeople(p={})", probability()); }

DetectionBatch CollateDetected::operator()(std::vector<Detected> examples, std::span<const size_t> indices) const {
  DetectionBatch batch;
  const transforms::ObjectDetection prepare;
  for (size_t i = 0; i < examples.size(); ++i) {
    auto& example = examples[i];
    const auto boxes = corners_of(example);
    const auto labels = example.labels.defined() ? example.labels : torch::zeros({0}, torch::kInt64);
    CocoTarget truth{.boxes = boxes, .labels = labels};
    if (const auto* annotations = annotations_of_boxes(example)) {
      truth.is_crowd = numbers_of(*annotations, "iscrowd");
      truth.area = numbers_of(*annotations, "area");
      truth.num_keypoints = numbers_of(*annotations, "num_keypoints");
    }
    DetectionTarget target{.boxes = boxes, .labels = labels};
    if (example.masks) {
      target.masks = example.masks->data;
      truth.masks = io::encode_masks(example.masks->data);
    }
    if (example.key_points) target.keypoints = truth.key_points = with_visibility(*example.key_points);
    batch.images.push_back(prepare(std::move(example.image)).data);
    batch.targets.push_back(std::move(target));
    batch.truths.push_back(std::move(truth));
    batch.image_ids.push_back(example.image_id >= 0 ? example.image_id : static_cast<int64_t>(indices[i]));
  }
  return batch;
}

LearnableObjects::LearnableObjects(std::shared_ptr<const Dataset<Detected>> source, transforms::AnyTransform transforms)
    : source_(std::move(source)), transforms_(std::move(transforms)) {}

Detected LearnableObjects::get(size_t index) const {
  auto example = source_->get(index);
  const Size size{example.image.data.size(-2), example.image.data.size(-1)};
  const auto boxes = ops::clip_boxes_to_image(corners_of(example), size);
  auto keep = (boxes.slice(1, 2) > boxes.slice(1, 0, 2)).all(1);
  if (const auto* annotations = annotations_of_boxes(example)) {
    if (const auto crowds = numbers_of(*annotations, "iscrowd"); crowds.defined()) keep = keep.logical_and(crowds == 0);
  }
  const auto kept = keep.nonzero().squeeze(1);
  example.boxes = BoundingBoxes(boxes.index_select(0, kept), BoundingBoxFormat::XYXY, size);
  example.labels = example.labels.defined() ? example.labels.index_select(0, kept) : torch::zeros({0}, torch::kInt64);
  if (example.masks) example.masks = Mask(example.masks->data.index_select(0, kept));
  if (example.key_points) example.key_points = wrap(example.key_points->data.index_select(0, kept), *example.key_points);
  example.annotation = {};
  example = transforms_(std::move(example));
  if (example.key_points) return example;
  return transforms::SanitizeBoundingBoxes()(std::move(example));
}

std::vector<size_t> images_with_objects(const datasets::CocoFile& file) {
  constexpr int64_t least_key_points = 10;
  std::vector<size_t> places;
  for (size_t i = 0; i < file.images().size(); ++i) {
    const auto& image = file.images()[i];
    bool has_inside = false, has_points = false;
    int64_t labelled = 0;
    for (size_t a = 0; a < image.annotations.size(); ++a) {
      const auto annotation = Json::parse(file.annotation(image.annotations[a]));
      has_inside = has_inside || has_an_inside(annotation, image.id);
      if (a == 0) has_points = annotation.find("keypoints") != nullptr;
      if (has_points) labelled += labelled_points(annotation, image.id);
    }
    if (has_inside && (!has_points || labelled >= least_key_points)) places.push_back(i);
  }
  return places;
}

DetectionEvaluation evaluate(DetectionModel& model, DetectionLoader& data, const std::vector<double>& sigmas) {
  const torch::NoGradGuard no_grad;
  model.eval();
  CocoEvaluator boxes, masks({.kind = CocoKind::Masks}), points({.kind = CocoKind::KeyPoints, .sigmas = sigmas});
  progress::Job job("evaluating", static_cast<int64_t>(data.dataset().size()), "images");
  for (auto& batch : data) {
    const auto found = model.forward(std::move(batch.images));
    for (size_t i = 0; i < found.size(); ++i) {
      const auto& truth = batch.truths[i];
      CocoDetections detections{.boxes = found[i].boxes, .labels = found[i].labels, .scores = found[i].scores};
      const bool has_masks =
          found[i].masks.defined() && batch.targets[i].masks.defined() && std::ssize(truth.masks) == truth.labels.size(0);
      if (has_masks) detections.masks = io::encode_masks(found[i].masks.squeeze(1) > 0.5);
      boxes.update(batch.image_ids[i], truth, detections);
      if (has_masks) masks.update(batch.image_ids[i], truth, detections);
      if (found[i].keypoints.defined() && truth.key_points.defined()) {
        detections.key_points = found[i].keypoints;
        points.update(batch.image_ids[i], truth, detections);
      }
    }
    job.advance(std::ssize(found));
  }
  DetectionEvaluation evaluation{.boxes = boxes.compute(), .images = boxes.images()};
  if (masks.images() > 0) evaluation.masks = masks.compute();
  if (points.images() > 0) evaluation.key_points = points.compute();
  return evaluation;
}

std::vector<DetectionEpochReport> fit(DetectionModel& model, DetectionLoader& train, DetectionLoader* validation,
                                      const DetectionFitOptions& options) {
  check_fit(options, train);
  OPSIS_CHECK(options.warmup_steps >= 0, "fit: warmup_steps must not be negative, got {}", options.warmup_steps);

  const auto optimizer = optimizer_of(model, options);
  auto steps = kept_steps<DetectionEpochReport>(model, *optimizer, train, validation, options, to_value, to_detection_report);
  steps.train = [&](int64_t epoch) { return train_detector_epoch(model, train, *optimizer, options, epoch); };
  if (validation) steps.validate = [&](auto& report) { report.validation = evaluate(model, *validation, options.sigmas); };
  return fit_epochs(model, options, steps);
}

}  // namespace opsis::inline v1::engine
