// What a data loader is asked for.
#pragma once

#include <ATen/core/Generator.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

#include "opsis/data/sampler.h"

namespace opsis::inline v1::data {

/// Where the draws of a sample's transforms come from.
enum class SampleSeeds {
  PerSample,   ///< a generator of the sample's own: the same batches with any number of workers
  Sequential,  ///< match_python: the current generator, sample after sample, for the pixels of its loader with num_workers = 0
};

/// What is done about a sample that cannot be read.
enum class BadSamples {
  Raise,         ///< SampleError, where its batch would have come
  SkipAndCount,  ///< its batch is shorter, or left out when nothing remains of it; the loader's report says which and why
  Substitute,    ///< another of the epoch's samples in its place, drawn from its own generator; reported too
};

struct LoaderOptions {
  size_t batch_size = 1;
  bool shuffle = false;                           ///< RandomSampler in place of SequentialSampler
  std::shared_ptr<Sampler> sampler{};             ///< an order of your own; not with shuffle
  std::shared_ptr<BatchSampler> batch_sampler{};  ///< batches of your own; not with any of the above, nor drop_last
  size_t num_workers = 0;                         ///< threads; 0 reads in the calling thread, when a batch is asked for
  bool drop_last = false;                         ///< drop the last batch when it is not full
  /// Batches being made or ready; at least 1, only with workers. When not given two, and more where batches are so small that
  /// workers would wait: enough of them for two samples a worker (or two batches, where a data set makes them at once).
  std::optional<size_t> prefetch{};
  std::optional<at::Generator> generator{};  ///< for the base seed and shuffling; the current one when not given
  std::optional<uint64_t> seed{};            ///< makes an epoch a function of seed and epoch() alone
  SampleSeeds sample_seeds = SampleSeeds::PerSample;
  BadSamples on_error = BadSamples::Raise;
  bool pin_memory = false;  ///< batches in pinned memory, to be copied to a GPU beside the work; without a GPU only a warning
  bool progress = false;    ///< reports each epoch as a progress::Job, as far as its batches were handed out
  /// Once it is requested, from any thread, epochs end, as soon as the samples are there that are being read; engine::fit then
  /// ends with the last epoch that was whole; one whose validation was not has none.
  std::stop_token stop{};
};

}  // namespace opsis::inline v1::data
