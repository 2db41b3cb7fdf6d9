#include "opsis/core/work.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <thread>

namespace opsis {
namespace {

void pass_time() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

constexpr double kPassed = 0.001;

TEST(WorkClock, CountsWhatIsInnermost) {
  WorkClock clock;
  {
    const WorkScope transforming(Work::Transforming);
    pass_time();
    {
      const WorkScope again(Work::Transforming);  // nothing new
      const WorkScope decoding(Work::Decoding);
      pass_time();
    }
    try {
      const WorkScope reading(Work::Reading);
      throw std::runtime_error("not there");
    } catch (const std::runtime_error&) {
    }
    pass_time();
  }
  const auto before = clock.seconds();
  EXPECT_GE(before[Work::Transforming], 2 * kPassed);
  EXPECT_GE(before[Work::Decoding], kPassed);
  EXPECT_GT(before[Work::Reading], 0);
  pass_time();
  const auto after = clock.seconds();
  EXPECT_GE(after[Work::Other] - before[Work::Other], kPassed);
  EXPECT_EQ(after[Work::Transforming], before[Work::Transforming]);
  EXPECT_EQ(after.sum(), after[Work::Other] + after[Work::Reading] + after[Work::Decoding] + after[Work::Transforming]);
}

TEST(WorkClock, IsOfItsThread) {
  WorkClock clock;
  std::thread([] {
    const WorkScope decoding(Work::Decoding);
    pass_time();
  }).join();
  EXPECT_EQ(clock.seconds()[Work::Decoding], 0);
}

TEST(WorkClock, LeavesTheTimeToOneThatIsWithin) {
  WorkClock outer;
  {
    WorkClock inner;
    const WorkScope decoding(Work::Decoding);
    pass_time();
    EXPECT_GE(inner.seconds()[Work::Decoding], kPassed);
  }
  EXPECT_EQ(outer.seconds()[Work::Decoding], 0);
  EXPECT_GE(outer.seconds()[Work::Other], kPassed);
  const WorkScope reading(Work::Reading);
  pass_time();
  EXPECT_GE(outer.seconds()[Work::Reading], kPassed);
}

}  // namespace
}  // namespace opsis
