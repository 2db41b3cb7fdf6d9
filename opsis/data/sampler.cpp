#include "opsis/data/sampler.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/multinomial.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randperm.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/random.h"

namespace opsis::inline v1::data {
namespace {

std::optional<at::Generator> or_current(const std::optional<at::Generator>& generator) {
  return generator ? generator : random::current();
}

std::vector<size_t> to_indices(const torch::Tensor& drawn) {
  const auto* numbers = drawn.const_data_ptr<int64_t>();
  return {numbers, numbers + drawn.numel()};
}

std::vector<at::Generator> as_list(const std::optional<at::Generator>& generator) {
  return generator ? std::vector<at::Generator>{*generator} : std::vector<at::Generator>{};
}

// The indices below size, shuffled as every process that trains together shuffles them.
std::vector<size_t> common_order(size_t size, bool shuffle, uint64_t seed) {
  if (shuffle) {
    return to_indices(at::randperm(static_cast<int64_t>(size), at::make_generator<at::CPUGeneratorImpl>(seed), at::kLong));
  }
  std::vector<size_t> all(size);
  std::iota(all.begin(), all.end(), size_t{0});
  return all;
}

// An epoch of RandomSampler. Draws come in rounds, each when the one before is used up; the last is cut short, and Python draws
// it even when nothing of it is left, which matters to who shares the generator.
struct RandomRounds {
  int64_t size;
  size_t round, full_rounds, rest;  // indices a round, rounds used whole, indices used of the last round
  bool replacement;
  std::optional<at::Generator> generator;
  bool last_drawn = false;
  std::vector<size_t> indices{};
  size_t next = 0;

  std::vector<size_t> draw(size_t count) {
    if (!generator) generator = at::make_generator<at::CPUGeneratorImpl>(detail::draw_seed({}));
    if (replacement) return to_indices(at::randint(size, {static_cast<int64_t>(count)}, generator, at::kLong));
    auto order = to_indices(at::randperm(size, generator, at::kLong));
    order.resize(count);
    return order;
  }

  std::optional<size_t> operator()() {
    while (next == indices.size()) {
      if (last_drawn) return std::nullopt;
      last_drawn = full_rounds == 0;
      indices = draw(last_drawn ? rest : round);
      next = 0;
      if (!last_drawn) --full_rounds;
    }
    return indices[next++];
  }
};

}  // namespace

uint64_t detail::draw_seed(const std::optional<at::Generator>& generator) {
  return static_cast<uint64_t>(at::empty({}, at::kLong).random_(or_current(generator)).item<int64_t>());
}

Sampler::~Sampler() = default;
void Sampler::set_epoch(int64_t) {}
std::vector<at::Generator> Sampler::generators() const { return {}; }
uint64_t Sampler::salt() const { return 0; }

Indices SequentialSampler::epoch() {
  return [next = size_t{0}, size = size_]() mutable -> std::optional<size_t> {
    if (next == size) return std::nullopt;
    return next++;
  };
}

RandomSampler::RandomSampler(size_t size, RandomSamplerOptions options) : size_(size), options_(std::move(options)) {
  OPSIS_CHECK(size > 0, "RandomSampler: there is nothing to draw from: the data set is empty");
  OPSIS_CHECK(options_.num_samples != size_t{0}, "RandomSampler: num_samples must be positive, got 0");
}

Indices RandomSampler::epoch() {
  const size_t round = options_.replacement ? 32 : size_;
  return RandomRounds{.size = static_cast<int64_t>(size_),
                      .round = round,
                      .full_rounds = size() / round,
                      .rest = size() % round,
                      .replacement = options_.replacement,
                      .generator = options_.generator};
}

std::vector<at::Generator> RandomSampler::generators() const { return as_list(options_.generator); }

SubsetRandomSampler::SubsetRandomSampler(std::vector<size_t> indices, std::optional<at::Generator> generator)
    : indices_(std::move(indices)), generator_(std::move(generator)) {}

Indices SubsetRandomSampler::epoch() {
  return detail::drawn_at_once([indices = indices_, generator = generator_] {
    auto order = to_indices(at::randperm(static_cast<int64_t>(indices.size()), or_current(generator), at::kLong));
    for (auto& index : order) index = indices[index];
    return order;
  });
}

std::vector<at::Generator> SubsetRandomSampler::generators() const { return as_list(generator_); }

WeightedRandomSampler::WeightedRandomSampler(std::vector<double> weights, size_t num_samples,
                                             WeightedRandomSamplerOptions options)
    : weights_(std::move(weights)), num_samples_(num_samples), options_(std::move(options)) {
  OPSIS_CHECK(num_samples > 0, "WeightedRandomSampler: num_samples must be positive, got 0");
  for (size_t i = 0; i < weights_.size(); ++i) {
    OPSIS_CHECK(std::isfinite(weights_[i]) && weights_[i] >= 0,
                "WeightedRandomSampler: weights must be finite and not negative, weight {} is {}", i, weights_[i]);
  }
  const auto positive = static_cast<size_t>(std::count_if(weights_.begin(), weights_.end(), [](double w) { return w > 0; }));
  const size_t needed = options_.replacement ? 1 : num_samples;
  OPSIS_CHECK(positive >= needed, "WeightedRandomSampler: {} samples {} need {} weights above 0, got {}", num_samples,
              options_.replacement ? "with replacement" : "without replacement", needed, positive);
}

Indices WeightedRandomSampler::epoch() {
  return detail::drawn_at_once([weights = at::tensor(weights_, at::kDouble), count = static_cast<int64_t>(num_samples_),
                                replacement = options_.replacement, generator = options_.generator] {
    return to_indices(at::multinomial(weights, count, replacement, or_current(generator)));
  });
}

std::vector<at::Generator> WeightedRandomSampler::generators() const { return as_list(options_.generator); }

DistributedSampler::DistributedSampler(size_t size, DistributedSamplerOptions options) : size_(size), options_(options) {
  const auto [replicas, group] = std::pair(options_.num_replicas, options_.group_size);
  OPSIS_CHECK(options_.rank < replicas, "DistributedSampler: rank must be below num_replicas, got {} and {}", options_.rank,
              replicas);
  OPSIS_CHECK(group > 0 && size % group == 0, "DistributedSampler: size must be a multiple of group_size, got {} and {}", size,
              group);
  const size_t groups = size / group;
  share_ = group * (options_.drop_last ? groups / replicas : (groups + replicas - 1) / replicas);
}

DistributedSampler::DistributedSampler(std::shared_ptr<Sampler> sampler, DistributedSamplerOptions options)
    : DistributedSampler(sampler ? sampler->size() : 0, options) {
  OPSIS_CHECK(sampler, "DistributedSampler: the sampler must not be null");
  sampler_ = std::move(sampler);
}

Indices DistributedSampler::epoch() {
  return detail::drawn_at_once(
      [size = size_, share = share_, options = options_, epoch = epoch_, indices = sampler_ ? sampler_->epoch() : Indices()] {
        auto all = common_order(size, options.shuffle, options.seed + static_cast<uint64_t>(epoch));
        if (indices) {
          std::vector<size_t> of_sampler;
          for (auto index = indices(); index; index = indices()) of_sampler.push_back(*index);
          OPSIS_CHECK(of_sampler.size() == size, "DistributedSampler: the sampler promises {} indices and gives {}", size,
                      of_sampler.size());
          for (auto& index : all) index = of_sampler[index];
        }
        // Filling up begins again with the first, as often as it takes.
        std::vector<size_t> mine;
        for (size_t i = 0; i < share; ++i) {
          const size_t group = options.rank + i / options.group_size * options.num_replicas;
          mine.push_back(all[(group * options.group_size + i % options.group_size) % size]);
        }
        return mine;
      });
}

void DistributedSampler::set_epoch(int64_t epoch) {
  epoch_ = epoch;
  if (sampler_) sampler_->set_epoch(epoch);
}

std::vector<at::Generator> DistributedSampler::generators() const {
  return sampler_ ? sampler_->generators() : std::vector<at::Generator>{};
}

uint64_t DistributedSampler::salt() const { return sampler_ ? sampler_->salt() : 0; }

RASampler::RASampler(size_t size, RASamplerOptions options) : size_(size), options_(options) {
  OPSIS_CHECK(options_.rank < options_.num_replicas, "RASampler: rank must be below num_replicas, got {} and {}", options_.rank,
              options_.num_replicas);
  OPSIS_CHECK(options_.repetitions > 0, "RASampler: repetitions must be positive, got 0");
}

Indices RASampler::epoch() {
  return detail::drawn_at_once([size = size_, share = size(), options = options_, epoch = epoch_] {
    const auto order = common_order(size, options.shuffle, options.seed + static_cast<uint64_t>(epoch));
    std::vector<size_t> mine;
    for (size_t i = 0; i < share; ++i) mine.push_back(order[(options.rank + i * options.num_replicas) / options.repetitions]);
    return mine;
  });
}

BatchSampler::BatchSampler(std::shared_ptr<Sampler> sampler, size_t batch_size, bool drop_last)
    : sampler_(std::move(sampler)), batch_size_(batch_size), drop_last_(drop_last) {
  OPSIS_CHECK(sampler_, "BatchSampler: the sampler must not be null");
  OPSIS_CHECK(batch_size > 0, "BatchSampler: batch_size must be positive, got 0");
}

BatchSampler::~BatchSampler() = default;

size_t BatchSampler::size() const {
  const size_t rest = sampler_->size() % batch_size_;
  return sampler_->size() / batch_size_ + (rest > 0 && !drop_last_ ? 1 : 0);
}

Batches BatchSampler::epoch() {
  return [indices = sampler_->epoch(), batch_size = batch_size_, drop_last = drop_last_]() mutable {
    std::vector<size_t> batch;
    while (batch.size() < batch_size) {
      const auto index = indices();
      if (!index) break;
      batch.push_back(*index);
    }
    if (drop_last && batch.size() < batch_size) batch.clear();
    return batch;
  };
}

void BatchSampler::set_epoch(int64_t epoch) { sampler_->set_epoch(epoch); }
std::vector<at::Generator> BatchSampler::generators() const { return sampler_->generators(); }
uint64_t BatchSampler::salt() const { return sampler_->salt(); }

}  // namespace opsis::inline v1::data
