// GaussianNoise.
#pragma once

#include <string>
#include <tuple>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/noise.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// functional::gaussian_noise of images and videos: another in each value of a sample.
/// Draws    for each, torch.randn_like
/// Throws   applied, ValueError for a negative sigma and for types other than uint8 and floating point
/// Source   torchvision.transforms.v2.GaussianNoise
class OPSIS_API GaussianNoise final : public Fixed<GaussianNoise> {
 public:
  explicit GaussianNoise(GaussianNoiseOptions options = {}) : options_(options) {}
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(options_); }
  std::string repr() const override;

 private:
  GaussianNoiseOptions options_;
};

}  // namespace opsis::inline v1::transforms
