// What fit is for every kind of model: steps, and epochs from where a checkpoint left off. For Opsis's own sources.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/utils/clip_grad.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/engine/checkpoint.h"
#include "opsis/engine/optimizer.h"
#include "opsis/engine/schedule.h"

namespace opsis::inline v1::engine {

/// What a kind of model does of it.
template <class Report>
struct FitSteps {
  std::function<bool()> was_cut{};                         ///< whether the last epoch was, by its loader's stop
  std::function<bool()> validation_was_cut{};              ///< whether that of what is held out was
  std::function<std::vector<Report>()> resume{};           ///< brings the run of options.resume back, and gives its history
  std::function<Report(int64_t epoch)> train{};            ///< an epoch
  std::function<void(Report&)> validate{};                 ///< empty: nothing is held out
  std::function<void(const std::vector<Report>&)> save{};  ///< writes options.checkpoint
};

/// A classifier's report, as checkpoints have it.
hub::Value to_value(const EpochReport& report);
EpochReport to_report(const hub::Value& value);

/// Puts a loader to where that of this name stood in the run.
template <class Loader>
void load_loader(const std::filesystem::path& checkpoint, const hub::Value& states, std::string_view name, Loader& loader) {
  try {
    loader.load_state(states.at(name));
  } catch (const ValueError& error) {
    raise<ValueError>(
        "fit: {} is of a run that had another loader ({}): {}; resume with that run's data set, sampler and batch size",
        checkpoint.string(), name, error.what());
  }
}

/// Whether the epoch that a loader began last ended before its last batch, since it was told to stop.
template <class Loader>
bool was_cut(const Loader& loader) {
  return loader.options().stop.stop_requested() && loader.report().batches < loader.size();
}

/// Steps that keep their history in a checkpoint of save_run, each report as `to_value` has it, and where the loaders stand; train
/// is still to be given, and validate where there is a loader for it.
template <class Report, class Loader, class Options>
FitSteps<Report> kept_steps(torch::nn::Module& model, torch::optim::Optimizer& optimizer, Loader& train, Loader* validation,
                            const Options& options, hub::Value (*to_value)(const Report&),
                            Report (*from_value)(const hub::Value&)) {
  FitSteps<Report> steps;
  steps.was_cut = [&train] { return was_cut(train); };
  steps.validation_was_cut = [validation] { return validation && was_cut(*validation); };
  steps.resume = [&, validation, from_value] {
    const auto run = load_run(options.resume, model, optimizer);
    if (!run.loaders.is_none()) {
      load_loader(options.resume, run.loaders, "train", train);
      if (validation && run.loaders.contains("validation")) load_loader(options.resume, run.loaders, "validation", *validation);
    }
    std::vector<Report> history;
    for (const auto& report : run.history.items()) history.push_back(from_value(report));
    return history;
  };
  steps.save = [&, validation, to_value](const std::vector<Report>& history) {
    SavedRun run{.history = hub::Value::list(), .loaders = hub::Value::dict({{"train", train.state()}})};
    for (const auto& report : history) run.history.push_back(to_value(report));
    if (validation) run.loaders.set("validation", validation->state());
    save_run(options.checkpoint, model, optimizer, std::move(run), options.extra);
  };
  return steps;
}

/// Refuses options that no kind of model can take, and data without a batch.
template <class Options, class Loader>
void check_fit(const Options& options, const Loader& train) {
  OPSIS_CHECK(options.epochs > 0, "fit: epochs must be positive, got {}", options.epochs);
  OPSIS_CHECK(train.size() > 0, "fit: the training data set gives no batch ({} images)", train.dataset().size());
  OPSIS_CHECK(!options.clip_grad_norm || *options.clip_grad_norm > 0, "fit: clip_grad_norm must be positive, got {}",
              *options.clip_grad_norm);
}

/// What `forward` gives of a batch of so many images. LibTorch's message for one that batch normalisation cannot train on names
/// neither the batch nor a way out.
template <class Forward>
auto in_training(int64_t images, const Forward& forward) {
  try {
    return forward();
  } catch (const c10::Error& error) {
    if (images != 1 || !std::string_view(error.what()).starts_with("Expected more than 1 value per channel")) throw;
    raise<ValueError>(
        "fit: this model's batch normalisation cannot train on a batch of one image; set drop_last, or another batch_size");
  }
}

/// The rate of a schedule in a step of an epoch of so many steps.
template <class Options>
double scheduled_rate(const ScheduleOptions& schedule, const Options& options, int64_t epoch, int64_t step, int64_t steps) {
  const auto passed = schedule.every_step ? static_cast<double>(step) / static_cast<double>(steps) : 0;
  return learning_rate(schedule, options.optimizer.lr, static_cast<double>(epoch) + passed,
                       static_cast<double>(options.epochs));
}

/// An epoch of steps. `rate_in(step)` gives the learning rate, `loss_of(batch)` the loss, `after(loss)` is told it when the step
/// is done. The parameters of the optimizer's groups learn at that rate times `factors`, a number a group; none: all at that
/// rate. Returns the last rate.
template <class Loader, class Options, class RateIn, class LossOf, class After>
double fit_steps(torch::nn::Module& model, Loader& train, torch::optim::Optimizer& optimizer, const Options& options,
                 const RateIn& rate_in, int64_t epoch, const LossOf& loss_of, const After& after,
                 std::span<const double> factors = {}) {
  const auto steps = static_cast<int64_t>(train.size());
  double rate = 0;
  int64_t step = 0;
  model.train();
  if (train.epoch() != epoch) train.set_epoch(epoch);  // what a state brought back stays as it is
  for (auto& batch : train) {
    rate = rate_in(step);
    set_learning_rate(optimizer, rate, factors);

    const torch::Tensor loss = loss_of(batch);
    const auto value = loss.item<double>();
    OPSIS_CHECK(std::isfinite(value), "fit: the loss is {} in step {} of epoch {}; try a lower lr or clip_grad_norm", value,
                step, epoch);
    optimizer.zero_grad();
    loss.backward();
    if (options.clip_grad_norm) torch::nn::utils::clip_grad_norm_(model.parameters(), *options.clip_grad_norm);
    optimizer.step();

    if (options.on_step) {
      options.on_step({.epoch = epoch, .step = epoch * steps + step, .learning_rate = rate, .loss = value});
    }
    ++step;
    after(value);
  }
  return rate;
}

/// The history of all epochs; the model is in evaluation then.
template <class Report, class Options>
std::vector<Report> fit_epochs(torch::nn::Module& model, const Options& options, const FitSteps<Report>& steps) {
  std::vector<Report> history;
  if (!options.resume.empty()) {
    history = steps.resume();
    OPSIS_CHECK(std::ssize(history) < options.epochs, "fit: {} has had {} epoch{} already; ask for more (epochs is {})",
                options.resume.string(), history.size(), history.size() == 1 ? "" : "s", options.epochs);
  }
  if (!options.checkpoint.empty()) check_writable(options.checkpoint);

  for (auto epoch = static_cast<int64_t>(history.size()); epoch < options.epochs; ++epoch) {
    auto report = steps.train(epoch);
    if (steps.was_cut && steps.was_cut()) break;  // it is none
    history.push_back(std::move(report));
    if (steps.validate) steps.validate(history.back());
    // Numbers of the images before it was told to stop are not those of what is held out.
    if (steps.validation_was_cut && steps.validation_was_cut()) history.back().validation.reset();
    if (!options.checkpoint.empty()) steps.save(history);
    if (options.on_epoch) options.on_epoch(history.back());
  }
  model.eval();
  return history;
}

}  // namespace opsis::inline v1::engine
