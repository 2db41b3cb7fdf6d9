// Training and evaluating models that say what every pixel belongs to.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/data/loader.h"
#include "opsis/datasets/coco_file.h"
#include "opsis/datasets/examples.h"
#include "opsis/engine/classification.h"
#include "opsis/engine/optimizer.h"
#include "opsis/engine/schedule.h"
#include "opsis/hub/checkpoint.h"
#include "opsis/models/task.h"
#include "opsis/transforms/presets.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::engine {

/// Batches of images (N, C, H, W) and masks (N, 1, H, W); those to evaluate on are of one image where sizes differ.
///     SegmentationLoader loader(datasets::VOCSegmentation({.root = "data", .transforms = segmentation_augmentation()}),
///                               {.batch_size = 8, .shuffle = true, .drop_last = true});
using SegmentationLoader = data::DataLoader<datasets::Segmented>;

/// Of segmentation_augmentation.
struct SegmentationAugmentationOptions {
  int64_t base_size = 520;  ///< the shorter side becomes half to twice as long as it
  int64_t crop_size = 480;  ///< of both sides of what is cut out; what is smaller gets black pixels that belong to no class
  double hflip_prob = 0.5;
  transforms::SemanticSegmentationOptions preprocessing{};  ///< its mean and std
};

/// What images and masks go through before a model learns from them.
/// Draws    RandomResize, RandomHorizontalFlip, RandomCrop
/// Throws   ValueError, applied, when base_size is below 1 or crop_size is
/// Source   SegmentationPresetTrain of torchvision's references/segmentation
OPSIS_API transforms::AnyTransform segmentation_augmentation(const SegmentationAugmentationOptions& options = {});

/// What they go through before a model is evaluated on them: the preset resizes images alone, this one masks too.
/// Source   SegmentationPresetEval of torchvision's references/segmentation
OPSIS_API transforms::AnyTransform segmentation_preparation(const transforms::SemanticSegmentationOptions& preprocessing);

/// Objects with masks as classes of pixels: a pixel is of its object's class, of the background (0) where no object is, and of none
/// (255) where there are several. Objects whose label is not among `labels` count as background.
///     // COCO's objects as the 21 classes of VOC
///     SegmentedObjects photos(std::make_shared<datasets::CocoDetection>(...), coco_labels_of_voc());
/// Shapes   mask (1, H, W) uint8
/// Throws   get: ValueError for objects without masks, and for masks of another size than their image
/// Source   FilterAndRemapCocoCategories and ConvertCocoPolysToMask of torchvision's references/segmentation
class OPSIS_API SegmentedObjects final : public datasets::Dataset<datasets::Segmented> {
 public:
  /// `labels`: the label of each class, the background's first.
  /// Throws   ValueError unless there are 1 to 255 of them
  SegmentedObjects(std::shared_ptr<const datasets::Dataset<datasets::Detected>> source, std::vector<int64_t> labels,
                   transforms::AnyTransform transforms = {});
  size_t size() const override { return source_->size(); }
  datasets::Segmented get(size_t index) const override;

 private:
  std::shared_ptr<const datasets::Dataset<datasets::Detected>> source_;
  std::vector<int64_t> labels_;
  transforms::AnyTransform transforms_;
};

/// COCO's numbers of VOC's 21 classes, in VOC's order.
OPSIS_API const std::vector<int64_t>& coco_labels_of_voc();

/// The places of the images whose objects of these labels cover more than 1,000 pixels together.
/// Throws   ValueError for an annotation without an area, with the image's id
/// Source   _coco_remove_images_without_annotations of torchvision's references/segmentation
OPSIS_API std::vector<size_t> images_with_area(const datasets::CocoFile& file, const std::vector<int64_t>& labels);

/// How a model does on a data set.
struct SegmentationEvaluation {
  double pixel_accuracy = 0;                    ///< of all pixels that belong to a class
  double mean_iou = 0;                          ///< of the classes that were met
  std::vector<double> class_accuracy{}, iou{};  ///< by class; NaN where there are no pixels
  int64_t images = 0;
};

/// One epoch of a training run.
struct SegmentationEpochReport {
  int64_t epoch = 0;  ///< from 0
  double learning_rate = 0;
  double loss = 0;  ///< mean over the epoch's steps
  double seconds = 0;
  std::optional<SegmentationEvaluation> validation{};
};

/// The defaults are those of torchvision's recipe.
struct SegmentationFitOptions {
  int64_t epochs = 30;
  OptimizerOptions optimizer{.lr = 0.01};
  ScheduleOptions schedule{.curve = ScheduleOptions::Curve::Polynomial, .every_step = true};
  double aux_weight = 0.5;     ///< by which the auxiliary classifier's loss counts
  double aux_lr_factor = 10;   ///< by which it learns faster
  int64_t ignore_index = 255;  ///< the mask's value for pixels that count for nothing
  std::optional<double> clip_grad_norm{};
  std::filesystem::path checkpoint{};  ///< as FitOptions
  std::filesystem::path resume{};
  hub::Value extra{};
  std::function<void(const StepReport&)> on_step{};
  std::function<void(const SegmentationEpochReport&)> on_epoch{};
};

/// Trains by the mean cross-entropy of pixels, and evaluates on `validation` after each epoch when that is given. What needs no
/// gradient stays as it is. All else is as of classifiers, the checkpoint too.
///     auto model = models::segmentation::lraspp_mobilenet_v3_large({}, {.num_classes = 4});
///     engine::fit(*model, train, &held_out, {.epochs = 10, .checkpoint = "segmenter.pth"});
/// Throws   ValueError for a mask with a number that is neither a class nor ignore_index, for masks of another size than their
///          images, for a loss that is not finite, for a checkpoint that belongs to another model or optimizer; SampleError from
///          the loader
/// Source   torchvision's references/segmentation
OPSIS_API std::vector<SegmentationEpochReport> fit(models::SegmentationModel& model, SegmentationLoader& train,
                                                   SegmentationLoader* validation = nullptr,
                                                   const SegmentationFitOptions& options = {});

/// Leaves the model in evaluation mode. Pixels whose label is no class count for nothing.
OPSIS_API SegmentationEvaluation evaluate(models::SegmentationModel& model, SegmentationLoader& data);

}  // namespace opsis::inline v1::engine
