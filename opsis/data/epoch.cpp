#include "opsis/data/epoch.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/core/progress.h"
#include "opsis/core/random.h"
#include "opsis/core/work.h"

namespace opsis::inline v1::data::detail {
namespace {

constexpr size_t kBadSamplesNamed = 10;
// So many substitutes may be bad too; then it is the data that is, not a sample.
constexpr int kSubstitutes = 10;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// The output function of SplitMix64 (Steele, Lea and Flood, 2014): every bit of the input moves every bit of the output.
uint64_t scrambled(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// A batch, where it stands in its epoch, and what became of its samples.
struct PlacedBatch {
  std::unique_ptr<BatchJob> job;
  size_t number = 0;                               // of the batch
  std::vector<uint64_t> repeats{};                 // of each sample: how often its index came before
  size_t left_out = 0;                             // samples that were skipped
  std::map<size_t, std::vector<BadSample>> bad{};  // by slot
  std::exception_ptr error{};
  size_t error_slot = std::numeric_limits<size_t>::max();
  WorkSeconds load_seconds{};
  double collate_seconds = 0;
};

// What became of one sample.
struct Outcome {
  std::exception_ptr error{};    // ends the epoch
  std::vector<BadSample> bad{};  // what could not be read: the sample, and those drawn in its place
  bool left_out = false;
  WorkSeconds seconds{};
};

// Called in a handler: what went wrong, and the way out if that knows one.
Error current_cause() {
  try {
    throw;
  } catch (const Error& error) {
    return Error(error.rule(), error.way_out(), error.way());
  } catch (const c10::Error& error) {
    return Error(error.what_without_backtrace());
  } catch (const std::exception& error) {
    return Error(error.what());
  } catch (...) {
    return Error("an exception that is no std::exception");
  }
}

// Called in a handler: the exception as a SampleError that carries it.
std::exception_ptr sample_error(size_t index, const Error& cause) {
  try {
    std::throw_with_nested(SampleError(index, cause));
  } catch (...) {
    return std::current_exception();
  }
}

// Reads a sample, or what stands in for it.
void read_or_replace(const EpochPlan& plan, BatchJob& job, size_t slot, Outcome& outcome) {
  auto& index = job.indices[slot];
  for (int substitutes = 0;; ++substitutes) {
    try {
      return job.load(slot);
    } catch (...) {
      const auto cause = current_cause();
      if (substitutes == kSubstitutes) {
        outcome.error = sample_error(index, Error(text("{}; nor could {} others be read in place of sample {}", cause.what(),
                                                       substitutes, outcome.bad[0].index)));
        return;
      }
      if (plan.options.on_error == BadSamples::Raise) {
        outcome.error = sample_error(index, cause);
        return;
      }
      outcome.bad.push_back({index, cause.what()});
    }
    if (plan.options.on_error == BadSamples::SkipAndCount) {
      outcome.left_out = true;
      return;
    }
    index = plan.substitutes[static_cast<size_t>(random::integer(0, std::ssize(plan.substitutes)))];
  }
}

// How often each index came in an epoch so far. Large ones are indices of data sets that are no list of things, or of none.
class Repeats {
 public:
  uint64_t next(size_t index) {
    if (index >= kListed) return others_[index]++;
    if (index >= listed_.size()) listed_.resize(std::max(index + 1, 2 * listed_.size()));
    return listed_[index]++;
  }

 private:
  static constexpr size_t kListed = size_t{1} << 24;
  std::vector<uint32_t> listed_;
  std::unordered_map<size_t, uint64_t> others_;
};

// Reads one sample. Its seed depends on the epoch, its index and how often that came before: in whatever order and on however many
// ranks it is read, a sample is augmented in one way, and one that is drawn twice in an epoch in two.
Outcome read_sample(const EpochPlan& plan, const PlacedBatch& batch, size_t slot) {
  WorkClock clock;
  Outcome outcome;
  const size_t index = batch.job->indices[slot];
  try {
    std::optional<random::Scope> draws;
    std::optional<SerialScope> serial;
    if (plan.options.sample_seeds == SampleSeeds::PerSample) {
      draws.emplace(mixed(mixed(plan.seed, index), batch.repeats[slot]));
      serial.emplace();
    }
    read_or_replace(plan, *batch.job, slot, outcome);
  } catch (...) {
    outcome.error = sample_error(index, current_cause());
  }
  outcome.seconds = clock.seconds();
  return outcome;
}

// All samples of a batch are read even after an error: the one reported is then always the first.
void note(PlacedBatch& batch, size_t slot, Outcome outcome) {
  batch.load_seconds += outcome.seconds;
  if (outcome.left_out) ++batch.left_out;
  if (!outcome.bad.empty()) batch.bad[slot] = std::move(outcome.bad);
  if (outcome.error && slot < batch.error_slot) {
    batch.error = std::move(outcome.error);
    batch.error_slot = slot;
  }
}

// Collates. A collate that draws (MixUp) has a generator of its own too, the batch's.
void finish_batch(const EpochPlan& plan, PlacedBatch& batch) {
  const auto begin = Clock::now();
  try {
    std::optional<random::Scope> draws;
    if (plan.options.sample_seeds == SampleSeeds::PerSample) draws.emplace(mixed(~plan.seed, batch.number));
    if (batch.left_out < batch.job->indices.size()) {
      batch.job->finish();
    } else {
      batch.job->indices.clear();
    }
  } catch (...) {
    batch.error = std::current_exception();
  }
  batch.collate_seconds = seconds_since(begin);
}

// What epochs with threads and without have in common: where batches come from, and what is told of them.
class PlannedEpoch : public Epoch {
 public:
  std::unique_ptr<BatchJob> next() final {
    while (true) {
      const auto asked = Clock::now();
      const auto batch = is_stopped() ? nullptr : take();
      auto& report = *plan_.report;
      report.wait_seconds += seconds_since(asked);
      report.seconds = seconds_since(begun_);
      if (!batch) {
        if (is_stopped()) return nullptr;
        if (progress_) progress_->finish();
        refuse_if_all_were_bad();
        return nullptr;
      }
      tell(*batch);
      if (batch->error) std::rethrow_exception(std::move(batch->error));
      plan_.cursor->batches_done = batch->number + 1;
      if (progress_) progress_->advance();
      if (batch->job->indices.empty()) continue;
      ++report.batches;
      report.samples += batch->job->indices.size();
      return std::move(batch->job);
    }
  }
  const Cursor& cursor() const final { return *plan_.cursor; }

 protected:
  explicit PlannedEpoch(EpochPlan plan) : plan_(std::move(plan)), first_(plan_.cursor->batches_done) {
    for (; number_ < first_; ++number_) {
      const auto passed_over = plan_.batches();
      if (passed_over.empty()) break;
      for (const size_t index : passed_over) repeats_of(index);
    }
    if (plan_.options.progress) {
      progress_.emplace(text("epoch {}", plan_.cursor->epoch), static_cast<int64_t>(plan_.size), "batches");
      progress_->advance(static_cast<int64_t>(number_));
    }
  }

  // The next batch, finished or with an error in it; null at the end, and when it is stopped meanwhile.
  virtual std::unique_ptr<PlacedBatch> take() = 0;
  bool is_stopped() const { return plan_.options.stop.stop_requested(); }

  // The batch after the last one that was placed, without its samples; null at the end.
  std::unique_ptr<PlacedBatch> place() {
    auto indices = plan_.batches();
    if (indices.empty()) return nullptr;
    auto batch = std::make_unique<PlacedBatch>();
    for (const size_t index : indices) batch->repeats.push_back(repeats_of(index));
    batch->job = plan_.make(std::move(indices));
    batch->number = number_++;
    return batch;
  }

  EpochPlan plan_;  // workers read it; batches, cursor and report are the consumer's

 private:
  uint64_t repeats_of(size_t index) { return plan_.cursor->draws_by_position ? position_++ : repeats_.next(index); }

  void tell(const PlacedBatch& batch) {
    auto& report = *plan_.report;
    report.load_seconds += batch.load_seconds.sum();
    report.read_seconds += batch.load_seconds[Work::Reading];
    report.decode_seconds += batch.load_seconds[Work::Decoding];
    report.transform_seconds += batch.load_seconds[Work::Transforming];
    report.collate_seconds += batch.collate_seconds;
    for (const auto& [slot, samples] : batch.bad) {
      report.bad_samples += samples.size();
      for (const auto& sample : samples) {
        if (report.first_bad_samples.size() < kBadSamplesNamed) report.first_bad_samples.push_back(sample);
      }
    }
  }

  void refuse_if_all_were_bad() const {
    const auto& report = *plan_.report;
    if (first_ > 0 || report.batches > 0 || report.bad_samples == 0) return;
    const auto& bad = report.first_bad_samples.front();
    throw SampleError(bad.index, text("{}; none of the epoch's {} samples could be read", bad.cause, report.bad_samples));
  }

  const Clock::time_point begun_ = Clock::now();
  const size_t first_;   // the batch that it began with
  size_t number_ = 0;    // of the next batch
  size_t position_ = 0;  // of its first sample, where draws depend on it
  Repeats repeats_;
  std::optional<progress::Job> progress_;
};

class SerialEpoch final : public PlannedEpoch {
 public:
  explicit SerialEpoch(EpochPlan plan) : PlannedEpoch(std::move(plan)) {}

 private:
  std::unique_ptr<PlacedBatch> take() override {
    auto batch = place();
    if (!batch) return nullptr;
    for (size_t slot = 0; slot < batch->job->slots(); ++slot) {
      note(*batch, slot, read_sample(plan_, *batch, slot));
      if (batch->error) return batch;
      if (is_stopped()) return nullptr;
    }
    finish_batch(plan_, *batch);
    return batch;
  }
};

// Workers take samples, not batches, so that the first batch comes early and a slow sample holds up nothing but its own batch.
// Whoever reads the last sample of a batch collates it. Workers never wait for room: the consumer puts in new batches only when
// it takes one out, so there are never more than `prefetch`, or than keep all workers busy.
class ThreadedEpoch final : public PlannedEpoch {
 public:
  explicit ThreadedEpoch(EpochPlan plan) : PlannedEpoch(std::move(plan)) {
    const size_t workers = plan_.options.num_workers;
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

 private:
  struct InFlight {
    explicit InFlight(std::unique_ptr<PlacedBatch> placed) : batch(std::move(placed)), unread(size) {}
    std::unique_ptr<PlacedBatch> batch;
    const size_t size = batch->job->slots();
    size_t taken = 0;  // samples that a worker has begun
    size_t unread;     // samples that are not there yet
    bool done = false;
  };

  std::unique_ptr<PlacedBatch> take() override {
    // As long as it waits, for the call may come when it is made.
    const std::stop_callback wake(plan_.options.stop, [this] {
      const std::lock_guard lock(mutex_);
      ready_.notify_one();
    });
    std::unique_lock lock(mutex_);
    if (in_flight_.empty()) return nullptr;
    ready_.wait(lock, [this] { return in_flight_.front()->done || is_stopped(); });
    if (is_stopped()) return nullptr;
    auto batch = std::move(in_flight_.front()->batch);
    slots_ -= in_flight_.front()->size;
    in_flight_.pop_front();
    lock.unlock();
    if (!batch->error) refill();
    return batch;
  }

  void refill() {
    while (true) {
      {
        const std::lock_guard lock(mutex_);
        if (is_full()) return;
      }
      auto placed = place();  // only the consumer comes here, and a user's sampler may take its time
      if (!placed) return;
      auto next = std::make_unique<InFlight>(std::move(placed));
      {
        const std::lock_guard lock(mutex_);
        slots_ += next->size;
        untaken_ += next->unread;
        in_flight_.push_back(std::move(next));
      }
      work_.notify_all();
    }
  }

  bool is_full() const {
    if (plan_.options.prefetch) return in_flight_.size() >= *plan_.options.prefetch;
    return in_flight_.size() >= 2 && slots_ >= 2 * plan_.options.num_workers;  // two for each, as Python's workers have batches
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      work_.wait(lock, [this] { return stop_ || untaken_ > 0; });
      if (stop_) return;
      InFlight& mine = **std::find_if(in_flight_.begin(), in_flight_.end(), [](const auto& b) { return b->taken < b->size; });
      PlacedBatch& batch = *mine.batch;
      const size_t slot = mine.taken++;
      --untaken_;

      lock.unlock();
      auto outcome = read_sample(plan_, batch, slot);
      lock.lock();

      note(batch, slot, std::move(outcome));
      if (--mine.unread > 0) continue;
      if (!batch.error && !stop_) {
        lock.unlock();
        finish_batch(plan_, batch);
        lock.lock();
      }
      mine.done = true;
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

  std::mutex mutex_;  // guards what follows, and each batch's fields; its job belongs to whoever has a slot of it
  std::condition_variable work_, ready_;
  std::deque<std::unique_ptr<InFlight>> in_flight_;  // in order; the front is the consumer's next
  size_t slots_ = 0;                                 // of all of them, read or not
  size_t untaken_ = 0;
  bool stop_ = false;

  std::vector<std::thread> threads_;
};

}  // namespace

uint64_t mixed(uint64_t a, uint64_t b) { return scrambled(scrambled(a) ^ b); }

BatchJob::~BatchJob() = default;
Epoch::~Epoch() = default;

std::unique_ptr<Epoch> start_epoch(EpochPlan plan) {
  if (plan.options.num_workers == 0) return std::make_unique<SerialEpoch>(std::move(plan));
  return std::make_unique<ThreadedEpoch>(std::move(plan));
}

}  // namespace opsis::inline v1::data::detail
