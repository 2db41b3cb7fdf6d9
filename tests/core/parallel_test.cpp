#include "opsis/core/parallel.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <atomic>
#include <cfenv>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "tests/support/expect.h"

namespace opsis {
namespace {

struct Threads {
  explicit Threads(int count) : before(at::get_num_threads()) { at::set_num_threads(count); }
  ~Threads() { at::set_num_threads(before); }
  int before;
};

TEST(ParallelFor, CoversEveryIndexOnce) {
  const Threads threads(4);
  for (const int64_t count : {0, 1, 2, 7, 1000, 4097}) {
    for (const int64_t grain : {1, 3, 64}) {
      std::vector<std::atomic<int>> seen(count);
      parallel_for(0, count, grain, [&](int64_t first, int64_t last) {
        for (auto i = first; i < last; ++i) ++seen[i];
      });
      for (const auto& times : seen) EXPECT_EQ(times, 1);
    }
  }
}

TEST(ParallelFor, StartsWhereItIsTold) {
  const Threads threads(2);
  std::atomic<int64_t> sum = 0;
  parallel_for(10, 20, 1, [&](int64_t first, int64_t last) {
    for (auto i = first; i < last; ++i) sum += i;
  });
  EXPECT_EQ(sum, 145);
}

// Each body waits until as many threads as were asked for are inside: it ends only if they really run side by side.
TEST(ParallelFor, RunsOnAsManyThreadsAsTorchWasGiven) {
  const Threads threads(3);
  std::mutex mutex;
  std::condition_variable all_here;
  std::set<std::thread::id> ids;
  parallel_for(0, 3, 1, [&](int64_t, int64_t) {
    std::unique_lock lock(mutex);
    ids.insert(std::this_thread::get_id());
    all_here.notify_all();
    all_here.wait(lock, [&] { return ids.size() == 3; });
  });
  EXPECT_EQ(ids.size(), 3);
}

TEST(ParallelFor, IsSerialWhenTorchHasOneThread) {
  const Threads threads(1);
  int calls = 0;
  parallel_for(0, 1000, 1, [&](int64_t first, int64_t last) {
    ++calls;
    EXPECT_EQ(first, 0);
    EXPECT_EQ(last, 1000);
  });
  EXPECT_EQ(calls, 1);
}

TEST(ParallelFor, IsSerialWithinItself) {
  const Threads threads(4);
  std::atomic<bool> moved = false;
  parallel_for(0, 8, 1, [&](int64_t, int64_t) {
    const auto here = std::this_thread::get_id();
    parallel_for(0, 100, 1, [&](int64_t, int64_t) {
      if (std::this_thread::get_id() != here) moved = true;
    });
  });
  EXPECT_FALSE(moved);
}

TEST(ParallelFor, ThrowsWhatTheBodyThrew) {
  const Threads threads(4);
  EXPECT_ERROR(parallel_for(0, 1000, 1,
                            [](int64_t first, int64_t last) {
                              if (first <= 500 && 500 < last) throw ValueError("at 500");
                            }),
               ValueError, "at 500");
  std::atomic<int64_t> count = 0;  // and works as before afterwards
  parallel_for(0, 100, 1, [&](int64_t first, int64_t last) { count += last - first; });
  EXPECT_EQ(count, 100);
}

TEST(ParallelFor, WorksFromManyThreadsAtOnce) {
  const Threads threads(2);
  std::atomic<int64_t> count = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        parallel_for(0, 64, 1, [&](int64_t first, int64_t last) { count += last - first; });
      }
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(count, 4 * 50 * 64);
}

TEST(SerialScope, KeepsThisThreadSerialAndGivesTheThreadsBack) {
  const Threads threads(4);
  {
    const SerialScope serial;
    int calls = 0;
    parallel_for(0, 1000, 1, [&](int64_t, int64_t) { ++calls; });
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(at::get_num_threads(), 1);
  }
  EXPECT_EQ(at::get_num_threads(), 4);
}

TEST(SerialScope, KeepsMklOnThisThreadToo) {
  const auto most = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "MKL_Get_Max_Threads"));
  if (!most) GTEST_SKIP() << "a LibTorch without MKL";
  const Threads threads(4);
  const auto before = most();
  ASSERT_EQ(before, 4);
  {
    const SerialScope serial;
    EXPECT_EQ(most(), 1);
  }
  EXPECT_EQ(most(), before);
}

TEST(ParallelFor, RoundsAndFlushesAsItsCallerDoes) {
  const Threads threads(4);
  std::fenv_t before;
  std::fegetenv(&before);
  for (const bool flush : {true, false}) {
    if (!at::globalContext().setFlushDenormal(flush)) break;
    std::fesetround(flush ? FE_UPWARD : FE_TONEAREST);
    std::atomic<int> otherwise = 0;
    std::mutex mutex;
    std::set<std::thread::id> came;
    parallel_for(0, 4096, 1, [&](int64_t, int64_t) {
      for (bool alone = true; alone; std::this_thread::yield()) {
        const std::lock_guard lock(mutex);
        came.insert(std::this_thread::get_id());
        alone = came.size() < 2;
      }
      volatile float least = 1e-38F, tenth = 0.1F;
      const bool is_zero = least * tenth == 0.0F;
      otherwise += is_zero != flush || std::fegetround() != (flush ? FE_UPWARD : FE_TONEAREST);
    });
    EXPECT_EQ(otherwise, 0) << flush;
  }
  std::fesetenv(&before);
}

}  // namespace
}  // namespace opsis
