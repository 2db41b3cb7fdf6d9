#include "opsis/engine/segmentation.h"

#include <torch/nn/functional/loss.h>

#include <algorithm>
#include <chrono>

#include "opsis/core/check.h"
#include "opsis/core/progress.h"
#include "opsis/engine/checkpoint.h"
#include "opsis/engine/fit_loop.h"
#include "opsis/engine/metrics.h"
#include "opsis/transforms.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::engine {
namespace {

using datasets::Segmented;
using hub::Value;
using models::SegmentationModel;
using torch::Tensor;

constexpr int64_t kNoClass = 255;

// Pads to the right and below, where RandomCrop would pad on all sides and so cut at other places.
class PadIfSmaller final : public transforms::Fixed<PadIfSmaller> {
 public:
  explicit PadIfSmaller(int64_t size) : size_(size) {}
  transforms::Value transform(const transforms::Value& value) const {
    return transforms::apply_kernel(value, [&](const auto& v) {
      const auto [height, width] = transforms::functional::get_size(v);
      const auto right = std::max<int64_t>(size_ - width, 0), below = std::max<int64_t>(size_ - height, 0);
      return transforms::functional::pad(v, {0, 0, right, below}, fill_[value]);
    });
  }
  std::string repr() const override { return text("PadIfSmaller(size={})", size_); }

 private:
  int64_t size_;
  transforms::Fills fill_ = transforms::PerKind<transforms::Fill>{.mask = kNoClass, .others = 0};
};

transforms::AnyTransform normalized(const transforms::SemanticSegmentationOptions& preprocessing) {
  const auto &mean = preprocessing.mean, &deviation = preprocessing.std;
  return transforms::Compose{transforms::ToDtype(torch::kFloat32, {.scale = true}),
                             transforms::Normalize({mean.begin(), mean.end()}, {deviation.begin(), deviation.end()})};
}

// (N, H, W) int64, for scores (N, classes, H, W).
Tensor checked_labels(std::string_view who, const Tensor& masks, const Tensor& scores) {
  OPSIS_CHECK(masks.dim() == 4 && masks.size(1) == 1 && masks.size(0) == scores.size(0) && masks.size(2) == scores.size(2) &&
                  masks.size(3) == scores.size(3),
              "{}: masks must be (N, 1, H, W) of the images' size, got {} for scores {}", who, detail::shape(masks),
              detail::shape(scores));
  OPSIS_CHECK(!masks.is_floating_point() && !masks.is_complex(), "{}: masks must be whole numbers, got {}", who,
              masks.scalar_type());
  return masks.squeeze(1).to(torch::kInt64);
}

Tensor pixel_loss(const Tensor& scores, const Tensor& labels, int64_t ignore_index) {
  // The mean of nothing is no number, and its gradient 0: so is this one's.
  if (labels.eq(ignore_index).all().item<bool>()) return scores.sum() * 0;
  return torch::nn::functional::cross_entropy(scores, labels,
                                              torch::nn::functional::CrossEntropyFuncOptions().ignore_index(ignore_index));
}

void check_classes(const Tensor& labels, int64_t classes, int64_t ignore_index) {
  const auto wrong = labels.lt(0).logical_or(labels.ge(classes)).logical_and(labels.ne(ignore_index));
  if (!wrong.any().item<bool>()) return;
  raise<ValueError>(
      "fit: a mask has the number {}, the model has {} classes; build it with that many (num_classes), or give "
      "pixels without a class the ignore_index, {}",
      labels.masked_select(wrong)[0].item<int64_t>(), classes, ignore_index);
}

// The auxiliary classifier's parameters last, in a group of their own.
struct Groups {
  std::vector<std::vector<Tensor>> parameters;
  std::vector<double> factors;
};
Groups groups_of(const SegmentationModel& model, double aux_lr_factor) {
  std::vector<Tensor> main, aux;
  for (const auto& parameter : model.named_parameters()) {
    if (!parameter.value().requires_grad()) continue;
    (parameter.key().starts_with("aux_classifier.") ? aux : main).push_back(parameter.value());
  }
  Groups groups{.parameters = {std::move(main)}, .factors = {1}};
  if (!aux.empty()) {
    groups.parameters.push_back(std::move(aux));
    groups.factors.push_back(aux_lr_factor);
  }
  return groups;
}

Value list_of(const std::vector<double>& numbers) { return Value::list(std::vector<Value>(numbers.begin(), numbers.end())); }

Value to_value(const SegmentationEpochReport& report) {
  auto value = Value::dict(
      {{"epoch", report.epoch}, {"learning_rate", report.learning_rate}, {"loss", report.loss}, {"seconds", report.seconds}});
  if (const auto& held_out = report.validation) {
    value.set("validation", Value::dict({{"pixel_accuracy", held_out->pixel_accuracy},
                                         {"mean_iou", held_out->mean_iou},
                                         {"class_accuracy", list_of(held_out->class_accuracy)},
                                         {"iou", list_of(held_out->iou)},
                                         {"images", held_out->images}}));
  }
  return value;
}

SegmentationEpochReport to_segmentation_report(const Value& value) {
  SegmentationEpochReport report{.epoch = value.get<int64_t>("epoch"),
                                 .learning_rate = value.get<double>("learning_rate"),
                                 .loss = value.get<double>("loss"),
                                 .seconds = value.get<double>("seconds")};
  if (value.contains("validation")) {
    const auto& held_out = value.at("validation");
    report.validation = SegmentationEvaluation{.pixel_accuracy = held_out.get<double>("pixel_accuracy"),
                                               .mean_iou = held_out.get<double>("mean_iou"),
                                               .class_accuracy = held_out.get<std::vector<double>>("class_accuracy"),
                                               .iou = held_out.get<std::vector<double>>("iou"),
                                               .images = held_out.get<int64_t>("images")};
  }
  return report;
}

SegmentationEpochReport train_segmenter_epoch(SegmentationModel& model, SegmentationLoader& train,
                                              torch::optim::Optimizer& optimizer, const SegmentationFitOptions& options,
                                              int64_t epoch, const std::vector<double>& factors) {
  const auto begun = std::chrono::steady_clock::now();
  double sum = 0;
  int64_t steps = 0;
  progress::Job job(text("epoch {}/{}", epoch + 1, options.epochs), static_cast<int64_t>(train.size()), "steps");
  const auto loss_of = [&](auto& batch) {
    const Tensor &images = std::get<0>(batch), &masks = std::get<1>(batch);
    const auto scores = in_training(images.size(0), [&] { return model.outputs(images); });
    const auto labels = checked_labels("fit", masks, scores.out);
    check_classes(labels, scores.out.size(1), options.ignore_index);
    auto loss = pixel_loss(scores.out, labels, options.ignore_index);
    if (!scores.aux.defined()) return loss;
    return loss + options.aux_weight * pixel_loss(scores.aux, labels, options.ignore_index);
  };
  const auto after = [&](double loss) {
    sum += loss;
    ++steps;
    job.figure("loss", fixed(sum / static_cast<double>(steps), 4));
    job.advance();
  };
  const auto rate_in = [&, all = static_cast<int64_t>(train.size())](int64_t step) {
    return scheduled_rate(options.schedule, options, epoch, step, all);
  };
  SegmentationEpochReport report{.epoch = epoch};
  report.learning_rate = fit_steps(model, train, optimizer, options, rate_in, epoch, loss_of, after, factors);
  report.loss = sum / static_cast<double>(std::max<int64_t>(steps, 1));
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return report;
}

std::vector<double> doubles_of(const Tensor& tensor) {
  const auto numbers = tensor.contiguous();
  return {numbers.const_data_ptr<double>(), numbers.const_data_ptr<double>() + numbers.numel()};
}

}  // namespace

transforms::AnyTransform segmentation_augmentation(const SegmentationAugmentationOptions& options) {
  namespace T = transforms;
  OPSIS_CHECK(options.base_size > 0 && options.crop_size > 0,
              "segmentation_augmentation: base_size and crop_size must be positive, got {} and {}", options.base_size,
              options.crop_size);
  return T::Compose{T::RandomResize(options.base_size / 2, 2 * options.base_size), T::RandomHorizontalFlip(options.hflip_prob),
                    PadIfSmaller(options.crop_size), T::RandomCrop(options.crop_size), normalized(options.preprocessing)};
}

transforms::AnyTransform segmentation_preparation(const transforms::SemanticSegmentationOptions& preprocessing) {
  if (!preprocessing.resize_size) return normalized(preprocessing);
  return transforms::Compose{transforms::Resize(*preprocessing.resize_size), normalized(preprocessing)};
}

SegmentedObjects::SegmentedObjects(std::shared_ptr<const Dataset<datasets::Detected>> source, std::vector<int64_t> labels,
                                   transforms::AnyTransform transforms)
    : source_(std::move(source)), labels_(std::move(labels)), transforms_(std::move(transforms)) {
  OPSIS_CHECK(!labels_.empty() && std::ssize(labels_) <= kNoClass, "SegmentedObjects: there must be 1 to {} labels, got {}",
              kNoClass, labels_.size());
}

Segmented SegmentedObjects::get(size_t index) const {
  auto example = source_->get(index);
  const auto height = example.image.data.size(-2), width = example.image.data.size(-1);
  auto classes = torch::zeros({height, width}, torch::kUInt8);
  auto covered = torch::zeros({height, width}, torch::kInt32);
  const auto count = example.labels.defined() ? example.labels.size(0) : 0;
  OPSIS_CHECK(count == 0 || example.masks, "SegmentedObjects: example {} has {} objects without masks", index, count);
  for (int64_t i = 0; i < count; ++i) {
    const auto place = std::find(labels_.begin(), labels_.end(), example.labels[i].item<int64_t>());
    if (place == labels_.end()) continue;
    const auto mask = example.masks->data[i].to(torch::kBool);
    OPSIS_CHECK(mask.sizes() == classes.sizes(), "SegmentedObjects: example {} has an image of {} and a mask of {}", index,
                detail::shape(classes), detail::shape(mask));
    classes.masked_fill_(mask, static_cast<int64_t>(place - labels_.begin()));
    covered += mask;
  }
  classes.masked_fill_(covered > 1, kNoClass);
  return transforms_(Segmented{.image = std::move(example.image), .mask = Mask(classes.unsqueeze(0))});
}

const std::vector<int64_t>& coco_labels_of_voc() {
  static const std::vector<int64_t> labels{0, 5, 2, 16, 9, 44, 6, 3, 17, 62, 21, 67, 18, 19, 4, 1, 64, 20, 63, 7, 72};
  return labels;
}

std::vector<size_t> images_with_area(const datasets::CocoFile& file, const std::vector<int64_t>& labels) {
  std::vector<size_t> places;
  const auto& images = file.images();
  for (size_t i = 0; i < images.size(); ++i) {
    double area = 0;
    for (const auto& part : images[i].annotations) {
      const auto annotation = Json::parse(file.annotation(part));
      const auto *number = annotation.find("area"), *category = annotation.find("category_id");
      OPSIS_CHECK(number && number->is_number() && category && category->is_number(),
                  "images_with_area: an annotation of image {} has no area or no category_id", images[i].id);
      const bool wanted = std::any_of(labels.begin(), labels.end(),
                                      [&](int64_t label) { return static_cast<double>(label) == category->number(); });
      if (wanted) area += number->number();
    }
    if (area > 1000) places.push_back(i);
  }
  return places;
}

SegmentationEvaluation evaluate(SegmentationModel& model, SegmentationLoader& data) {
  const torch::NoGradGuard no_grad;
  model.eval();
  std::optional<ConfusionMatrix> matrix;
  SegmentationEvaluation evaluation;
  progress::Job job("evaluating", static_cast<int64_t>(data.dataset().size()), "images");
  for (auto& [images, masks] : data) {
    const auto scores = model.forward(images);
    if (!matrix) matrix.emplace(scores.size(1));
    matrix->update(checked_labels("evaluate", masks, scores), scores.argmax(1));
    evaluation.images += images.size(0);
    job.advance(images.size(0));
  }
  if (!matrix && data.options().stop.stop_requested()) return evaluation;
  OPSIS_CHECK(matrix, "evaluate: the data set gives no batch ({} images)", data.dataset().size());
  evaluation.pixel_accuracy = matrix->pixel_accuracy();
  evaluation.mean_iou = matrix->mean_iou();
  evaluation.class_accuracy = doubles_of(matrix->class_accuracy());
  evaluation.iou = doubles_of(matrix->iou());
  return evaluation;
}

std::vector<SegmentationEpochReport> fit(SegmentationModel& model, SegmentationLoader& train, SegmentationLoader* validation,
                                         const SegmentationFitOptions& options) {
  check_fit(options, train);
  OPSIS_CHECK(options.aux_lr_factor >= 0, "fit: aux_lr_factor must not be negative, got {}", options.aux_lr_factor);

  const auto groups = groups_of(model, options.aux_lr_factor);
  const auto optimizer = make_grouped_optimizer(groups.parameters, options.optimizer);
  auto steps =
      kept_steps<SegmentationEpochReport>(model, *optimizer, train, validation, options, to_value, to_segmentation_report);
  steps.train = [&](int64_t epoch) { return train_segmenter_epoch(model, train, *optimizer, options, epoch, groups.factors); };
  if (validation) steps.validate = [&](auto& report) { report.validation = evaluate(model, *validation); };
  return fit_epochs(model, options, steps);
}

}  // namespace opsis::inline v1::engine
