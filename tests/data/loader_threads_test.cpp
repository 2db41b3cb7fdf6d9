// What a loader does with its threads: how far they run ahead, that they end, and that nothing is left of them.
#include <sys/resource.h>
#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "opsis/core/parallel.h"
#include "opsis/data/loader.h"
#include "tests/data/loader_examples.h"
#include "tests/support/expect.h"
#include "tests/support/memory.h"

namespace opsis {
namespace {

using data::DataLoader;
using datasets::Dataset;

// Tells how far the workers have run ahead of the consumer.
struct Counting : Numbers {
  Counting(size_t size, std::shared_ptr<std::atomic<int64_t>> begun) : Numbers(size), begun(std::move(begun)) {}
  int64_t get(size_t index) const override {
    ++*begun;
    return Numbers::get(index);
  }
  std::shared_ptr<std::atomic<int64_t>> begun;
};

TEST(DataLoader, NeverHoldsMoreThanItsPrefetch) {
  const auto begun = std::make_shared<std::atomic<int64_t>>(0);
  DataLoader loader(Counting(60, begun), {.batch_size = 5, .num_workers = 3, .prefetch = 2});
  int64_t taken = 0;
  for (auto& batch : loader) {
    taken += batch.numel();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_LE(begun->load(), taken + 10);  // two batches
  }
  EXPECT_EQ(begun->load(), 60);
}

// So many threads that must be in one place at once; who comes first waits for the others.
struct Meeting {
  explicit Meeting(size_t expected) : expected(expected) {}
  void come() {
    std::unique_lock lock(mutex);
    most = std::max(most, ++here);
    came.notify_all();
    if (!came.wait_for(lock, std::chrono::seconds(60), [this] { return most >= expected; })) expected = 0;
    --here;
  }
  size_t expected;  // none once that failed
  std::mutex mutex;
  std::condition_variable came;
  size_t here = 0, most = 0;
};

// Read one by one, or in batches that are made at once.
struct Met : Dataset<int64_t>, datasets::BatchSource<torch::Tensor> {
  Met(std::shared_ptr<Meeting> meeting, bool at_once) : meeting(std::move(meeting)), at_once(at_once) {}
  size_t size() const override { return 64; }
  int64_t get(size_t index) const override {
    meeting->come();
    return static_cast<int64_t>(index);
  }
  bool gives_batches() const override { return at_once; }
  torch::Tensor get_batch(std::span<const size_t> indices) const override {
    meeting->come();
    return torch::tensor(std::vector<int64_t>(indices.begin(), indices.end()));
  }
  std::shared_ptr<Meeting> meeting;
  bool at_once;
};

TEST(DataLoader, KeepsEveryWorkerBusyHoweverSmallItsBatchesAre) {
  for (const bool at_once : {false, true}) {
    for (const size_t batch_size : {1, 2, 3}) {
      SCOPED_TRACE(std::to_string(batch_size) + (at_once ? " at once" : ""));
      const auto meeting = std::make_shared<Meeting>(8);
      DataLoader loader(Met(meeting, at_once), {.batch_size = batch_size, .num_workers = 8});
      std::vector<int64_t> seen;
      for (auto& batch : loader) {
        for (const auto number : to_vector(batch)) seen.push_back(number);
      }
      EXPECT_EQ(meeting->most, 8U);
      EXPECT_EQ(seen, to_vector(torch::arange(64)));
    }
  }
}

TEST(DataLoader, HoldsTwoBatchesThatAreLargeEnough) {
  const auto begun = std::make_shared<std::atomic<int64_t>>(0);
  DataLoader loader(Counting(96, begun), {.batch_size = 8, .num_workers = 8});
  int64_t taken = 0;
  for (auto& batch : loader) {
    taken += batch.numel();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_LE(begun->load(), taken + 16);
  }
}

TEST(DataLoader, ReadsSamplesOnSerialThreads) {
  struct Threads : Dataset<bool> {
    size_t size() const override { return 8; }
    bool get(size_t) const override {
      const auto here = std::this_thread::get_id();
      std::atomic<bool> serial = true;
      parallel_for(0, 1000, 1, [&](int64_t, int64_t) { serial = serial && std::this_thread::get_id() == here; });
      return serial;
    }
  };
  for (const size_t workers : {0, 2}) {
    DataLoader loader(Threads(), {.batch_size = 4, .num_workers = workers});
    for (auto& serial : loader) EXPECT_TRUE(serial.all().item<bool>());
  }
}

// For the thread sanitizer: many short epochs, most of them left early, with errors among them.
TEST(DataLoader, SurvivesBeingLeftAtAnyPoint) {
  torch::manual_seed(0);
  for (int round = 0; round < 60; ++round) {
    const auto workers = static_cast<size_t>(1 + round % 4);
    const auto prefetch = static_cast<size_t>(1 + round % 3);
    DataLoader drawn(Drawn(32), {.batch_size = 4, .shuffle = true, .num_workers = workers, .prefetch = prefetch});
    int left = round % 10;
    for (auto& batch : drawn) {
      EXPECT_EQ(std::get<0>(batch).numel(), 4);
      if (left-- == 0) break;
    }
    DataLoader failing(Failing(24, {static_cast<size_t>(round) % 30}), {.batch_size = 3, .num_workers = workers});
    try {
      for (auto& batch : failing) EXPECT_EQ(batch.numel(), 3);
      EXPECT_GE(round % 30, 24);
    } catch (const SampleError& error) {
      EXPECT_EQ(error.index, static_cast<size_t>(round) % 30);
    }
  }
}

TEST(DataLoader, IsDestroyedAThousandTimesInTheMidstOfAnEpoch) {
  for (size_t round = 0; round < 1000; ++round) {
    std::optional<DataLoader<int64_t>> loader;
    loader.emplace(
        Numbers(40),
        data::LoaderOptions{
            .batch_size = 1 + round % 5, .shuffle = round % 2 == 0, .num_workers = 1 + round % 3, .prefetch = 1 + round % 4});
    auto batch = loader->begin();
    for (size_t i = 0; i < round % 7; ++i) ++batch;
    EXPECT_GT(batch->numel(), 0);
    if (round % 10 != 0) continue;
    // And with up to 16 workers, while samples are read that take their time.
    std::optional<DataLoader<int64_t>> slow;
    slow.emplace(Failing(40, {}), data::LoaderOptions{.batch_size = 2, .num_workers = 1 + round / 10 % 16});
    EXPECT_EQ(slow->begin()->numel(), 2);
  }
}

size_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
}

TEST(DataLoader, NoThreadOutlivesItsEpoch) {
  if (!std::filesystem::exists("/proc/self/task")) GTEST_SKIP() << "the system does not tell";
  const auto before = threads_of_this_process();
  for (const size_t batches : {1, 5, 10}) {  // left at once, in its midst, at its end
    DataLoader loader(Numbers(40), {.batch_size = 4, .num_workers = 6});
    {
      auto batch = loader.begin();
      EXPECT_GE(threads_of_this_process(), before + 6);
      for (size_t i = 0; i < batches; ++i) ++batch;
      EXPECT_EQ(batch == loader.end(), batches == 10);
    }
    // A thread that was joined stays in the list for a moment.
    for (int i = 0; i < 1000 && threads_of_this_process() > before; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(threads_of_this_process(), before);
  }
}

// Reads until it is let go, but for the first samples.
struct Stuck : Dataset<int64_t> {
  explicit Stuck(std::shared_future<void> let_go) : let_go(std::move(let_go)) {}
  size_t size() const override { return 40; }
  int64_t get(size_t index) const override {
    if (index >= 8) let_go.wait();
    return static_cast<int64_t>(index);
  }
  std::shared_future<void> let_go;
};

TEST(DataLoader, IsStoppedByAnotherThreadWhileItWaits) {
  for (int round = 0; round < 20; ++round) {
    std::promise<void> let_go;
    std::stop_source source;
    DataLoader loader(Stuck(let_go.get_future().share()), {.batch_size = 4, .num_workers = 2, .stop = source.get_token()});
    std::optional<std::jthread> other;
    std::vector<int64_t> seen;
    auto batch = loader.begin();
    for (; batch != loader.end(); ++batch) {
      for (const auto number : to_vector(*batch)) seen.push_back(number);
      if (seen.size() < 8) continue;
      // The third batch never comes; the samples that are under way are let go when nobody waits for them any more.
      other.emplace([&] {
        std::this_thread::sleep_for(std::chrono::microseconds(200 * round));
        source.request_stop();
        let_go.set_value();
      });
    }
    EXPECT_EQ(seen, (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7}));
    EXPECT_TRUE(loader.begin() == loader.end()) << "what is stopped stays so";
  }
}

TEST(DataLoader, IsStoppedWithoutWorkersAfterTheSampleItIsAt) {
  std::stop_source source;
  struct Stopping : Dataset<int64_t> {
    explicit Stopping(std::stop_source* source) : source(source) {}
    size_t size() const override { return 40; }
    int64_t get(size_t index) const override {
      if (index == 9) source->request_stop();
      EXPECT_LT(index, 10u);
      return static_cast<int64_t>(index);
    }
    std::stop_source* source;
  };
  DataLoader loader(Stopping(&source), {.batch_size = 4, .stop = source.get_token()});
  size_t batches = 0;
  std::optional<hub::Value> state;
  for (const auto& batch : loader) {
    batches += static_cast<size_t>(batch.numel() == 4);
    state = loader.state();
  }
  EXPECT_EQ(batches, 2u);
  // What was stopped goes on from the state of its last batch, by a loader that is not.
  DataLoader next(Numbers(40), {.batch_size = 4});
  next.load_state(*state);
  EXPECT_EQ(to_vector(*next.begin()), (std::vector<int64_t>{8, 9, 10, 11}));
}

TEST(DataLoader, MemoryStaysFlatOverFiftyEpochs) {
  struct Pictures : Dataset<datasets::Classified> {
    size_t size() const override { return 24; }
    Example get(size_t index) const override {
      return {Image(torch::full({64, 64, 3}, 0.5F).permute({2, 0, 1})), static_cast<int64_t>(index)};
    }
  };
  DataLoader loader(Pictures(), {.batch_size = 8, .shuffle = true, .num_workers = 2});
  const auto epochs = [&](int count) {
    for (int i = 0; i < count; ++i) {
      for (auto& batch : loader) EXPECT_EQ(batch.images.size(0), 8);
    }
    return support::resident_memory();
  };
  // Threads leave pieces of their own heaps behind, until there are enough of them.
  const auto before = epochs(50), after = epochs(50);
  EXPECT_LE(after, before + before / 100);
}

/// While it lives, this process gets no more than so many further bytes of address space: a few stacks of threads.
struct AddressSpaceLimit {
  explicit AddressSpaceLimit(rlim_t bytes) {
    getrlimit(RLIMIT_AS, &outer);
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlimit inner{pages * static_cast<rlim_t>(getpagesize()) + bytes, outer.rlim_max};
    setrlimit(RLIMIT_AS, &inner);
  }
  ~AddressSpaceLimit() { setrlimit(RLIMIT_AS, &outer); }
  rlimit outer{};
};

TEST(DataLoader, SaysHowManyThreadsTheSystemGives) {
  if (support::sanitized()) GTEST_SKIP() << "a sanitizer, which asks for memory of its own for each thread, ends the program";
  DataLoader loader(Numbers(8), {.batch_size = 2, .num_workers = 256});
  {
    const AddressSpaceLimit limit(rlim_t{64} << 20);
    EXPECT_ERROR(loader.begin(), IoError, "of 256 worker threads: ");
  }
  size_t batches = 0;
  for (const auto& batch : loader) batches += static_cast<size_t>(batch.numel() > 0);
  EXPECT_EQ(batches, 4u) << "a later epoch starts as if nothing had been";
}

}  // namespace
}  // namespace opsis
