// In which order the examples of a data set are read. Every sampler draws what Python's of the same name draws, in its order.
#pragma once

#include <ATen/core/Generator.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::data {

/// One epoch's indices, one a call; nothing when they are at their end.
using Indices = std::function<std::optional<size_t>()>;

/// Gives an order of indices for each epoch. Used by one thread at a time.
class OPSIS_API Sampler {
 public:
  virtual ~Sampler();
  /// How many indices an epoch has.
  virtual size_t size() const = 0;
  /// A new epoch, which has to end: a data loader may ask for all of it before its first batch. Like a generator of Python, it
  /// draws only when its first index is asked for.
  virtual Indices epoch() = 0;
  /// Which epoch comes next, for samplers whose order depends on it; the data loader tells them.
  virtual void set_epoch(int64_t epoch);
  /// The generators of its own that it draws from, if it has any: a data loader's state has theirs in it.
  virtual std::vector<at::Generator> generators() const;
  /// What a data loader mixes into the seeds of samples: where processes share repeated indices out, another number in each, so
  /// that they augment them in different ways.
  virtual uint64_t salt() const;

 protected:
  Sampler() = default;
  Sampler(const Sampler&) = default;
  Sampler& operator=(const Sampler&) = default;
};

/// 0, 1, ..., size - 1.
/// Source   torch.utils.data.SequentialSampler
class OPSIS_API SequentialSampler final : public Sampler {
 public:
  explicit SequentialSampler(size_t size) : size_(size) {}
  size_t size() const override { return size_; }
  Indices epoch() override;

 private:
  size_t size_;
};

struct RandomSamplerOptions {
  bool replacement = false;
  std::optional<size_t> num_samples{};       ///< an epoch's length; the data set's when not given
  std::optional<at::Generator> generator{};  ///< draws come from it
};

/// The indices below `size` in random order, or drawn with replacement.
/// Draws    each epoch: without a generator, a seed for one of its own from the current generator (one 64-bit random_()); then
///          torch.randperm(size) as often as needed, and once more at the end; with replacement, torch.randint by 32
/// Throws   ValueError when there is nothing to draw from or num_samples is 0
/// Source   torch.utils.data.RandomSampler
class OPSIS_API RandomSampler final : public Sampler {
 public:
  explicit RandomSampler(size_t size, RandomSamplerOptions options = {});
  size_t size() const override { return options_.num_samples.value_or(size_); }
  Indices epoch() override;
  std::vector<at::Generator> generators() const override;

 private:
  size_t size_;
  RandomSamplerOptions options_;
};

/// The given indices in random order.
/// Draws    each epoch: torch.randperm(size) from the generator, else from the current one
/// Source   torch.utils.data.SubsetRandomSampler
class OPSIS_API SubsetRandomSampler final : public Sampler {
 public:
  explicit SubsetRandomSampler(std::vector<size_t> indices, std::optional<at::Generator> generator = {});
  size_t size() const override { return indices_.size(); }
  Indices epoch() override;
  std::vector<at::Generator> generators() const override;

 private:
  std::vector<size_t> indices_;
  std::optional<at::Generator> generator_;
};

struct WeightedRandomSamplerOptions {
  bool replacement = true;
  std::optional<at::Generator> generator{};  ///< draws come from it, else from the current one
};

/// `num_samples` indices, each drawn with a probability in proportion to its weight. Weights need not sum to 1.
/// Draws    each epoch: torch.multinomial(weights, num_samples, replacement), weights in float64
/// Throws   ValueError when num_samples is 0, a weight is negative or not finite, or too few are above 0
/// Source   torch.utils.data.WeightedRandomSampler
class OPSIS_API WeightedRandomSampler final : public Sampler {
 public:
  WeightedRandomSampler(std::vector<double> weights, size_t num_samples, WeightedRandomSamplerOptions options = {});
  size_t size() const override { return num_samples_; }
  Indices epoch() override;
  std::vector<at::Generator> generators() const override;

 private:
  std::vector<double> weights_;
  size_t num_samples_;
  WeightedRandomSamplerOptions options_;
};

struct DistributedSamplerOptions {
  size_t num_replicas = 1;  ///< processes that train together
  size_t rank = 0;          ///< which of them this is
  bool shuffle = true;
  uint64_t seed = 0;       ///< the same in all of them
  bool drop_last = false;  ///< drop what cannot be shared out evenly, rather than repeat the first indices to fill up
  size_t group_size = 1;   ///< so many indices that follow each other go to the same process
};

/// This process's share of a data set, equally long in each: every num_replicas-th index, beginning with its rank; or every
/// num_replicas-th group of indices. Of a sampler it is the share of its indices: all processes must then draw the same ones.
///     DistributedSampler(14, {.num_replicas = 4, .rank = 3, .shuffle = false, .group_size = 2})   // 6, 7, 0, 1
/// Draws    what the sampler draws; torch.randperm(size) from a generator of its own, seeded with seed + epoch
/// Throws   ValueError when rank is not below num_replicas, or size is no multiple of group_size
/// Differs  from torchvision's in that it shuffles unless told not to, as torch's does, and has a seed
/// Source   torch.utils.data.DistributedSampler and torchvision.datasets.samplers.DistributedSampler; the data loader calls
///          set_epoch, which Python leaves to its users
class OPSIS_API DistributedSampler final : public Sampler {
 public:
  explicit DistributedSampler(size_t size, DistributedSamplerOptions options = {});
  explicit DistributedSampler(std::shared_ptr<Sampler> sampler, DistributedSamplerOptions options = {});
  size_t size() const override { return share_; }
  Indices epoch() override;
  void set_epoch(int64_t epoch) override;
  std::vector<at::Generator> generators() const override;
  uint64_t salt() const override;

 private:
  std::shared_ptr<Sampler> sampler_;  // null: the indices below size_
  size_t size_, share_;
  DistributedSamplerOptions options_;
  int64_t epoch_ = 0;
};

struct RASamplerOptions {
  size_t num_replicas = 1;  ///< processes that train together
  size_t rank = 0;          ///< which of them this is
  bool shuffle = true;
  uint64_t seed = 0;       ///< the same in all of them
  size_t repetitions = 3;  ///< how often an index comes in a row, each time in another process if there are as many
};

/// Repeated augmentation (https://arxiv.org/abs/1901.09335): each index comes several times, augmented in another way each time,
/// and an epoch stays about as long as the data set: it ends with 256 * floor(size / 256) indices, shared out.
/// Draws    torch.randperm(size) from a generator of its own, seeded with seed + epoch
/// Throws   ValueError when rank is not below num_replicas, or repetitions is 0
/// Source   RASampler of torchvision's references/classification
class OPSIS_API RASampler final : public Sampler {
 public:
  explicit RASampler(size_t size, RASamplerOptions options = {});
  size_t size() const override { return size_ / 256 * 256 / options_.num_replicas; }
  Indices epoch() override;
  void set_epoch(int64_t epoch) override { epoch_ = epoch; }
  uint64_t salt() const override { return options_.rank; }

 private:
  size_t size_;
  RASamplerOptions options_;
  int64_t epoch_ = 0;
};

/// One epoch's batches of indices, one a call; an empty one when they are at their end.
using Batches = std::function<std::vector<size_t>()>;

/// Puts a sampler's indices into batches. Derive from it to group them by something else than their order.
/// Throws   ValueError when batch_size is 0 or the sampler is null
/// Source   torch.utils.data.BatchSampler
class OPSIS_API BatchSampler {
 public:
  BatchSampler(std::shared_ptr<Sampler> sampler, size_t batch_size, bool drop_last = false);
  virtual ~BatchSampler();
  /// How many batches an epoch has.
  virtual size_t size() const;
  virtual Batches epoch();
  virtual void set_epoch(int64_t epoch);
  /// The sampler's.
  virtual std::vector<at::Generator> generators() const;
  /// The sampler's.
  virtual uint64_t salt() const;

 private:
  std::shared_ptr<Sampler> sampler_;
  size_t batch_size_;
  bool drop_last_;
};

namespace detail {

// int(torch.empty((), dtype=torch.int64).random_(generator=generator).item()), from the current generator without one.
OPSIS_API uint64_t draw_seed(const std::optional<at::Generator>& generator);

// An epoch whose indices `draw` makes all at once, when the first is asked for.
template <class Draw>
Indices drawn_at_once(Draw draw) {
  return [draw = std::move(draw), drawn = false, order = std::vector<size_t>{},
          next = size_t{0}]() mutable -> std::optional<size_t> {
    if (!std::exchange(drawn, true)) order = draw();
    if (next == order.size()) return std::nullopt;
    return order[next++];
  };
}

}  // namespace detail
}  // namespace opsis::inline v1::data
