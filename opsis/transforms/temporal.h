// UniformTemporalSubsample.
#pragma once

#include <string>
#include <tuple>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/temporal.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// So many frames of each video, evenly apart.
///     UniformTemporalSubsample(8)(video)    // (32, 3, 224, 224) -> (8, 3, 224, 224)
/// Throws   applied, as functional::uniform_temporal_subsample
/// Differs  a bare tensor counts as an image and passes; torchvision takes it for a video here
/// Source   torchvision.transforms.v2.UniformTemporalSubsample
class OPSIS_API UniformTemporalSubsample final : public Fixed<UniformTemporalSubsample> {
 public:
  explicit UniformTemporalSubsample(int64_t num_samples) : num_samples_(num_samples) {}
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(argument<"num_samples">(num_samples_)); }
  std::string repr() const override;

 private:
  int64_t num_samples_;
};

}  // namespace opsis::inline v1::transforms
