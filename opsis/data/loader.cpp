#include "opsis/data/loader.h"

#include <ATen/CPUGeneratorImpl.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <limits>
#include <mutex>
#include <system_error>
#include <thread>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/core/random.h"

namespace opsis::inline v1::data::detail {
namespace {

// The output function of SplitMix64 (Steele, Lea and Flood, 2014): every bit of the input moves every bit of the output.
uint64_t mixed(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

uint64_t mixed(uint64_t a, uint64_t b) { return mixed(mixed(a) ^ b); }

// What an epoch is made of, beside its indices.
struct Plan {
  MakeJob make;
  SampleSeeds sample_seeds;
  uint64_t seed;  // of this epoch: base seed and epoch, mixed
};

// A batch, and where it stands in its epoch.
struct Placed {
  std::unique_ptr<BatchJob> job;
  size_t number = 0;          // of the batch
  size_t first_position = 0;  // of its first sample
};

// Called in a handler: the exception as a SampleError that carries it.
std::exception_ptr sample_error(size_t index) {
  std::string cause = "an exception that is no std::exception";
  try {
    throw;
  } catch (const c10::Error& error) {
    cause = error.what_without_backtrace();
  } catch (const std::exception& error) {
    cause = error.what();
  } catch (...) {
  }
  try {
    std::throw_with_nested(SampleError(index, cause));
  } catch (...) {
    return std::current_exception();
  }
}

// Reads one sample. Its seed depends on its index and on its position in the epoch: a sample that is drawn twice in one epoch is
// augmented in two ways.
std::exception_ptr load_sample(const Plan& plan, const Placed& batch, size_t slot) {
  const size_t index = batch.job->indices[slot];
  try {
    std::optional<random::Scope> draws;
    std::optional<SerialScope> serial;
    if (plan.sample_seeds == SampleSeeds::PerSample) {
      draws.emplace(mixed(mixed(plan.seed, index), batch.first_position + slot));
      serial.emplace();
    }
    batch.job->load(slot);
    return nullptr;
  } catch (...) {
    return sample_error(index);
  }
}

// Collates. A collate that draws (MixUp) has a generator of its own too, the batch's.
std::exception_ptr finish_batch(const Plan& plan, const Placed& batch) {
  try {
    std::optional<random::Scope> draws;
    if (plan.sample_seeds == SampleSeeds::PerSample) draws.emplace(mixed(~plan.seed, batch.number));
    batch.job->finish();
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

// Gives the batches of an epoch their places.
class Source {
 public:
  Source(const Plan& plan, Batches batches) : plan_(plan), batches_(std::move(batches)) {}
  Placed next() {
    auto indices = batches_();
    if (indices.empty()) return {};
    const size_t count = indices.size();
    return {plan_.make(std::move(indices)), number_++, std::exchange(position_, position_ + count)};
  }

 private:
  const Plan& plan_;
  Batches batches_;
  size_t number_ = 0, position_ = 0;
};

class SerialEpoch final : public Epoch {
 public:
  SerialEpoch(Plan plan, Batches batches) : plan_(std::move(plan)), source_(plan_, std::move(batches)) {}

  std::unique_ptr<BatchJob> next() override {
    auto batch = source_.next();
    if (!batch.job) return nullptr;
    for (size_t slot = 0; slot < batch.job->indices.size(); ++slot) {
      if (const auto error = load_sample(plan_, batch, slot)) std::rethrow_exception(error);
    }
    if (const auto error = finish_batch(plan_, batch)) std::rethrow_exception(error);
    return std::move(batch.job);
  }

 private:
  const Plan plan_;
  Source source_;
};

// Workers take samples, not batches, so that the first batch comes early and a slow sample holds up nothing but its own batch.
// Whoever reads the last sample of a batch collates it. Workers never wait for room: the consumer puts in a new batch only when
// it takes one out, so there are never more than `prefetch`.
class ThreadedEpoch final : public Epoch {
 public:
  ThreadedEpoch(Plan plan, Batches batches, size_t workers, size_t prefetch)
      : plan_(std::move(plan)), source_(plan_, std::move(batches)), prefetch_(prefetch) {
    try {
      refill();
      for (size_t i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
    } catch (const std::system_error& error) {
      stop();
      raise<IoError>("DataLoader: the system gives {} of {} worker threads: {}; lower num_workers", threads_.size(), workers,
                     error.what());
    } catch (...) {
      stop();
      throw;
    }
  }
  ~ThreadedEpoch() override { stop(); }

  std::unique_ptr<BatchJob> next() override {
    std::unique_lock lock(mutex_);
    if (batches_.empty()) return nullptr;
    ready_.wait(lock, [this] { return batches_.front()->done; });
    const auto batch = std::move(batches_.front());
    batches_.pop_front();
    lock.unlock();
    if (batch->error) std::rethrow_exception(std::move(batch->error));
    refill();
    return std::move(batch->job);
  }

 private:
  struct InFlight : Placed {
    explicit InFlight(Placed batch) : Placed(std::move(batch)), unread(job->indices.size()) {}
    size_t taken = 0;  // samples that a worker has begun
    size_t unread;     // samples that are not there yet
    std::exception_ptr error;
    size_t error_slot = std::numeric_limits<size_t>::max();
    bool done = false;
  };

  void refill() {
    while (true) {
      {
        const std::lock_guard lock(mutex_);
        if (batches_.size() >= prefetch_) return;
      }
      auto placed = source_.next();  // only the consumer comes here, and a user's sampler may take its time
      if (!placed.job) return;
      auto batch = std::make_unique<InFlight>(std::move(placed));
      {
        const std::lock_guard lock(mutex_);
        untaken_ += batch->unread;
        batches_.push_back(std::move(batch));
      }
      work_.notify_all();
    }
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      work_.wait(lock, [this] { return stop_ || untaken_ > 0; });
      if (stop_) return;
      InFlight& batch =
          **std::find_if(batches_.begin(), batches_.end(), [](const auto& b) { return b->taken < b->job->indices.size(); });
      const size_t slot = batch.taken++;
      --untaken_;

      lock.unlock();
      auto error = load_sample(plan_, batch, slot);
      lock.lock();

      // All samples are read even after an error: the one reported is then always the first.
      if (error && slot < batch.error_slot) {
        batch.error = std::move(error);
        batch.error_slot = slot;
      }
      error = nullptr;
      if (--batch.unread > 0) continue;
      if (!batch.error && !stop_) {
        lock.unlock();
        error = finish_batch(plan_, batch);
        lock.lock();
        batch.error = std::move(error);
      }
      batch.done = true;
      ready_.notify_one();
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    work_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

  const Plan plan_;
  Source source_;
  const size_t prefetch_;

  std::mutex mutex_;  // guards what follows, and each batch's fields; its job belongs to whoever has a slot of it
  std::condition_variable work_, ready_;
  std::deque<std::unique_ptr<InFlight>> batches_;  // in order; the front is the consumer's next
  size_t untaken_ = 0;
  bool stop_ = false;

  std::vector<std::thread> threads_;
};

std::shared_ptr<BatchSampler> batch_sampler(size_t dataset_size, const LoaderOptions& options) {
  if (options.batch_sampler) {
    OPSIS_CHECK(options.batch_size == 1 && !options.shuffle && !options.sampler && !options.drop_last,
                "DataLoader: batch_sampler excludes batch_size, shuffle, sampler and drop_last");
    return options.batch_sampler;
  }
  OPSIS_CHECK(!options.sampler || !options.shuffle, "DataLoader: sampler excludes shuffle");
  OPSIS_CHECK(options.batch_size > 0, "DataLoader: batch_size must be positive, got 0");
  auto sampler = options.sampler;
  if (!sampler && options.shuffle) {
    sampler = std::make_shared<RandomSampler>(dataset_size, RandomSamplerOptions{.generator = options.generator});
  } else if (!sampler) {
    sampler = std::make_shared<SequentialSampler>(dataset_size);
  }
  return std::make_shared<BatchSampler>(std::move(sampler), options.batch_size, options.drop_last);
}

// The same batches, all drawn now.
Batches drawn(Batches batches) {
  std::vector<std::vector<size_t>> all;
  for (auto batch = batches(); !batch.empty(); batch = batches()) all.push_back(std::move(batch));
  return [all = std::move(all), next = size_t{0}]() mutable {
    return next < all.size() ? std::move(all[next++]) : std::vector<size_t>{};
  };
}

}  // namespace

BatchJob::~BatchJob() = default;
Epoch::~Epoch() = default;

LoaderCore::LoaderCore(size_t dataset_size, LoaderOptions given)
    : options(std::move(given)), batches_(batch_sampler(dataset_size, options)) {
  OPSIS_CHECK(!options.seed || !options.generator, "DataLoader: seed excludes generator");
  OPSIS_CHECK(options.prefetch > 0, "DataLoader: prefetch must be positive, got 0");
  if (options.sample_seeds == SampleSeeds::Sequential) {
    OPSIS_CHECK(options.num_workers == 0, "DataLoader: SampleSeeds::Sequential needs num_workers = 0, got {}",
                options.num_workers);
    OPSIS_CHECK(!options.seed, "DataLoader: SampleSeeds::Sequential draws from the current generator, which excludes seed");
  }
}

std::unique_ptr<Epoch> LoaderCore::start(MakeJob make) {
  const auto number = epoch++;
  batches_->set_epoch(number);

  std::optional<random::Scope> seeded;
  if (options.seed) seeded.emplace(mixed(*options.seed, static_cast<uint64_t>(number)));
  const auto base_seed = draw_seed(options.generator);
  Plan plan{
      .make = std::move(make), .sample_seeds = options.sample_seeds, .seed = mixed(base_seed, static_cast<uint64_t>(number))};

  auto batches = batches_->epoch();
  if (options.sample_seeds == SampleSeeds::PerSample) batches = drawn(std::move(batches));
  if (options.num_workers == 0) return std::make_unique<SerialEpoch>(std::move(plan), std::move(batches));
  return std::make_unique<ThreadedEpoch>(std::move(plan), std::move(batches), options.num_workers, options.prefetch);
}

}  // namespace opsis::inline v1::data::detail
