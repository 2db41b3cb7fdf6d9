#include "opsis/core/progress.h"

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/support/expect.h"
#include "tests/support/reporter.h"

namespace opsis {
namespace {

using support::Recorder;
using support::Reporting;

// Everything that goes to stderr goes into a file instead while it lives.
class StderrTo {
 public:
  explicit StderrTo(int file) : saved_(dup(STDERR_FILENO)) { dup2(file, STDERR_FILENO); }
  ~StderrTo() {
    dup2(saved_, STDERR_FILENO);
    close(saved_);
  }
  StderrTo(const StderrTo&) = delete;
  StderrTo& operator=(const StderrTo&) = delete;

 private:
  int saved_;
};

TEST(Progress, TellsTheReporterOfAProgramHowFarItIs) {
  const auto recorder = std::make_shared<Recorder>();
  const Reporting reporting(recorder);
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

TEST(Progress, CountsNothingWithoutAUnit) {
  EXPECT_EQ(progress::bar({.label = "waiting", .unit = "", .elapsed_s = 2, .figures = {}, .finished = true}, 80),
            "waiting  in 2.0 s");
}

TEST(Progress, IsSilentWithoutAReporter) {
  const Reporting reporting(nullptr);
  progress::Job job("reading", 3, "files");
  EXPECT_NO_THROW(job.advance(3));
}

TEST(Progress, PrintsNothingWhereThereIsNoTerminal) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  {
    const StderrTo pipe(ends[1]);
    progress::Job job("reading", 1, "files");
    job.advance();
  }
  close(ends[1]);
  char byte = 0;
  EXPECT_EQ(read(ends[0], &byte, 1), 0);
  close(ends[0]);
}

TEST(Progress, DrawsABarOverItselfOnATerminal) {
  int terminal = -1, screen = -1;
  if (openpty(&screen, &terminal, nullptr, nullptr, nullptr) != 0) GTEST_SKIP() << "this machine gives no terminals";
  const winsize size{.ws_row = 24, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
  ioctl(terminal, TIOCSWINSZ, &size);
  {
    const StderrTo there(terminal);
    progress::Job job("epoch 1/2", 64, "images");
    job.figure("loss", "0.5");
    job.advance(16);
    job.advance(48);
  }
  // A terminal hands on what was written when it comes to it, and in pieces.
  std::string text;
  pollfd more{.fd = screen, .events = POLLIN, .revents = 0};
  while (!text.ends_with('\n') && poll(&more, 1, 10'000) > 0) {
    char shown[4096];
    const auto count = read(screen, shown, sizeof(shown));
    if (count <= 0) break;
    text.append(shown, static_cast<size_t>(count));
  }
  close(terminal);
  close(screen);
  EXPECT_THAT(text, testing::StartsWith("\r"));
  EXPECT_THAT(text, testing::HasSubstr("epoch 1/2  ["));
  EXPECT_THAT(text, testing::HasSubstr("100%  64/64 images"));
  EXPECT_THAT(text, testing::HasSubstr(" images/s"));
  EXPECT_THAT(text, testing::HasSubstr("loss 0.5"));
  EXPECT_THAT(text, testing::EndsWith("\n"));
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
