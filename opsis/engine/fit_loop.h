// What fit is for every kind of model: epochs, from where a checkpoint left off. For Opsis's own sources.
#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/engine/checkpoint.h"

namespace opsis::inline v1::engine {

/// What a kind of model does of it.
template <class Report>
struct FitSteps {
  std::function<std::vector<Report>()> resume;       ///< brings the run of options.resume back, and gives its history
  std::function<Report(int64_t epoch)> train;        ///< an epoch
  std::function<void(Report&)> validate{};           ///< empty: nothing is held out
  std::function<void(const std::vector<Report>&)> save;  ///< writes options.checkpoint
};

/// Refuses options that no kind of model can take, and data without a batch.
template <class Options, class Loader>
void check_fit(const Options& options, const Loader& train) {
  OPSIS_CHECK(options.epochs > 0, "fit: epochs must be positive, got {}", options.epochs);
  OPSIS_CHECK(train.size() > 0, "fit: the training data set gives no batch ({} images)", train.dataset().size());
  OPSIS_CHECK(!options.clip_grad_norm || *options.clip_grad_norm > 0, "fit: clip_grad_norm must be positive, got {}",
              *options.clip_grad_norm);
}

/// The history of all epochs; the model is in evaluation then.
template <class Report, class Options>
std::vector<Report> fit_epochs(torch::nn::Module& model, const Options& options, const FitSteps<Report>& steps) {
  std::vector<Report> history;
  if (!options.resume.empty()) {
    history = steps.resume();
    OPSIS_CHECK(std::ssize(history) < options.epochs, "fit: {} has had {} epochs already; ask for more (epochs is {})",
                options.resume.string(), history.size(), options.epochs);
  }
  if (!options.checkpoint.empty()) check_writable(options.checkpoint);

  for (auto epoch = static_cast<int64_t>(history.size()); epoch < options.epochs; ++epoch) {
    history.push_back(steps.train(epoch));
    if (steps.validate) steps.validate(history.back());
    if (!options.checkpoint.empty()) steps.save(history);
    if (options.on_epoch) options.on_epoch(history.back());
  }
  model.eval();
  return history;
}

}  // namespace opsis::inline v1::engine
