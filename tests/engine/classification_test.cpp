#include "opsis/engine/classification.h"

#include <torch/torch.h>

#include <limits>
#include <stop_token>

#include "opsis/datasets.h"
#include "opsis/hub.h"
#include "opsis/models.h"
#include "opsis/transforms.h"
#include "tests/data/generator_of.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"
#include "tests/support/reporter.h"
#include "tests/support/temporary.h"

namespace opsis::engine {
namespace {

using datasets::Digits;

models::ResNet small_resnet(int64_t num_classes = 10) {
  return models::ResNet(models::ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1},
                        models::ResNetOptions{.num_classes = num_classes});
}

// As _transforms of tests/oracle/engine.py.
transforms::AnyTransform preparation(bool augment, int64_t side = 32) {
  using namespace transforms;
  const Compose finish{ToDtype(torch::kFloat32, {.scale = true}), Normalize({0.5}, {0.5}), Lambda([](const Image& gray) {
                         return Image(gray.data.expand({3, -1, -1}));
                       })};
  if (!augment) return Compose{Resize(side), finish};
  return Compose{Resize(side), RandomCrop(side, {.padding = {2}}), RandomHorizontalFlip(), finish};
}

// The first `count` digits, 16 pixels a side: an epoch takes a moment.
ClassifiedLoader few_digits(size_t count, bool train = true) {
  std::vector<size_t> indices(count);
  for (size_t i = 0; i < count; ++i) indices[i] = i;
  return ClassifiedLoader(datasets::Subset(Digits({.transforms = preparation(train, 16)}), indices),
                          {.batch_size = 16, .shuffle = train, .num_workers = train ? size_t{1} : size_t{0}});
}

class Fit : public testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }
  support::TemporaryFolder folder_;
};

struct Stop {};

TEST_F(Fit, LosesWhatPythonLosesInEachOfThirtySteps) {
  for (const auto& c : oracle::cases("engine/training")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(0);
    auto model = small_resnet();
    ClassifiedLoader loader(Digits({.transforms = preparation(c.boolean("augment"))}),
                            {.batch_size = 32, .shuffle = true, .sample_seeds = data::SampleSeeds::Sequential});
    FitOptions options{.epochs = 1, .label_smoothing = c.number("smoothing")};
    if (c.text("optimizer") == "sgd") {
      options.optimizer = {.lr = 0.05, .weight_decay = 1e-4, .momentum = 0.9, .nesterov = true};
    } else {
      options.optimizer = {.kind = OptimizerOptions::Kind::AdamW, .lr = 0.002, .weight_decay = 0.01};
    }
    const auto expected = c.numbers("losses");
    std::vector<double> losses;
    options.on_step = [&](const StepReport& step) {
      losses.push_back(step.loss);
      if (losses.size() == expected.size()) throw Stop();
    };
    EXPECT_THROW(fit(*model, loader, nullptr, options), Stop);
    ASSERT_EQ(losses.size(), expected.size());
    for (size_t i = 0; i < losses.size(); ++i) EXPECT_NEAR(losses[i], expected[i], 1e-4 * expected[i]) << "step " << i;
  }
}

TEST_F(Fit, ResumedRunsEndAsIfTheyHadNeverStopped) {
  const auto run = [&](FitOptions options, int64_t stop_after, std::vector<EpochReport>& history, const std::string& name) {
    torch::manual_seed(1);
    auto model = small_resnet();
    auto train = few_digits(48), held_out = few_digits(16, false);
    options.checkpoint = folder_.path() / name;
    for (int part = 0; part < 3; ++part) {  // interrupted twice, each time with a new model, as a new process would
      int64_t epochs = 0;
      options.on_epoch = [&](const EpochReport&) {
        if (++epochs == stop_after) throw Stop();
      };
      try {
        history = fit(*model, train, &held_out, options);
        return model;
      } catch (const Stop&) {
        torch::manual_seed(999);
        model = small_resnet();
        train = few_digits(48);
        options.resume = options.checkpoint;
      }
    }
    ADD_FAILURE() << "did not end";
    return model;
  };
  const auto cosine = ScheduleOptions::Curve::Cosine;
  for (const auto& options : {
           FitOptions{.epochs = 5, .optimizer = {.lr = 0.05}, .schedule = {.curve = cosine}},
           FitOptions{.epochs = 5,
           .optimizer = {.kind = OptimizerOptions::Kind::AdamW, .lr = 0.01},
           .schedule = {.curve = cosine, .warmup_epochs = 1, .every_step = true}},
       }) {
    std::vector<EpochReport> whole, resumed;
    const auto a = run(options, -1, whole, "whole.pth");
    const auto b = run(options, 2, resumed, "resumed.pth");
    support::expect_equal_state(*b, *a);
    ASSERT_EQ(resumed.size(), 5);
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(resumed[i].loss, whole[i].loss);
      EXPECT_EQ(resumed[i].validation->loss, whole[i].validation->loss);
    }
  }
}

TEST_F(Fit, LearnsAtTheRatesOfTorchsSchedulersWhenTheyMoveWithEveryStep) {
  const auto c = oracle::cases("engine/rates_of_steps").front();
  auto model = small_resnet();
  auto train = few_digits(48);
  std::vector<double> rates;
  const auto recorder = std::make_shared<support::Recorder>();
  const support::Reporting told(recorder);
  fit(*model, train, nullptr,
      {.epochs = static_cast<int64_t>(c.number("epochs")),
       .optimizer = {.kind = OptimizerOptions::Kind::AdamW, .lr = c.number("base")},
       .schedule = {.curve = ScheduleOptions::Curve::Cosine,
                    .warmup_epochs = 1,
                    .warmup_method = ScheduleOptions::Warmup::Linear,
                    .warmup_decay = c.number("decay"),
                    .every_step = true},
       .on_step = [&](const StepReport& step) { rates.push_back(step.learning_rate); }});
  const auto expected = c.numbers("rates");
  ASSERT_EQ(rates.size(), expected.size());
  for (size_t step = 0; step < rates.size(); ++step) EXPECT_NEAR(rates[step], expected[step], 1e-12) << step;

  // And says how far it is.
  ASSERT_FALSE(recorder->states.empty());
  const auto& last = recorder->states.back();
  EXPECT_EQ(last.unit, "images");
  EXPECT_EQ(last.done, 48);
  EXPECT_EQ(last.total, 48);
  ASSERT_FALSE(last.figures.empty());
  EXPECT_EQ(last.figures[0].first, "loss");
}

// A sampler and a loader that draw from generators of their own, which a new process makes anew.
ClassifiedLoader digits_drawn_apart() {
  std::vector<size_t> indices(48);
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  return ClassifiedLoader(
      datasets::Subset(Digits({.transforms = preparation(true, 16)}), indices),
      {.batch_size = 16,
       .sampler = std::make_shared<data::RandomSampler>(48, data::RandomSamplerOptions{.generator = generator_of(5)}),
       .num_workers = 1,
       .generator = generator_of(6)});
}

TEST_F(Fit, ResumedRunsGoOnWithTheGeneratorsOfTheirLoaders) {
  const auto run = [&](int64_t stop_in_step, const std::string& name) {
    torch::manual_seed(1);
    auto model = small_resnet();
    auto train = digits_drawn_apart(), held_out = digits_drawn_apart();
    FitOptions options{.epochs = 4, .optimizer = {.lr = 0.05}, .checkpoint = folder_.path() / name};
    options.on_step = [&](const StepReport& step) {
      if (step.step == stop_in_step) throw Stop();
    };
    std::vector<EpochReport> history;
    try {
      history = fit(*model, train, &held_out, options);
    } catch (const Stop&) {
      torch::manual_seed(999);
      model = small_resnet();
      train = digits_drawn_apart();
      held_out = digits_drawn_apart();
      options.resume = options.checkpoint;
      options.on_step = {};
      history = fit(*model, train, &held_out, options);
    }
    for (const auto& report : history) EXPECT_TRUE(report.validation);
    return std::pair(model, history);
  };
  const auto [whole, whole_history] = run(-1, "whole.pth");
  const auto [resumed, resumed_history] = run(7, "resumed.pth");  // in the third epoch, after one of its three batches
  support::expect_equal_state(*resumed, *whole);
  ASSERT_EQ(resumed_history.size(), 4);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(resumed_history[i].loss, whole_history[i].loss);
    EXPECT_EQ(resumed_history[i].validation->loss, whole_history[i].validation->loss);
  }
}

TEST_F(Fit, EndsWithTheLastWholeEpochWhenItsLoaderIsTold) {
  const std::stop_source source;
  const auto digits = [&](std::stop_token stop) {
    return ClassifiedLoader(datasets::Subset(Digits({.transforms = preparation(true, 16)}), std::vector<size_t>(48, 3)),
                            {.batch_size = 16, .stop = std::move(stop)});
  };
  auto model = small_resnet();
  auto train = digits(source.get_token());
  FitOptions options{.epochs = 3, .checkpoint = folder_.path() / "run.pth"};
  options.on_step = [&](const StepReport& step) {
    if (step.step == 4) std::stop_source(source).request_stop();  // the second of the second epoch
  };
  EXPECT_EQ(fit(*model, train, nullptr, options).size(), 1);
  auto again = digits({});
  options.resume = options.checkpoint;
  options.on_step = {};
  EXPECT_EQ(fit(*model, again, nullptr, options).size(), 3);
}

/// Digits whose third picture tells the loaders to stop.
class StoppingDigits final : public datasets::Dataset<datasets::Classified> {
 public:
  explicit StoppingDigits(std::stop_source source) : source_(std::move(source)) {}
  size_t size() const override { return 6; }
  datasets::Classified get(size_t index) const override {
    if (index == 2) std::stop_source(source_).request_stop();
    return digits_.get(index);
  }

 private:
  std::stop_source source_;
  Digits digits_{{.transforms = preparation(false, 16)}};
};

TEST_F(Fit, KeepsAnEpochWithoutNumbersOfAPartOfItsValidation) {
  const std::stop_source source;
  auto model = small_resnet();
  const datasets::Subset digits(Digits({.transforms = preparation(true, 16)}), std::vector<size_t>(32, 3));
  ClassifiedLoader train(digits, {.batch_size = 16, .stop = source.get_token()});
  ClassifiedLoader held_out(StoppingDigits(source), {.batch_size = 2, .stop = source.get_token()});
  FitOptions options{.epochs = 3, .checkpoint = folder_.path() / "run.pth"};
  const auto history = fit(*model, train, &held_out, options);
  ASSERT_EQ(history.size(), 1);
  EXPECT_FALSE(history[0].validation);

  options.resume = options.checkpoint;
  options.epochs = 2;
  ClassifiedLoader again(digits, {.batch_size = 16}), whole(StoppingDigits(std::stop_source()), {.batch_size = 2});
  const auto resumed = fit(*model, again, &whole, options);
  ASSERT_EQ(resumed.size(), 2);
  EXPECT_FALSE(resumed[0].validation);
  EXPECT_EQ(resumed[1].validation->images, 6);
}

/// Tells the loaders to stop when pictures of a validation were judged.
struct StopsWhenJudged final : progress::Reporter {
  explicit StopsWhenJudged(std::stop_source source) : source(std::move(source)) {}
  void report(const progress::State& state) override {
    if (state.label == "evaluating") source.request_stop();
  }
  std::stop_source source;
};

// What is told to stop after its last batch has had all of them.
TEST_F(Fit, KeepsWhatWasWholeWhenItWasToldToStop) {
  const datasets::Subset digits(Digits({.transforms = preparation(false, 16)}), std::vector<size_t>(32, 3));
  {
    const std::stop_source source;
    auto model = small_resnet();
    ClassifiedLoader train(digits, {.batch_size = 16}), held_out(digits, {.batch_size = 32, .stop = source.get_token()});
    const support::Reporting reporting(std::make_shared<StopsWhenJudged>(source));
    const auto history = fit(*model, train, &held_out, {.epochs = 1});
    EXPECT_TRUE(source.stop_requested());
    ASSERT_EQ(history.size(), 1);
    ASSERT_TRUE(history[0].validation);
    EXPECT_EQ(history[0].validation->images, 32);
  }
  const std::stop_source source;
  auto model = small_resnet();
  ClassifiedLoader train(digits, {.batch_size = 16, .stop = source.get_token()}), held_out(digits, {.batch_size = 32});
  FitOptions options{.epochs = 3};
  options.on_step = [&](const StepReport& step) {
    if (step.step == 1) std::stop_source(source).request_stop();  // the last of the first epoch
  };
  const auto history = fit(*model, train, &held_out, options);
  ASSERT_EQ(history.size(), 1);
  EXPECT_TRUE(history[0].validation);
}

TEST_F(Fit, ResumesFromACheckpointWithoutTheStatesOfLoaders) {
  const auto path = folder_.path() / "digits.pth";
  torch::manual_seed(1);
  auto model = small_resnet();
  auto train = few_digits(48);
  fit(*model, train, nullptr, {.epochs = 1, .checkpoint = path});
  auto older = hub::Value::dict({});
  const auto saved = hub::load(path);
  for (const auto& [key, value] : saved.entries()) {
    if (key.as_string() != "loaders") older.set(key, value);
  }
  ASSERT_TRUE(saved.contains("loaders"));
  fit(*model, train, nullptr, {.epochs = 2, .resume = path});
  hub::save(path, older);
  auto again = small_resnet();
  auto anew = few_digits(48);
  fit(*again, anew, nullptr, {.epochs = 2, .resume = path});
  support::expect_equal_state(*again, *model);
}

TEST_F(Fit, WritesACheckpointThatCarriesWhatTheCallerAdds) {
  torch::manual_seed(0);
  auto model = small_resnet();
  auto train = few_digits(16);
  const auto path = folder_.path() / "digits.pth";
  fit(*model, train, nullptr, {.epochs = 1, .checkpoint = path, .extra = hub::Value::dict({{"model_name", "small"}})});
  const auto saved = hub::load(path);
  EXPECT_EQ(saved.get<std::string>("model_name"), "small");
  EXPECT_EQ(saved.get<int64_t>("epoch"), 1);
  auto again = small_resnet();
  hub::load_state_dict(*again, hub::load_state_dict_file(path));
  EXPECT_TENSOR_EQ(again->fc->weight, model->fc->weight);
  EXPECT_ERROR(fit(*model, train, nullptr, {.epochs = 1, .checkpoint = path, .extra = hub::Value::dict({{"model", 1}})}),
               ValueError, "save_run: extra must not have an entry \"model\"");
}

TEST_F(Fit, SaysThatTheModelHasTooFewClasses) {
  auto model = small_resnet(3);
  auto train = few_digits(32);
  EXPECT_ERROR(fit(*model, train, nullptr, {.epochs = 1}), ValueError,
               "the model has 3 classes; build it with that many (num_classes)");
  EXPECT_ERROR(evaluate(*model, train), ValueError, "evaluate: the data set has labels from ");
}

TEST_F(Fit, RefusesTheCheckpointOfAnotherModel) {
  auto train = few_digits(16);
  auto ten = small_resnet(10);
  const auto path = folder_.path() / "ten.pth";
  fit(*ten, train, nullptr, {.epochs = 1, .checkpoint = path});
  auto other = small_resnet(12);
  EXPECT_ERROR(fit(*other, train, nullptr, {.epochs = 2, .resume = path}), ValueError,
               "fc.weight: (12, 512) in the model, (10, 512) in the state dict");
  EXPECT_ERROR(fit(*ten, train, nullptr, {.epochs = 1, .resume = path}), ValueError, "has had 1 epoch already; ask for more");
  auto more = few_digits(48);
  EXPECT_ERROR(fit(*ten, more, nullptr, {.epochs = 2, .resume = path}), ValueError,
               "is of a run that had another loader (train): DataLoader: the state is of a loader with 1 batch an epoch");
  const auto weights_only = folder_.path() / "weights.pth";
  hub::save(weights_only, hub::state_dict(*other));
  EXPECT_ERROR(fit(*other, train, nullptr, {.epochs = 2, .resume = weights_only}), ValueError,
               "is not a checkpoint of a training run");
}

TEST_F(Fit, SaysSoBeforeTheFirstEpochWhenTheCheckpointCannotBeWritten) {
  auto train = few_digits(16);
  bool trained = false;
  FitOptions options{.epochs = 1, .checkpoint = folder_.path() / "missing" / "digits.pth"};
  options.on_step = [&](const StepReport&) { trained = true; };
  EXPECT_ERROR(fit(*small_resnet(), train, nullptr, options), IoError, "digits.pth: No such file or directory");
  EXPECT_FALSE(trained);
}

TEST_F(Fit, EndsWhenTheLossIsNoNumber) {
  auto model = small_resnet();
  {
    const torch::NoGradGuard no_grad;
    model->fc->bias.fill_(std::numeric_limits<float>::quiet_NaN());
  }
  auto train = few_digits(16);
  EXPECT_ERROR(fit(*model, train, nullptr, {.epochs = 1}), ValueError, "fit: the loss is nan in step 0 of epoch 0");
}

TEST_F(Fit, RefusesOptionsThatCannotBe) {
  auto train = few_digits(16);
  EXPECT_ERROR(fit(*small_resnet(), train, nullptr, {.epochs = 0}), ValueError, "fit: epochs must be positive, got 0");
  EXPECT_ERROR(fit(*small_resnet(), train, nullptr, {.epochs = 1, .label_smoothing = 1.5}), ValueError, "label_smoothing");
  auto none = few_digits(0, false);
  EXPECT_ERROR(fit(*small_resnet(), none), ValueError, "fit: the training data set gives no batch (0 images)");
}

TEST_F(Fit, EvaluateCountsEveryImageOnce) {
  torch::manual_seed(0);
  auto model = small_resnet();
  auto data = few_digits(20, false);
  const auto result = evaluate(*model, data);
  EXPECT_EQ(result.images, 20);
  EXPECT_GE(result.accuracy_top5, result.accuracy);
  EXPECT_FALSE(model->is_training());
}

}  // namespace
}  // namespace opsis::engine
