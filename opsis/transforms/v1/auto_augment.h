// The first version's learned and random augmentation: other draws, other thresholds and other kernels than v2's.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "opsis/core/api.h"
#include "opsis/transforms/auto_augment.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms::v1 {

/// Two operations of one of 25 pairs, each with its probability. Settings, shapes and refusals as transforms::AutoAugment.
/// Types    uint8
/// Draws    one torch.randint(25), one torch.rand(2), one torch.randint(2, (2,))
/// Source   torchvision.transforms.AutoAugment
class OPSIS_API AutoAugment final : public Drawing<AutoAugment> {
 public:
  using Params = transforms::AutoAugment::Params;
  explicit AutoAugment(AutoAugmentOptions options = {}) : options_(std::move(options)) {}

  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  std::string repr() const override;

 private:
  AutoAugmentOptions options_;
};

/// Some operations out of 14, all of one strength. Settings, shapes and refusals as transforms::RandAugment.
/// Types    uint8
/// Draws    for each operation one torch.randint(14) and, when it has a sign, one torch.randint(2)
/// Source   torchvision.transforms.RandAugment
class OPSIS_API RandAugment final : public Drawing<RandAugment> {
 public:
  using Params = transforms::RandAugment::Params;
  explicit RandAugment(RandAugmentOptions options = {}) : options_(std::move(options)) {}

  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  std::string repr() const override;

 private:
  RandAugmentOptions options_;
};

/// One operation out of 14, of any strength. Settings, shapes and refusals as transforms::TrivialAugmentWide.
/// Types    uint8
/// Draws    one torch.randint(14); when the operation has magnitudes, one torch.randint(num_magnitude_bins), and when it has a
///          sign, one torch.randint(2)
/// Source   torchvision.transforms.TrivialAugmentWide
class OPSIS_API TrivialAugmentWide final : public Drawing<TrivialAugmentWide> {
 public:
  using Params = transforms::TrivialAugmentWide::Params;
  explicit TrivialAugmentWide(TrivialAugmentWideOptions options = {}) : options_(std::move(options)) {}

  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  std::string repr() const override;

 private:
  TrivialAugmentWideOptions options_;
};

/// The image mixed with itself after chains of operations. Settings, shapes and refusals as transforms::AugMix.
/// Types    uint8
/// Draws    as transforms::AugMix, but one torch.randint(2) for each sign
/// Source   torchvision.transforms.AugMix
class OPSIS_API AugMix final : public Drawing<AugMix> {
 public:
  using Params = transforms::AugMix::Params;
  explicit AugMix(AugMixOptions options = {});

  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  std::string repr() const override;

 private:
  AugMixOptions options_;
};

}  // namespace opsis::inline v1::transforms::v1
