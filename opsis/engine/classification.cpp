#include "opsis/engine/classification.h"

#include <torch/nn/functional/loss.h>

#include <algorithm>
#include <chrono>

#include "opsis/core/check.h"
#include "opsis/core/progress.h"
#include "opsis/engine/fit_loop.h"
#include "opsis/engine/metrics.h"

namespace opsis::inline v1::engine {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begun) { return std::chrono::duration<double>(Clock::now() - begun).count(); }

torch::Tensor cross_entropy(const torch::Tensor& scores, const torch::Tensor& labels, double label_smoothing) {
  return torch::nn::functional::cross_entropy(
      scores, labels, torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(label_smoothing));
}

// LibTorch's own message for this speaks of neither the model nor the data set.
void check_labels(std::string_view who, const torch::Tensor& labels, int64_t classes) {
  const auto [lowest, highest] = labels.aminmax();
  OPSIS_CHECK(lowest.item<int64_t>() >= 0 && highest.item<int64_t>() < classes,
              "{}: the data set has labels from {} to {}, the model has {} classes; build it with that many (num_classes)", who,
              lowest.item<int64_t>(), highest.item<int64_t>(), classes);
}

// Sums over batches, as means over images.
struct Totals {
  double loss = 0;
  int64_t correct = 0, correct_top5 = 0, images = 0;

  void add(double batch_loss, const torch::Tensor& scores, const torch::Tensor& labels) {
    const auto counts = correct_within(scores, labels, {1, std::min<int64_t>(5, scores.size(1))});
    loss += batch_loss * static_cast<double>(labels.size(0));
    correct += counts[0];
    correct_top5 += counts[1];
    images += labels.size(0);
  }
  double mean(double sum) const { return images > 0 ? sum / static_cast<double>(images) : 0; }
  double accuracy() const { return mean(static_cast<double>(correct)); }
};

int64_t image_count(const ClassifiedLoader& loader) { return static_cast<int64_t>(loader.dataset().size()); }

EpochReport train_epoch(models::ImageClassifier& model, ClassifiedLoader& train, torch::optim::Optimizer& optimizer,
                        const FitOptions& options, int64_t epoch) {
  const auto begun = Clock::now();
  Totals totals;
  torch::Tensor scores, labels;  // of the step
  progress::Job job(text("epoch {}/{}", epoch + 1, options.epochs), image_count(train), "images");
  const auto loss_of = [&](datasets::ClassifiedBatch& batch) {
    labels = batch.labels;
    scores = in_training(batch.images.size(0), [&] { return model.forward(batch.images); });
    check_labels("fit", labels, scores.size(1));
    return cross_entropy(scores, labels, options.label_smoothing);
  };
  const auto after = [&](double loss) {
    totals.add(loss, scores.detach(), labels);
    job.figure("loss", fixed(totals.mean(totals.loss), 4));
    job.advance(labels.size(0));
  };
  const auto rate_in = [&, steps = static_cast<int64_t>(train.size())](int64_t step) {
    return scheduled_rate(options.schedule, options, epoch, step, steps);
  };
  EpochReport report{.epoch = epoch};
  report.learning_rate = fit_steps(model, train, optimizer, options, rate_in, epoch, loss_of, after);
  report.loss = totals.mean(totals.loss);
  report.accuracy = totals.accuracy();
  report.seconds = seconds_since(begun);
  return report;
}

}  // namespace

Evaluation evaluate(models::ImageClassifier& model, ClassifiedLoader& data) {
  const torch::NoGradGuard no_grad;
  model.eval();
  Totals totals;
  progress::Job job("evaluating", image_count(data), "images");
  for (auto& [images, labels] : data) {
    const auto scores = model.forward(images);
    check_labels("evaluate", labels, scores.size(1));
    totals.add(cross_entropy(scores, labels, 0).item<double>(), scores, labels);
    job.figure("right", fixed(totals.accuracy() * 100, 2) + " %");
    job.advance(labels.size(0));
  }
  return {.loss = totals.mean(totals.loss),
          .accuracy = totals.accuracy(),
          .accuracy_top5 = totals.mean(static_cast<double>(totals.correct_top5)),
          .images = totals.images};
}

std::vector<EpochReport> fit(models::ImageClassifier& model, ClassifiedLoader& train, ClassifiedLoader* validation,
                             const FitOptions& options) {
  check_fit(options, train);
  OPSIS_CHECK(options.label_smoothing >= 0 && options.label_smoothing <= 1, "fit: label_smoothing must be from 0 to 1, got {}",
              options.label_smoothing);

  const auto optimizer = make_optimizer(model.parameters(), options.optimizer);
  auto steps = kept_steps<EpochReport>(model, *optimizer, train, validation, options, to_value, to_report);
  steps.train = [&](int64_t epoch) { return train_epoch(model, train, *optimizer, options, epoch); };
  if (validation) steps.validate = [&](EpochReport& report) { report.validation = evaluate(model, *validation); };
  return fit_epochs(model, options, steps);
}

}  // namespace opsis::inline v1::engine
