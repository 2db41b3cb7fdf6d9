// Training and evaluating image classifiers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/data/loader.h"
#include "opsis/datasets/dataset.h"
#include "opsis/engine/optimizer.h"
#include "opsis/engine/schedule.h"
#include "opsis/hub/checkpoint.h"
#include "opsis/models/task.h"

namespace opsis::inline v1::engine {

using ClassifiedLoader = data::DataLoader<datasets::Classified>;

/// How a model does on a data set.
struct Evaluation {
  double loss = 0;           ///< mean cross-entropy of an image
  double accuracy = 0;       ///< share of images whose best class is right, 0 to 1
  double accuracy_top5 = 0;  ///< share of images whose class is among the best five (or all, when there are fewer)
  int64_t images = 0;
};

/// One epoch of a training run.
struct EpochReport {
  int64_t epoch = 0;  ///< from 0
  double learning_rate = 0;
  double loss = 0;      ///< mean over the epoch's images, with label smoothing
  double accuracy = 0;  ///< of the training images, as they were seen, 0 to 1
  double seconds = 0;
  std::optional<Evaluation> validation{};
};

/// One step of a training run, for FitOptions::on_step.
struct StepReport {
  int64_t epoch = 0, step = 0;  ///< the step counts on over epochs, from 0
  double learning_rate = 0;
  double loss = 0;
};

/// The defaults are those of torchvision's classification recipe.
struct FitOptions {
  int64_t epochs = 90;
  OptimizerOptions optimizer{};
  ScheduleOptions schedule{};
  double label_smoothing = 0;
  std::optional<double> clip_grad_norm{};
  std::filesystem::path checkpoint{};  ///< written after every epoch when named
  std::filesystem::path resume{};      ///< a checkpoint to go on from; the run then ends as if it had never stopped
  hub::Value extra{};                  ///< a dict whose entries the checkpoint carries too
  std::function<void(const StepReport&)> on_step{};
  std::function<void(const EpochReport&)> on_epoch{};
};

/// Trains a classifier with cross-entropy, and evaluates it on `validation` after each epoch when that is given. Shows its
/// progress (core/progress.h). The model is left in evaluation mode. Returns a report an epoch, those before a resume too.
///
/// A checkpoint is a torch file {"model", "optimizer", "epoch", "generator", "history", "loaders", ...extra}:
/// load_state_dict_file reads the model out of it, torch.load(weights_only=True) all of it. The loaders stand in it too, so that
/// generators of a sampler's own go on where they were.
/// Throws   ValueError for a label outside the model's classes, for a loss that is not finite, for a checkpoint that belongs to
///          another model, optimizer or loader; SampleError from the loader
/// Source   torchvision's references/classification
OPSIS_API std::vector<EpochReport> fit(models::ImageClassifier& model, ClassifiedLoader& train,
                                       ClassifiedLoader* validation = nullptr, const FitOptions& options = {});

/// Leaves the model in evaluation mode.
OPSIS_API Evaluation evaluate(models::ImageClassifier& model, ClassifiedLoader& data);

}  // namespace opsis::inline v1::engine
