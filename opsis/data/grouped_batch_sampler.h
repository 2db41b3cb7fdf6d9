// Batches of examples that are alike: of detectors' images those of about one shape, so that little of a batch is padding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/data/sampler.h"

namespace opsis::inline v1::data {

/// Takes indices as the sampler gives them and makes a batch as soon as a group has enough. All batches are full: what is left at
/// an epoch's end is filled up with indices that the group had before, as far as the epoch has batches, which are
/// sampler.size() / batch_size; of the groups those with most left come first.
///     auto groups = data::aspect_ratio_groups(ratios, 3);
///     GroupedBatchSampler batches(std::make_shared<RandomSampler>(ratios.size()), groups, 2);
/// Throws   ValueError when batch_size is 0, the sampler is null, or, in an epoch, an index has no group
/// Source   GroupedBatchSampler of torchvision's references/detection
class OPSIS_API GroupedBatchSampler final : public BatchSampler {
 public:
  /// `groups`: of each index the number of its group.
  GroupedBatchSampler(std::shared_ptr<Sampler> sampler, std::vector<size_t> groups, size_t batch_size);
  size_t size() const override { return sampler_->size() / batch_size_; }
  Batches epoch() override;

 private:
  std::shared_ptr<Sampler> sampler_;
  std::vector<size_t> groups_;
  size_t batch_size_;
};

/// The group of each image by its width / height: borders lie at 2^-1 to 2^1, `k` steps to each side of 1; with 0 at 1 alone.
///     aspect_ratio_groups({{0.75, 1.0, 1.5}}, 0)   // {0, 1, 1}
/// Throws   ValueError for a ratio that is not positive
/// Source   create_aspect_ratio_groups of torchvision's references/detection
OPSIS_API std::vector<size_t> aspect_ratio_groups(std::span<const double> ratios, size_t k);

}  // namespace opsis::inline v1::data
