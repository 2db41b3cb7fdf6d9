// Transforms of numbers' type and range: ToDtype, Normalize.
#pragma once

#include <torch/types.h>

#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/type.h"
#include "opsis/transforms/per_kind.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// A type to convert to, or none.
using MaybeDtype = std::optional<torch::ScalarType>;
/// torchvision's None in a dict of types: such values stay as they are.
inline constexpr MaybeDtype unchanged = std::nullopt;

/// Converts images and videos to a type, or each kind of value to its own; scales pixels when asked to.
///     ToDtype(torch::kFloat32, {.scale = true})(image)   // uint8 [0, 255] -> float32 [0, 1]
///     ToDtype({.image = torch::kFloat32, .mask = torch::kInt64, .others = unchanged})
/// Throws   applied, ValueError for a kind that a PerKind names neither by itself nor by others
/// Source   torchvision.transforms.v2.ToDtype
class OPSIS_API ToDtype final : public Fixed<ToDtype> {
 public:
  explicit ToDtype(torch::ScalarType dtype, ToDtypeOptions options = {});
  explicit ToDtype(PerKind<MaybeDtype> dtypes, ToDtypeOptions options = {});

  Value transform(const Value& value) const;
  auto arguments() const {
    using Dtype = std::variant<torch::ScalarType, PerKind<MaybeDtype>>;
    return std::tuple(argument<"dtype">(one_ ? Dtype(**dtypes_.image) : Dtype(dtypes_)), options_);
  }
  detail::PixelSteps pixel_steps(Size canvas) const;
  std::string repr() const override;

 private:
  bool one_ = false;
  PerKind<MaybeDtype> dtypes_;
  ToDtypeOptions options_;
};

/// (pixel - mean) / std of images and videos, channel by channel.
///     Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})
/// Throws   applied, as functional::normalize
/// Source   torchvision.transforms.v2.Normalize
class OPSIS_API Normalize final : public Fixed<Normalize> {
 public:
  Normalize(std::vector<double> mean, std::vector<double> std, NormalizeOptions options = {});

  Value transform(const Value& value) const;
  detail::PixelSteps pixel_steps(Size) const { return {{detail::NormalizeStep{mean_, std_}}}; }
  auto arguments() const { return std::tuple(argument<"mean">(mean_), argument<"std">(std_), options_); }
  std::string repr() const override;

 private:
  std::vector<double> mean_, std_;
  NormalizeOptions options_;
};

}  // namespace opsis::inline v1::transforms
