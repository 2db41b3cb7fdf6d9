// One epoch of a data loader: its batches in order, read on threads. For the loader alone; it knows no type of examples.
#pragma once

#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/data/loader_options.h"
#include "opsis/data/loader_report.h"
#include "opsis/data/sampler.h"

namespace opsis::inline v1::data::detail {

// One batch in the making: what the template knows of it. load is called for each slot, from any thread, and again for an index
// put in the place of one that it threw for; then finish, which makes a batch of those slots that were loaded. Mostly a slot is an
// index; a batch that is made at once has a single one.
class OPSIS_API BatchJob {
 public:
  explicit BatchJob(std::vector<size_t> indices) : indices(std::move(indices)) {}
  virtual ~BatchJob();
  virtual size_t slots() const { return indices.size(); }
  virtual void load(size_t slot) = 0;
  virtual void finish() = 0;
  std::vector<size_t> indices;
};

using MakeJob = std::function<std::unique_ptr<BatchJob>(std::vector<size_t> indices)>;

// Where an epoch stands.
struct Cursor {
  int64_t epoch = 0;
  size_t batches_done = 0;                        // handed out, skipped or left out
  std::vector<torch::Tensor> begin_generators{};  // the states of the loader's generators before the epoch drew from them
  // Begun when a sample's draws depended on its position in the epoch, not on how often its index had come: it ends so.
  bool draws_by_position = false;
};

// What an epoch is made of.
struct EpochPlan {
  MakeJob make{};
  Batches batches{};
  LoaderOptions options{};
  uint64_t seed = 0;                  // of this epoch: base seed and epoch, mixed
  size_t size = 0;                    // batches
  std::vector<size_t> substitutes{};  // what bad samples are exchanged for
  std::shared_ptr<Cursor> cursor{};   // batches that it has done already are passed over
  std::shared_ptr<LoaderReport> report{};
};

// An epoch under way: finished batches in order, null at the end. An error ends it. The destructor waits for the workers, which
// leave after the sample they are at.
class OPSIS_API Epoch {
 public:
  virtual ~Epoch();
  virtual std::unique_ptr<BatchJob> next() = 0;
  virtual const Cursor& cursor() const = 0;
};

std::unique_ptr<Epoch> start_epoch(EpochPlan plan);

// Every bit of a and b moves every bit of the result.
uint64_t mixed(uint64_t a, uint64_t b);

}  // namespace opsis::inline v1::data::detail
