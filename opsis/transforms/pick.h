// Transforms that pick among transforms: RandomChoice, RandomOrder.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// One of them, each with its probability, or all alike.
///     RandomChoice({Pad(2), RandomHorizontalFlip(1.0)}, {{0.9, 0.1}})
/// Draws    one torch.multinomial(p, 1), then what that one draws
/// Throws   ValueError when there is none, and when p has not a number for each; when applied, unless the numbers are not negative
///          and their sum is positive
/// Source   torchvision.transforms.v2.RandomChoice
class OPSIS_API RandomChoice final : public Transform {
 public:
  /// p need not sum to 1.
  explicit RandomChoice(std::vector<AnyTransform> transforms, std::optional<std::vector<double>> p = {});

  void apply(std::span<Value> values) const override;
  std::string repr() const override;
  std::span<const AnyTransform> parts() const override { return transforms_; }
  bool apply_fused(std::span<Value> values, detail::FusedRun& run) const override;
  auto arguments() const { return std::tuple(argument<"transforms">(transforms_), argument<"p">(given_)); }
  std::optional<Description> description() const override { return detail::description_of(*this); }

 private:
  const AnyTransform& picked() const;

  std::vector<AnyTransform> transforms_;
  std::optional<std::vector<double>> given_;
  std::vector<double> p_;  // sums to 1
};

/// All of them, one after the other, in an order drawn each time.
/// Draws    one torch.randperm, then what each draws
/// Throws   ValueError when there is none
/// Source   torchvision.transforms.v2.RandomOrder
class OPSIS_API RandomOrder final : public Transform {
 public:
  explicit RandomOrder(std::vector<AnyTransform> transforms);

  void apply(std::span<Value> values) const override;
  std::string repr() const override;
  std::span<const AnyTransform> parts() const override { return transforms_; }
  bool apply_fused(std::span<Value> values, detail::FusedRun& run) const override;
  auto arguments() const { return std::tuple(argument<"transforms">(transforms_)); }
  std::optional<Description> description() const override { return detail::description_of(*this); }

 private:
  std::vector<AnyTransform> ordered() const;

  std::vector<AnyTransform> transforms_;
};

}  // namespace opsis::inline v1::transforms
