// Transforms made of transforms: Compose, RandomApply.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// One after the other; resizing, cropping, mirroring, the way to float and normalising of uint8 images in one pass over the pixels,
/// with the same result to the bit.
///     const Compose train{RandomResizedCrop(224), RandomHorizontalFlip(), ToDtype(torch::kFloat32, {.scale = true}),
///                         Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})};
/// Draws    what each draws, in their order
/// Throws   ValueError when there is none
/// Source   torchvision.transforms.v2.Compose
class OPSIS_API Compose final : public Transform {
 public:
  Compose(std::initializer_list<AnyTransform> transforms);
  explicit Compose(std::vector<AnyTransform> transforms);

  void apply(std::span<Value> values) const override;
  std::string repr() const override;
  std::span<const AnyTransform> parts() const override { return transforms_; }
  std::optional<Description> description() const override;
  bool apply_fused(std::span<Value> values, detail::FusedRun& run) const override;

  /// The same transforms, each by itself when false: to compare.
  Compose with_fusion(bool on) const;
  bool fuses() const { return fuses_; }
  /// Which of them are done in one pass, on an image like this one: a line for each, with the number of its pass.
  std::string explain(const Image& image) const;
  /// On a uint8 image (3, 480, 640).
  std::string explain() const;

 private:
  void apply_all(std::span<Value> values, detail::FusedRun& run, const std::function<void(const AnyTransform&)>& after) const;

  std::vector<AnyTransform> transforms_;
  bool fuses_ = true;
};

/// All of them, one after the other, with probability p; else none.
///     RandomApply({Pad(2), RandomCrop(32)}, 0.3)
/// Draws    one torch.rand(1); when it is below p, what each draws
/// Throws   ValueError when there is none, and when p is not in [0, 1]
/// Source   torchvision.transforms.v2.RandomApply
class OPSIS_API RandomApply final : public Transform {
 public:
  explicit RandomApply(std::vector<AnyTransform> transforms, double p = 0.5);

  void apply(std::span<Value> values) const override;
  std::string repr() const override;
  std::span<const AnyTransform> parts() const override { return transforms_; }
  bool apply_fused(std::span<Value> values, detail::FusedRun& run) const override;
  auto arguments() const { return std::tuple(argument<"transforms">(transforms_), argument<"p">(p_)); }
  std::optional<Description> description() const override { return detail::description_of(*this); }

 private:
  std::vector<AnyTransform> transforms_;
  double p_;
};

}  // namespace opsis::inline v1::transforms
