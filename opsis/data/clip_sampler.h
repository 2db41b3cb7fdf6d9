// Which clips of videos are read: so many of each, evenly or at random.
#pragma once

#include <cstddef>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/data/sampler.h"

namespace opsis::inline v1::data {

/// So many clips of each video, evenly spaced from its first to its last; of a video with fewer, some come again. Videos without
/// clips are passed over. A data set of clips has those of the first video first, then those of the second.
///     UniformClipSampler({5, 0, 2}, 3)   // of five, none and two clips: 0, 2, 4, 5, 5, 6
/// Throws   ValueError when num_clips_per_video is 0
/// Source   torchvision.datasets.samplers.UniformClipSampler
class OPSIS_API UniformClipSampler final : public Sampler {
 public:
  /// `clips`: how many each video has.
  UniformClipSampler(const std::vector<size_t>& clips, size_t num_clips_per_video);
  size_t size() const override { return indices_.size(); }
  Indices epoch() override;

 private:
  std::vector<size_t> indices_;
};

/// At most so many clips of each video, drawn without repeating, all in random order.
/// Draws    each epoch, from the current generator: torch.randperm(clips) for each video, then one over all that were picked
/// Throws   ValueError when max_clips_per_video is 0
/// Source   torchvision.datasets.samplers.RandomClipSampler
class OPSIS_API RandomClipSampler final : public Sampler {
 public:
  /// `clips`: how many each video has.
  RandomClipSampler(std::vector<size_t> clips, size_t max_clips_per_video);
  size_t size() const override;
  Indices epoch() override;

 private:
  std::vector<size_t> clips_;
  size_t max_;
};

}  // namespace opsis::inline v1::data
