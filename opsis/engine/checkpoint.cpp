#include "opsis/engine/checkpoint.h"

#include <ATen/CPUGeneratorImpl.h>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/engine/fit_loop.h"
#include "opsis/engine/optimizer.h"
#include "opsis/hub/state_dict.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::engine {
namespace {

using hub::Value;

at::Generator current_generator() {
  const auto named = random::current();
  return named ? *named : at::detail::getDefaultCPUGenerator();
}

torch::Tensor generator_state() {
  auto generator = current_generator();
  const std::lock_guard lock(generator.mutex());
  return generator.get_state();
}

void set_generator_state(const torch::Tensor& state) {
  auto generator = current_generator();
  const std::lock_guard lock(generator.mutex());
  generator.set_state(state.clone());
}

}  // namespace

Value to_value(const EpochReport& report) {
  auto value = Value::dict({{"epoch", report.epoch},
                            {"learning_rate", report.learning_rate},
                            {"loss", report.loss},
                            {"accuracy", report.accuracy},
                            {"seconds", report.seconds}});
  if (const auto& held_out = report.validation) {
    value.set("validation", Value::dict({{"loss", held_out->loss},
                                         {"accuracy", held_out->accuracy},
                                         {"accuracy_top5", held_out->accuracy_top5},
                                         {"images", held_out->images}}));
  }
  return value;
}

EpochReport to_report(const Value& value) {
  EpochReport report{.epoch = value.get<int64_t>("epoch"),
                     .learning_rate = value.get<double>("learning_rate"),
                     .loss = value.get<double>("loss"),
                     .accuracy = value.get<double>("accuracy"),
                     .seconds = value.get<double>("seconds")};
  if (value.contains("validation")) {
    const auto& held_out = value.at("validation");
    report.validation = Evaluation{.loss = held_out.get<double>("loss"),
                                   .accuracy = held_out.get<double>("accuracy"),
                                   .accuracy_top5 = held_out.get<double>("accuracy_top5"),
                                   .images = held_out.get<int64_t>("images")};
  }
  return report;
}

void save_run(const std::filesystem::path& path, const torch::nn::Module& model, torch::optim::Optimizer& optimizer,
              SavedRun run, const Value& extra) {
  const auto epochs = std::ssize(run.history.items());
  auto checkpoint = Value::dict({{"model", hub::state_dict(model)},
                                 {"optimizer", optimizer_state(optimizer)},
                                 {"epoch", epochs},
                                 {"generator", generator_state()},
                                 {"history", std::move(run.history)}});
  if (!run.loaders.is_none()) checkpoint.set("loaders", std::move(run.loaders));
  if (!extra.is_none()) {
    for (const auto& [key, value] : extra.entries()) {
      OPSIS_CHECK(!checkpoint.contains(key.as_string()), "save_run: extra must not have an entry \"{}\"", key.as_string());
      checkpoint.set(key, value);
    }
  }
  hub::save(path, checkpoint);
}

SavedRun load_run(const std::filesystem::path& path, torch::nn::Module& model, torch::optim::Optimizer& optimizer) {
  const auto checkpoint = hub::load(path);
  OPSIS_CHECK(checkpoint.is_dict() && checkpoint.contains("optimizer") && checkpoint.contains("history"),
              "load_run: {} is not a checkpoint of a training run (without \"optimizer\" or \"history\"); for weights "
              "alone use load_state_dict",
              path.string());
  hub::load_state_dict(model, checkpoint.get<hub::StateDict>("model"));
  load_optimizer_state(optimizer, checkpoint.at("optimizer"));
  set_generator_state(checkpoint.get<torch::Tensor>("generator"));
  return {.history = checkpoint.at("history"), .loaders = checkpoint.contains("loaders") ? checkpoint.at("loaders") : Value()};
}

void check_writable(const std::filesystem::path& path) {
  const io::FileWriter probe(path);  // never committed: leaves nothing behind
}

}  // namespace opsis::inline v1::engine
