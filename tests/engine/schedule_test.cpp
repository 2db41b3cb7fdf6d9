#include "opsis/engine/schedule.h"

#include <map>

#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis::engine {
namespace {

const std::map<std::string, ScheduleOptions::Curve> kCurves{{"constant", ScheduleOptions::Curve::Constant},
                                                            {"cosine", ScheduleOptions::Curve::Cosine},
                                                            {"steps", ScheduleOptions::Curve::Steps},
                                                            {"polynomial", ScheduleOptions::Curve::Polynomial}};

TEST(LearningRate, FollowsTorchsSchedulers) {
  for (const auto& c : oracle::cases("engine/learning_rates")) {
    SCOPED_TRACE(c.name());
    const ScheduleOptions schedule{
        .curve = kCurves.at(c.text("curve")),
        .min_lr = c.number("min_lr"),
        .warmup_epochs = c.number("warmup"),
        .warmup_method = c.text("method") == "linear" ? ScheduleOptions::Warmup::Linear : ScheduleOptions::Warmup::Constant,
        .warmup_decay = c.number("decay"),
        .milestones = {5, 8}};
    const auto rates = c.numbers("rates");
    for (size_t epoch = 0; epoch < rates.size(); ++epoch) {
      // Torch multiplies its way from epoch to epoch; ours is the closed form.
      EXPECT_NEAR(learning_rate(schedule, c.number("base"), static_cast<double>(epoch), c.number("epochs")), rates[epoch],
                  1e-12);
    }
  }
}

TEST(LearningRate, RefusesAWarmUpAsLongAsTheRun) {
  EXPECT_ERROR(learning_rate({.warmup_epochs = 10}, 0.1, 0, 10), ValueError,
               "learning_rate: warmup_epochs must be from 0 to below epochs (10), got 10");
  EXPECT_ERROR(learning_rate({.warmup_epochs = -1}, 0.1, 0, 10), ValueError, "got -1");
}

}  // namespace
}  // namespace opsis::engine
