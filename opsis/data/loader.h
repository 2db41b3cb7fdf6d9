// Reads a data set in batches, on threads.
#pragma once

#include <ATen/core/Generator.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/data/collate.h"
#include "opsis/data/sampler.h"
#include "opsis/datasets/dataset.h"

namespace opsis::inline v1::data {

/// Where the draws of a sample's transforms come from.
enum class SampleSeeds {
  PerSample,   ///< a generator of the sample's own: the same batches with any number of workers
  Sequential,  ///< the current generator, sample after sample: the pixels of Python's loader with num_workers = 0
};

struct LoaderOptions {
  size_t batch_size = 1;
  bool shuffle = false;                           ///< RandomSampler in place of SequentialSampler
  std::shared_ptr<Sampler> sampler{};             ///< an order of your own; not with shuffle
  std::shared_ptr<BatchSampler> batch_sampler{};  ///< batches of your own; not with any of the above, nor drop_last
  size_t num_workers = 0;                         ///< threads; 0 reads in the calling thread, when a batch is asked for
  bool drop_last = false;                         ///< drop the last batch when it is not full
  size_t prefetch = 2;                            ///< batches being made or ready; at least 1, only with workers
  std::optional<at::Generator> generator{};       ///< for the base seed and shuffling; the current one when not given
  std::optional<uint64_t> seed{};                 ///< makes an epoch a function of seed and epoch() alone
  SampleSeeds sample_seeds = SampleSeeds::PerSample;
};

namespace detail {

// One batch in the making: what the template knows of it. load is called once for each slot, from any thread; then finish.
class OPSIS_API BatchJob {
 public:
  explicit BatchJob(std::vector<size_t> indices) : indices(std::move(indices)) {}
  virtual ~BatchJob();
  virtual void load(size_t slot) = 0;
  virtual void finish() = 0;
  const std::vector<size_t> indices;
};

using MakeJob = std::function<std::unique_ptr<BatchJob>(std::vector<size_t> indices)>;

// An epoch under way: finished batches in order, null at the end. An error ends it. The destructor waits for the workers, which
// leave after the sample they are at.
class OPSIS_API Epoch {
 public:
  virtual ~Epoch();
  virtual std::unique_ptr<BatchJob> next() = 0;
};

// All of a loader that does not depend on the type of its examples.
class OPSIS_API LoaderCore {
 public:
  LoaderCore(size_t dataset_size, LoaderOptions options);
  std::unique_ptr<Epoch> start(MakeJob make);
  size_t size() const { return batches_->size(); }

  LoaderOptions options;
  int64_t epoch = 0;

 private:
  std::shared_ptr<BatchSampler> batches_;
};

}  // namespace detail

/// Batches of a data set, epoch after epoch. In order, and the same whatever the number of workers: every (epoch, sample) draws
/// from a generator of its own.
///     data::DataLoader loader(datasets::Digits({.train = true}), {.batch_size = 64, .shuffle = true, .num_workers = 2});
///     for (auto& [images, labels] : loader) { ... }   // (64, 1, 8, 8), (64)
///
/// One thread uses a loader; it outlives its iterators. Leaving the loop early is fine. While a sample is read, its thread's
/// parallel_for and tensor kernels are serial, so that results do not depend on the machine's cores.
///
/// Draws    when an epoch begins: a base seed, then what the sampler draws, so the order equals that of Python's
///          DataLoader(shuffle=True, num_workers=0) after the same torch::manual_seed, epoch after epoch. PerSample draws the whole
///          order then; Sequential draws as Python does, when an index is asked for.
/// Resume   restore the generator's state and call set_epoch: the epochs that follow are those that would have followed
/// Throws   SampleError with the sample's index, and its cause nested in it, where the batch would have come; what collate
///          throws; ValueError for options that contradict each other
/// Differs  threads, not processes; no worker seeds. Tells the sampler the epoch, which Python leaves to its users
/// Source   torch.utils.data.DataLoader
template <class Example, class Collate = DefaultCollate>
class DataLoader {
 public:
  using Batch = std::invoke_result_t<const Collate&, std::vector<Example>, std::span<const size_t>>;
  class Iterator;

  /// `collate` is called as collate(std::vector<Example>, std::span<const size_t> indices), from any worker.
  explicit DataLoader(std::shared_ptr<const datasets::Dataset<Example>> dataset, LoaderOptions options = {},
                      Collate collate = {})
      : dataset_(std::move(dataset)), collate_(std::move(collate)), core_(dataset_->size(), std::move(options)) {}

  /// Takes a copy of the data set; those of Opsis are cheap to copy.
  template <class D>
  requires std::is_base_of_v<datasets::Dataset<Example>, D>
  explicit DataLoader(D dataset, LoaderOptions options = {}, Collate collate = {})
      : DataLoader(std::shared_ptr<const datasets::Dataset<Example>>(std::make_shared<const D>(std::move(dataset))),
                   std::move(options), std::move(collate)) {}

  /// Begins an epoch and makes its first batch.
  Iterator begin() {
    return Iterator(core_.start(
        [this](std::vector<size_t> indices) { return std::make_unique<Job>(std::move(indices), *dataset_, collate_); }));
  }
  std::default_sentinel_t end() const { return {}; }

  /// How many batches an epoch has.
  size_t size() const { return core_.size(); }
  /// The number of the epoch that begin() starts next; it counts up by itself, from 0.
  int64_t epoch() const { return core_.epoch; }
  void set_epoch(int64_t epoch) { core_.epoch = epoch; }

  const datasets::Dataset<Example>& dataset() const { return *dataset_; }
  const LoaderOptions& options() const { return core_.options; }

 private:
  struct Job final : detail::BatchJob {
    Job(std::vector<size_t> indices, const datasets::Dataset<Example>& dataset, const Collate& collate)
        : BatchJob(std::move(indices)), dataset(dataset), collate(collate), samples(this->indices.size()) {}
    void load(size_t slot) override { samples[slot].emplace(dataset.get(indices[slot])); }
    void finish() override {
      std::vector<Example> all;
      all.reserve(samples.size());
      for (auto& sample : samples) all.push_back(*std::move(sample));
      samples.clear();
      batch.emplace(collate(std::move(all), std::span<const size_t>(indices)));
    }
    const datasets::Dataset<Example>& dataset;
    const Collate& collate;
    std::vector<std::optional<Example>> samples;
    std::optional<Batch> batch;
  };

  std::shared_ptr<const datasets::Dataset<Example>> dataset_;
  Collate collate_;
  detail::LoaderCore core_;
};

/// The batches of one epoch. It moves, it does not copy; when it goes, so do the epoch's threads.
template <class Example, class Collate>
class DataLoader<Example, Collate>::Iterator {
 public:
  using value_type = Batch;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;

  Batch& operator*() const { return *job_->batch; }
  Batch* operator->() const { return &*job_->batch; }
  /// The numbers of the batch's samples in the data set.
  const std::vector<size_t>& indices() const { return job_->indices; }
  Iterator& operator++() {
    job_.reset();  // its memory may serve the next one
    auto epoch = std::move(epoch_);
    job_.reset(static_cast<Job*>(epoch->next().release()));
    if (job_) epoch_ = std::move(epoch);  // else, and when next throws, the epoch is over
    return *this;
  }
  void operator++(int) { ++*this; }
  bool operator==(std::default_sentinel_t) const { return !job_; }

 private:
  friend class DataLoader;
  explicit Iterator(std::unique_ptr<detail::Epoch> epoch) : epoch_(std::move(epoch)) { ++*this; }
  std::unique_ptr<detail::Epoch> epoch_;
  std::unique_ptr<Job> job_;
};

template <class D>
DataLoader(D) -> DataLoader<typename D::Example>;
template <class D>
DataLoader(D, LoaderOptions) -> DataLoader<typename D::Example>;
template <class D, class C>
DataLoader(D, LoaderOptions, C) -> DataLoader<typename D::Example, C>;
template <class D>
DataLoader(std::shared_ptr<D>) -> DataLoader<typename D::Example>;
template <class D>
DataLoader(std::shared_ptr<D>, LoaderOptions) -> DataLoader<typename D::Example>;
template <class D, class C>
DataLoader(std::shared_ptr<D>, LoaderOptions, C) -> DataLoader<typename D::Example, C>;

}  // namespace opsis::inline v1::data
