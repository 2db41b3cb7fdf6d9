#include "opsis/data/clip_sampler.h"

#include <ATen/ops/linspace.h>

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/core/random.h"

namespace opsis::inline v1::data {

UniformClipSampler::UniformClipSampler(const std::vector<size_t>& clips, size_t num_clips_per_video) {
  OPSIS_CHECK(num_clips_per_video > 0, "UniformClipSampler: num_clips_per_video must be positive, got 0");
  size_t first = 0;
  for (const auto count : clips) {
    if (count == 0) continue;
    // ATen's own linspace: in float32, so that each clip is the one that torchvision's rounding picks.
    const auto places = at::linspace(static_cast<double>(first), static_cast<double>(first + count - 1),
                                     static_cast<int64_t>(num_clips_per_video), at::kFloat);
    const auto* place = places.const_data_ptr<float>();
    for (size_t i = 0; i < num_clips_per_video; ++i) indices_.push_back(static_cast<size_t>(place[i]));
    first += count;
  }
}

Indices UniformClipSampler::epoch() {
  return detail::drawn_at_once([indices = indices_] { return indices; });
}

RandomClipSampler::RandomClipSampler(std::vector<size_t> clips, size_t max_clips_per_video)
    : clips_(std::move(clips)), max_(max_clips_per_video) {
  OPSIS_CHECK(max_ > 0, "RandomClipSampler: max_clips_per_video must be positive, got 0");
}

size_t RandomClipSampler::size() const {
  size_t sum = 0;
  for (const auto count : clips_) sum += std::min(count, max_);
  return sum;
}

Indices RandomClipSampler::epoch() {
  return detail::drawn_at_once([clips = clips_, max = max_] {
    std::vector<size_t> picked;
    size_t first = 0;
    for (const auto count : clips) {
      const auto order = random::permutation(static_cast<int64_t>(count));
      for (size_t i = 0; i < std::min(count, max); ++i) {
        picked.push_back(first + static_cast<size_t>(order.const_data_ptr<int64_t>()[i]));
      }
      first += count;
    }
    const auto order = random::permutation(std::ssize(picked));
    std::vector<size_t> shuffled;
    for (size_t i = 0; i < picked.size(); ++i) {
      shuffled.push_back(picked[static_cast<size_t>(order.const_data_ptr<int64_t>()[i])]);
    }
    return shuffled;
  });
}

}  // namespace opsis::inline v1::data
