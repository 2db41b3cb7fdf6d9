// Reads a data set in batches, on threads.
#pragma once

#include <ATen/core/Generator.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/data/collate.h"
#include "opsis/data/epoch.h"
#include "opsis/data/loader_options.h"
#include "opsis/data/loader_report.h"
#include "opsis/data/pin.h"
#include "opsis/data/sampler.h"
#include "opsis/datasets/batch_source.h"
#include "opsis/datasets/dataset.h"
#include "opsis/datasets/placed_source.h"
#include "opsis/hub/value.h"

namespace opsis::inline v1::data {

namespace detail {

// All of a loader that does not depend on the type of its examples.
class OPSIS_API LoaderCore {
 public:
  LoaderCore(size_t dataset_size, LoaderOptions options);
  std::unique_ptr<Epoch> start(MakeJob make);
  size_t size() const { return batches_->size(); }
  int64_t epoch() const { return epoch_; }
  void set_epoch(int64_t epoch);
  const LoaderReport& report() const { return *report_; }
  hub::Value state() const;
  hub::Value state(const Cursor& cursor) const;
  void load_state(const hub::Value& state);
  bool pins_memory() const { return pins_; }
  // Null when batches are pinned.
  const TensorPool* batch_memory() const { return pins_ ? nullptr : &memory_; }

  LoaderOptions options;

 private:
  std::vector<at::Generator> generators() const;

  std::shared_ptr<BatchSampler> batches_;
  bool pins_ = false;
  TensorPool memory_;
  int64_t epoch_ = 0;
  std::weak_ptr<const Cursor> current_;  // of the epoch that began last, while it is under way
  std::optional<Cursor> resumed_;        // of the epoch that a state was in the midst of, until it begins
  std::shared_ptr<LoaderReport> report_ = std::make_shared<LoaderReport>();
};

}  // namespace detail

/// Batches of a data set, epoch after epoch. In order, and the same whatever the number of workers: every sample draws from a
/// generator of its own, whose seed depends on the loader's, the epoch, its index and how often that came before in the epoch, not
/// on the order, the batch or the rank.
///     data::DataLoader loader(datasets::Digits({.train = true}), {.batch_size = 64, .shuffle = true, .num_workers = 2});
///     for (auto& [images, labels] : loader) { ... }   // (64, 1, 8, 8), (64)
///
/// One thread uses a loader; it outlives its iterators. Leaving the loop early is fine, and options.stop lets another thread end it. While a sample is read, its thread's
/// parallel_for and tensor kernels are serial, so that results do not depend on the machine's cores. (On its instruction set they
/// depend as torchvision's do: bilinear resizing of uint8 is another without AVX2.) Without a collate of your own a worker puts
/// what it has read in its place in the batch.
///
/// Draws    when an epoch begins: a base seed, then what the sampler draws, so the order equals that of Python's
///          DataLoader(shuffle=True, num_workers=0) after the same torch::manual_seed, epoch after epoch. PerSample draws the whole
///          order then; Sequential draws as Python does, when an index is asked for.
/// Resume   state() is a small value to save; after load_state() the batches go on as if nothing had been
/// Throws   SampleError with the sample's index, and its cause nested in it, where the batch would have come; what collate
///          throws; ValueError for options that contradict each other. Where bad samples are skipped, SampleError at the end of an
///          epoch that had no other; where they are substituted, SampleError when ten in a row could not be read
/// Pinned   pin_memory pins every tensor of a batch: those of structs by fields(), of tuples, vectors and optionals, and what has
///          a pin_memory() const that gives it; samples are written straight into such memory
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
    auto make = [this](std::vector<size_t> indices) { return std::make_unique<Job>(std::move(indices), *this); };
    return Iterator(core_, core_.start(std::move(make)));
  }
  std::default_sentinel_t end() const { return {}; }

  /// How many batches an epoch has.
  size_t size() const { return core_.size(); }
  /// The number of the epoch that begin() starts next; it counts up by itself, from 0.
  int64_t epoch() const { return core_.epoch(); }
  void set_epoch(int64_t epoch) { core_.set_epoch(epoch); }
  /// How the epoch went that began last, so far.
  LoaderReport report() const { return core_.report(); }

  /// Where the loader stands: a dict of numbers and of the states of all generators that it draws from (the current one unless
  /// there is a seed, options.generator, and those of the sampler), for hub::save. Within the loop it tells that this batch
  /// has been had, so that the next one follows; outside of it that the next epoch does, also when the last one was left early.
  ///     for (auto& batch : loader) { ...; hub::save("loader.pt", loader.state()); }
  /// Of PerSample, epochs are drawn again as they were drawn at their begin; of Sequential a sampler must draw from the current
  /// generator with its first index only, as those of Opsis do, for later the samples' draws lie in between.
  hub::Value state() const { return core_.state(); }
  /// Goes on where a loader of the same data set, seed, sampler and batch size stood, whatever its workers and prefetch. begin()
  /// then takes up the epoch that was under way, without reading the samples that were had, and epoch() is its number.
  /// Sets all of those generators; call it in the random::Scope that the loader is used in.
  /// Throws   ValueError for the state of another loader, NotFoundError for what is none; this one then stands where it stood
  void load_state(const hub::Value& state) { core_.load_state(state); }

  const datasets::Dataset<Example>& dataset() const { return *dataset_; }
  const LoaderOptions& options() const { return core_.options; }

 private:
  // Samples are copied to their places in the batch by whoever reads them.
  static constexpr bool kStacks = std::is_same_v<Collate, DefaultCollate>;

  // Those samples of a batch that one source makes at once: their numbers in it, and their places in the batch.
  struct BatchPart {
    const datasets::Dataset<Example>* dataset;
    const datasets::BatchSource<Batch>* source;
    std::vector<size_t> indices, slots;
  };

  struct Job final : detail::BatchJob {
    Job(std::vector<size_t> indices, const DataLoader& loader)
        : BatchJob(std::move(indices)), loader(loader), sources(loader.batch_sources(this->indices)) {
      if (sources.empty()) samples.resize(this->indices.size());
    }
    size_t slots() const override { return sources.empty() ? samples.size() : 1; }
    void load(size_t slot) override { sources.empty() ? load_sample(slot) : load_batch(); }
    void load_batch() {
      std::vector<Batch> parts;
      for (const auto& part : sources) parts.push_back(part.source->get_batch(part.indices));
      if (parts.size() == 1) {
        batch.emplace(std::move(parts.front()));
        return;
      }
      if constexpr (detail::is_all_tensors<Batch>()) {
        std::vector<std::vector<size_t>> slots;
        for (const auto& part : sources) slots.push_back(part.slots);
        if (auto all = detail::interleave(std::move(parts), slots)) {
          batch = std::move(all);
          return;
        }
      }
      // They are unlike: collate says what is wrong, or finds a type for all of them.
      samples.resize(indices.size());
      for (size_t slot = 0; slot < samples.size(); ++slot) load_sample(slot);
    }
    // In its place in the batch already, where the data set can write it there.
    Example read_sample(size_t slot) {
      if constexpr (kStacks && detail::stacked_tensors<Example>() > 0) {
        const auto [dataset, index] = loader.dataset_->origin(indices[slot]);
        if (const auto* source = dynamic_cast<const datasets::PlacedSource<Example>*>(dataset)) {
          return source->get_placed(index, [&](at::IntArrayRef sizes, torch::ScalarType type) {
            return slabs.front().place(sizes, type, slot, samples.size(), loader.core_.batch_memory());
          });
        }
      }
      return loader.dataset_->get(indices[slot]);
    }
    void load_sample(size_t slot) {
      auto sample = read_sample(slot);
      if constexpr (kStacks) {
        size_t number = 0;
        detail::each_stacked(sample, [&](auto& part) {
          auto& tensor = detail::tensor_of(part);
          tensor = slabs[number++].put(std::move(tensor), slot, samples.size(), loader.core_.batch_memory());
        });
      }
      samples[slot].emplace(std::move(sample));
    }
    void finish() override {
      if (!batch) collate();
      if (loader.core_.pins_memory()) detail::pin(*batch);
    }
    void collate() {
      std::vector<Example> all;
      std::vector<size_t> loaded;
      all.reserve(samples.size());
      for (size_t slot = 0; slot < samples.size(); ++slot) {
        if (!samples[slot]) continue;
        all.push_back(*std::move(samples[slot]));
        loaded.push_back(indices[slot]);
      }
      samples.clear();
      indices = std::move(loaded);
      if constexpr (kStacks) {
        batch.emplace(detail::collate_from(std::move(all), indices, slabs));
        slabs.clear();
      } else {
        batch.emplace(loader.collate_(std::move(all), std::span<const size_t>(indices)));
      }
    }
    const DataLoader& loader;
    const std::vector<BatchPart> sources;  // empty: sample by sample
    std::vector<std::optional<Example>> samples;
    std::vector<detail::Slab> slabs = std::vector<detail::Slab>(kStacks ? detail::stacked_tensors<Example>() : 0);
    std::optional<Batch> batch;
  };

  // What makes the whole batch, by parts; empty where the samples are to be read one by one. Of a wrong index, and where bad
  // samples are passed over, it has to be known which one it is.
  std::vector<BatchPart> batch_sources(const std::vector<size_t>& indices) const {
    std::vector<BatchPart> out;
    if constexpr (kStacks) {
      if (core_.options.on_error != BadSamples::Raise) return {};
      const auto size = dataset_->size();
      auto part = out.end();
      for (size_t slot = 0; slot < indices.size(); ++slot) {
        if (indices[slot] >= size) return {};
        const auto [dataset, index] = dataset_->origin(indices[slot]);
        const auto is_its = [dataset = dataset](const BatchPart& known) { return known.dataset == dataset; };
        if (part == out.end() || !is_its(*part)) part = std::find_if(out.begin(), out.end(), is_its);
        if (part == out.end()) {
          const auto* source = dynamic_cast<const datasets::BatchSource<Batch>*>(dataset);
          if (!source || !source->gives_batches() || (!out.empty() && !detail::is_all_tensors<Batch>())) return {};
          part = out.insert(out.end(), {dataset, source, {}, {}});
        }
        part->indices.push_back(index);
        part->slots.push_back(slot);
      }
    }
    return out;
  }

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
  /// The numbers of the batch's samples in the data set; of a substitute its own.
  const std::vector<size_t>& indices() const { return job_->indices; }
  /// The loader's state as it is after this batch, also when another epoch has begun since.
  hub::Value state() const { return epoch_ ? core_->state(epoch_->cursor()) : core_->state(); }
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
  Iterator(const detail::LoaderCore& core, std::unique_ptr<detail::Epoch> epoch) : core_(&core), epoch_(std::move(epoch)) {
    ++*this;
  }
  const detail::LoaderCore* core_;
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
