// Learned and random augmentation of images: AutoAugment, RandAugment, TrivialAugmentWide, AugMix.
#pragma once

#include <torch/types.h>

#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/transforms/geometry.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// The data set that AutoAugment's operations were found on.
enum class AutoAugmentPolicy { IMAGENET, CIFAR10, SVHN };
/// "imagenet", "cifar10" or "svhn"; empty for another number.
OPSIS_API std::string_view to_string(AutoAugmentPolicy policy);

/// One operation of an augmentation, as it was drawn.
struct AugmentStep {
  /// "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness", "Posterize",
  /// "Solarize", "AutoContrast", "Equalize", "Invert" or "Identity"
  std::string operation;
  /// In the operation's own units, with its sign; 0 for those that have none.
  double magnitude = 0;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("operation", operation);
    visit("magnitude", magnitude);
  }
};

/// What AutoAugment, RandAugment and TrivialAugmentWide draw.
struct AugmentParams {
  std::vector<AugmentStep> steps;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("steps", steps);
  }
};

/// Of AutoAugment.
struct AutoAugmentOptions {
  AutoAugmentPolicy policy = AutoAugmentPolicy::IMAGENET;
  InterpolationMode interpolation = InterpolationMode::NEAREST;
  Fills fill = Fill();

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("policy", policy);
    visit("interpolation", interpolation);
    visit("fill", fill);
  }
};

/// Two operations of one of 25 pairs, each with its probability: https://arxiv.org/abs/1805.09501.
///     AutoAugment({.policy = AutoAugmentPolicy::CIFAR10})(image)
/// Shapes   one image or video (..., 1 or 3, H, W); the result has the same
/// Types    uint8, or floating point in [0, 1]; uint8 alone in v1
/// Draws    one torch.randint(25); for each operation one torch.rand() and, when it happens and has a sign, another
/// Throws   ValueError when the sample has not exactly one image or video, or has masks, boxes or key points
/// Inverse  of turns, shifts and shears: boxes that were found on the result come back to the source; colours stay
/// Source   torchvision.transforms.v2.AutoAugment
class OPSIS_API AutoAugment final : public Drawing<AutoAugment> {
 public:
  using Params = AugmentParams;
  explicit AutoAugment(AutoAugmentOptions options = {}) : options_(std::move(options)) {}

  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  std::string repr() const override;
  auto arguments() const { return std::tuple(options_); }

 private:
  AutoAugmentOptions options_;
};

/// Of RandAugment.
struct RandAugmentOptions {
  int64_t num_ops = 2;              ///< operations, one after the other
  int64_t magnitude = 9;            ///< of all of them: the number of the bin
  int64_t num_magnitude_bins = 31;  ///< from nothing to the strongest
  InterpolationMode interpolation = InterpolationMode::NEAREST;
  Fills fill = Fill();

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("num_ops", num_ops);
    visit("magnitude", magnitude);
    visit("num_magnitude_bins", num_magnitude_bins);
    visit("interpolation", interpolation);
    visit("fill", fill);
  }
};

/// Some operations out of 14, all of one strength: https://arxiv.org/abs/1909.13719.
///     RandAugment({.num_ops = 3, .magnitude = 12})(image)
/// Shapes, Types, Throws and Inverse as AutoAugment; ValueError too when num_ops is negative or magnitude has no bin
/// Draws    for each operation one torch.randint(14) and, when it has a sign, one torch.rand()
/// Source   torchvision.transforms.v2.RandAugment
class OPSIS_API RandAugment final : public Drawing<RandAugment> {
 public:
  using Params = AugmentParams;
  explicit RandAugment(RandAugmentOptions options = {});

  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  std::string repr() const override;
  auto arguments() const { return std::tuple(options_); }

 private:
  RandAugmentOptions options_;
};

/// Of TrivialAugmentWide.
struct TrivialAugmentWideOptions {
  int64_t num_magnitude_bins = 31;  ///< from nothing to the strongest
  InterpolationMode interpolation = InterpolationMode::NEAREST;
  Fills fill = Fill();

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("num_magnitude_bins", num_magnitude_bins);
    visit("interpolation", interpolation);
    visit("fill", fill);
  }
};

/// One operation out of 14, of any strength: https://arxiv.org/abs/2103.10158.
/// Shapes, Types, Throws and Inverse as AutoAugment
/// Draws    one torch.randint(14); when the operation has magnitudes, one torch.randint(num_magnitude_bins), and when it has a
///          sign, one torch.rand()
/// Source   torchvision.transforms.v2.TrivialAugmentWide
class OPSIS_API TrivialAugmentWide final : public Drawing<TrivialAugmentWide> {
 public:
  using Params = AugmentParams;
  explicit TrivialAugmentWide(TrivialAugmentWideOptions options = {}) : options_(std::move(options)) {}

  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  std::string repr() const override;
  auto arguments() const { return std::tuple(options_); }

 private:
  TrivialAugmentWideOptions options_;
};

/// Of AugMix.
struct AugMixOptions {
  int64_t severity = 3;       ///< of each operation: up to which of 10 bins
  int64_t mixture_width = 3;  ///< chains of operations
  int64_t chain_depth = -1;   ///< operations of a chain; 1 to 3, drawn for each, when it is not positive
  double alpha = 1.0;         ///< of the distributions that the weights are drawn from
  bool all_ops = true;        ///< brightness, colour, contrast and sharpness too
  InterpolationMode interpolation = InterpolationMode::BILINEAR;
  Fills fill = Fill();

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("severity", severity);
    visit("mixture_width", mixture_width);
    visit("chain_depth", chain_depth);
    visit("alpha", alpha);
    visit("all_ops", all_ops);
    visit("interpolation", interpolation);
    visit("fill", fill);
  }
};

/// The image mixed with itself after chains of operations: https://arxiv.org/abs/1912.02781.
/// Shapes, Types and Throws as AutoAugment; ValueError too when severity is not in [1, 10], and when it is to be inverted
/// Draws    two Dirichlet distributions; for each chain its depth, if that is drawn, and for each of its operations what
///          TrivialAugmentWide draws
/// Differs  a fill named for images counts; torchvision loses it on its way
/// Source   torchvision.transforms.v2.AugMix
class OPSIS_API AugMix final : public Drawing<AugMix> {
 public:
  struct Params {
    torch::Tensor weights;  ///< (N, 1 + mixture_width) float32: of the image itself, then of each chain; N images in the batch
    std::vector<AugmentParams> chains;

    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("weights", weights);
      visit("chains", chains);
    }
  };
  explicit AugMix(AugMixOptions options = {});

  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  std::string repr() const override;
  auto arguments() const { return std::tuple(options_); }

 private:
  AugMixOptions options_;
};

}  // namespace opsis::inline v1::transforms
