// What train and finetune share: their options, how images are varied and read, and how an epoch is told.
#pragma once

#include <optional>
#include <string>

#include "cli/classifier.h"
#include "cli/output.h"
#include "opsis/engine.h"
#include "opsis/transforms.h"

namespace CLI {
class App;
}

namespace cli {

struct RunOptions {
  std::string data{}, validation{}, model{}, out{};
  size_t batch_size = 32, workers = 1;
  double label_smoothing = 0;
  uint64_t seed = 0;
  bool json = false;
};

/// Declares all of them but `data`.
void declare_run(CLI::App& command, RunOptions& options);

/// Throws UsageError when what no parser checks makes no sense.
void check_run(const RunOptions& options);

/// Throws ValueError when a label would mean one thing in the one and another in the other.
void check_same_classes(const Data& train, const Data& validation);

/// The images of a run: those to learn from shuffled, those to validate on, if there are any, in their order.
struct Loaders {
  using Dataset = std::shared_ptr<const opsis::datasets::Dataset<opsis::datasets::Classified>>;
  Loaders(Dataset learn_from, Dataset validate_on, const RunOptions& options);

  opsis::engine::ClassifiedLoader train;
  std::optional<opsis::engine::ClassifiedLoader> validation;
  opsis::engine::ClassifiedLoader* validation_or_none() { return validation ? &*validation : nullptr; }
};

/// Photos are cropped and mirrored at random, as in torchvision's recipe; then prepared as the model wants them.
opsis::transforms::AnyTransform photo_augmentation(const opsis::transforms::ImageClassificationOptions& preprocessing);

Json to_json(const opsis::engine::EpochReport& epoch);

/// "epoch 2/5  loss 0.6931  acc@1 50.00 %  ..."
std::string to_line(const opsis::engine::EpochReport& epoch, int64_t epochs);

}  // namespace cli
