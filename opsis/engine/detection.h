// Training and evaluating detectors.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/data/loader.h"
#include "opsis/datasets/coco_file.h"
#include "opsis/datasets/examples.h"
#include "opsis/engine/classification.h"
#include "opsis/engine/coco_evaluator.h"
#include "opsis/engine/optimizer.h"
#include "opsis/engine/schedule.h"
#include "opsis/hub/checkpoint.h"
#include "opsis/models/detection/model.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::engine {

/// Mirrors a picture of people and all that is on it, or nothing. What was a left hand is a right one then: key points change
/// places as those of a person in COCO; they are mirrored at the edge of the canvas, as boxes are.
/// Draws    one torch.rand(1); mirrors when it is below p
/// Throws   ValueError when p is not in [0, 1]; applied, for other than 17 key points
/// Source   RandomHorizontalFlip of torchvision's references/detection
class OPSIS_API RandomFlipOfPeople final : public transforms::Sometimes<RandomFlipOfPeople> {
 public:
  explicit RandomFlipOfPeople(double p = 0.5);

  transforms::Value transform(const transforms::Value& value) const;
  transforms::Value inverse(const transforms::Value& value, Size) const { return transform(value); }
  std::string repr() const override;
};

/// What a detector gets at once: images of any sizes.
struct DetectionBatch {
  std::vector<torch::Tensor> images{};             ///< (3, H, W) in [0, 1]
  std::vector<models::DetectionTarget> targets{};  ///< to learn from
  std::vector<CocoTarget> truths{};                ///< to be judged by; masks as run lengths, key points as the target has them
  std::vector<int64_t> image_ids{};                ///< the data set's; where it has none the images' places in it

  /// The images and targets in pinned memory, for a loader with pin_memory.
  OPSIS_API DetectionBatch pin_memory() const;
};

/// Makes a batch of examples, for a data loader. Images that are whole numbers are brought to [0, 1], boxes to float32; key points
/// that are no numbers become (0, 0, 0), all others (x, y, 1). A truth's
/// crowds and areas are those of the annotation, where that is a list with an entry for each box, as COCO has it.
struct OPSIS_API CollateDetected {
  DetectionBatch operator()(std::vector<datasets::Detected> examples, std::span<const size_t> indices) const;
};

///     DetectionLoader loader(std::make_shared<LearnableObjects>(photos, transforms), {.batch_size = 2, .shuffle = true});
using DetectionLoader = data::DataLoader<datasets::Detected, CollateDetected>;

/// What a detector learns from of another data set's examples: neither crowds nor boxes without an inside; boxes end where the
/// image does. Then come the transforms, and after them SanitizeBoundingBoxes; but for examples with key points, whose boxes
/// torchvision's recipe takes as they are. Annotations are left out.
/// Source   ConvertCocoPolysToMask and DetectionPresetTrain of torchvision's references/detection
class OPSIS_API LearnableObjects final : public datasets::Dataset<datasets::Detected> {
 public:
  explicit LearnableObjects(std::shared_ptr<const datasets::Dataset<datasets::Detected>> source,
                            transforms::AnyTransform transforms = {});
  size_t size() const override { return source_->size(); }
  datasets::Detected get(size_t index) const override;

 private:
  std::shared_ptr<const datasets::Dataset<datasets::Detected>> source_;
  transforms::AnyTransform transforms_;
};

/// The places of the images that have a box of more than a pixel each way and, where the first annotation tells key points, ten of
/// them that are labelled.
///     auto photos = std::make_shared<datasets::CocoDetection>(...);
///     datasets::Subset some(photos, engine::images_with_objects(photos->file()));
/// Throws   ValueError for an annotation without a box, or without key points where the first has them, with the image's id
/// Source   _coco_remove_images_without_annotations of torchvision's references/detection
OPSIS_API std::vector<size_t> images_with_objects(const datasets::CocoFile& file);

/// How a detector does on a data set.
struct DetectionEvaluation {
  CocoResult boxes{};
  std::optional<CocoResult> masks{};  ///< when the model finds them, and the data set has them
  int64_t images = 0;
  std::optional<CocoResult> key_points{};  ///< likewise
};

/// One epoch of a training run.
struct DetectionEpochReport {
  int64_t epoch = 0;  ///< from 0
  double learning_rate = 0;
  double loss = 0;                                       ///< mean over the epoch's steps
  std::vector<std::pair<std::string, double>> losses{};  ///< likewise, each of those it is the sum of
  double seconds = 0;
  std::optional<DetectionEvaluation> validation{};  ///< of epochs before a resume the numbers alone, without curves
};

/// The defaults are those of torchvision's detection recipe, on one device with two images a step: the learning rate goes with
/// the number of images, 0.02 for 16.
struct DetectionFitOptions {
  int64_t epochs = 26;
  OptimizerOptions optimizer{.lr = 0.0025};
  ScheduleOptions schedule{.curve = ScheduleOptions::Curve::Steps, .milestones = {16, 22}};
  int64_t warmup_steps = 1000;  ///< in which the rate rises evenly from a thousandth to the schedule's, within the first epoch,
                                ///< in place of the schedule's warm-up; 0: as the schedule has it
  std::optional<double> clip_grad_norm{};
  std::filesystem::path checkpoint{};  ///< as FitOptions
  std::filesystem::path resume{};
  hub::Value extra{};
  std::function<void(const StepReport&)> on_step{};
  std::function<void(const DetectionEpochReport&)> on_epoch{};
  std::vector<double> sigmas{};               ///< of key points, for the evaluation: as CocoOptions has them
  std::optional<double> norm_weight_decay{};  ///< of the parameters of norms; none: the optimizer's, as of all others
  bool copy_paste = false;                    ///< things of each picture of a batch on the next one: see engine::copy_paste
};

/// Trains a detector by the sum of its losses, and evaluates it on `validation` after each epoch when that is given. What needs no
/// gradient stays as it is. All else is as of classifiers, the checkpoint too.
///     auto model = models::detection::fasterrcnn_resnet50_fpn({}, {.num_classes = 4});
///     engine::fit(*model, train, &held_out, {.epochs = 10, .checkpoint = "detector.pth"});
/// Throws   ValueError for a loss that is not finite, for a checkpoint that belongs to another model or optimizer; what the
///          model's losses throw; SampleError from the loader
/// Source   torchvision's references/detection
OPSIS_API std::vector<DetectionEpochReport> fit(models::DetectionModel& model, DetectionLoader& train,
                                                DetectionLoader* validation = nullptr, const DetectionFitOptions& options = {});

/// COCO's numbers. Leaves the model in evaluation mode. `sigmas`, of key points, are as CocoOptions has them.
/// Throws   as CocoEvaluator, for two images of one id and for key points that have no sigmas
OPSIS_API DetectionEvaluation evaluate(models::DetectionModel& model, DetectionLoader& data,
                                       const std::vector<double>& sigmas = {});

}  // namespace opsis::inline v1::engine
