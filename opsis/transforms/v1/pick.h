// The first version's transforms that draw from Python's `random`: RandomChoice, RandomOrder.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms::v1 {

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
