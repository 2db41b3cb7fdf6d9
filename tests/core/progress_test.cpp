#include "opsis/core/progress.h"

#include <unistd.h>

#include "tests/support/expect.h"

namespace opsis {
namespace {

struct Recorder final : progress::Reporter {
  void report(const progress::State& state) override { states.push_back(state); }
  std::vector<progress::State> states;
};

/// Puts another reporter in place while it lives.
struct Replaced {
  explicit Replaced(std::shared_ptr<progress::Reporter> reporter) : before(progress::reporter()) {
    progress::set_reporter(std::move(reporter));
  }
  ~Replaced() { progress::set_reporter(before); }
  std::shared_ptr<progress::Reporter> before;
};

TEST(Progress, TellsTheReporterOfAProgramHowFarItIs) {
  const auto recorder = std::make_shared<Recorder>();
  const Replaced replaced(recorder);
  {
    progress::Job job("reading", 3, "files");
    job.figure("loss", "0.5");
    job.advance();
    job.figure("loss", "0.25");
    job.advance(2);
  }
  ASSERT_FALSE(recorder->states.empty());
  const auto& last = recorder->states.back();
  EXPECT_EQ(last.label, "reading");
  EXPECT_EQ(last.done, 3);
  EXPECT_TRUE(last.finished);
  ASSERT_EQ(last.figures.size(), 1);
  EXPECT_EQ(last.figures[0].second, "0.25");
}

TEST(Progress, IsSilentWithoutAReporter) {
  const Replaced replaced(nullptr);
  progress::Job job("reading", 3, "files");
  EXPECT_NO_THROW(job.advance(3));
}

TEST(Progress, PrintsNothingWhereThereIsNoTerminal) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int saved = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  {
    progress::Job job("reading", 1, "files");
    job.advance();
  }
  dup2(saved, STDERR_FILENO);
  close(saved);
  close(ends[1]);
  char byte = 0;
  EXPECT_EQ(read(ends[0], &byte, 1), 0);
  close(ends[0]);
}

TEST(ProgressBar, ShowsShareRateTimeLeftAndFigures) {
  const progress::State state{
      .label = "epoch 3/15", .unit = "images", .done = 50, .total = 100, .elapsed_s = 0.5, .figures = {{"loss", "0.12"}}};
  EXPECT_EQ(progress::bar(state, 120),
            "epoch 3/15  [###############               ]  50%  50/100 images  100 images/s  0.5 s left  loss 0.12");
  EXPECT_EQ(progress::bar(state, 20).size(), 20);
}

}  // namespace
}  // namespace opsis
