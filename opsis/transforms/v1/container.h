// The first version's transforms made of transforms: Compose, RandomApply, and, which draw from Python's `random`, RandomChoice
// and RandomOrder.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/container.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms::v1 {

/// One after the other, as transforms::Compose does it; none does nothing.
///     const v1::Compose train{v1::RandomResizedCrop(224), v1::RandomHorizontalFlip(), v1::ConvertImageDtype(torch::kFloat32),
///                             v1::Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})};
/// Draws    what each draws, in their order
/// Source   torchvision.transforms.Compose
class OPSIS_API Compose final : public Transform {
 public:
  Compose(std::initializer_list<AnyTransform> transforms) : Compose(std::vector<AnyTransform>(transforms)) {}
  explicit Compose(std::vector<AnyTransform> transforms);

  void apply(std::span<Value> values) const override;
  std::string repr() const override;
  std::span<const AnyTransform> parts() const override;
  bool apply_fused(std::span<Value> values, detail::FusedRun& run) const override;

 private:
  std::optional<transforms::Compose> some_;
};

/// All of them, one after the other, with probability p; else none.
/// Draws    one torch.rand(1); unless it is above p, what each draws
/// Source   torchvision.transforms.RandomApply
class OPSIS_API RandomApply final : public Transform {
 public:
  explicit RandomApply(std::vector<AnyTransform> transforms, double p = 0.5);

  void apply(std::span<Value> values) const override;
  std::string repr() const override;
  std::span<const AnyTransform> parts() const override { return transforms_; }

 private:
  std::vector<AnyTransform> transforms_;
  double p_;
};

/// One of them, each with its weight, or all alike.
/// Draws    one random.choices() of Python's (core/python_random.h), then what that one draws
/// Throws   ValueError when applied: when there is none, when p has not a number for each, and unless their sum is positive
/// Source   torchvision.transforms.RandomChoice
class OPSIS_API RandomChoice final : public Transform {
 public:
  explicit RandomChoice(std::vector<AnyTransform> transforms, std::optional<std::vector<double>> p = {});

  void apply(std::span<Value> values) const override;
  std::string repr() const override;
  std::span<const AnyTransform> parts() const override { return transforms_; }

 private:
  std::vector<AnyTransform> transforms_;
  std::optional<std::vector<double>> p_;
};

/// All of them, one after the other, in an order drawn each time; none does nothing.
/// Draws    one random.shuffle() of Python's, then what each draws
/// Source   torchvision.transforms.RandomOrder
class OPSIS_API RandomOrder final : public Transform {
 public:
  explicit RandomOrder(std::vector<AnyTransform> transforms);

  void apply(std::span<Value> values) const override;
  std::string repr() const override;
  std::span<const AnyTransform> parts() const override { return transforms_; }

 private:
  std::vector<AnyTransform> transforms_;
};

}  // namespace opsis::inline v1::transforms::v1
