// Transforms of numbers' type and range: ToDtype, Normalize, ConvertImageDtype; and of the type of values.
#pragma once

#include <torch/types.h>

#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/each_input.h"
#include "opsis/transforms/functional/packed.h"
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

/// Images and videos of another type and its range, by an older name. Unlike ToDtype(dtype, {.scale = true}) it converts the
/// numbers of masks, boxes and key points too, as torchvision's does.
/// Throws   applied, as functional::to_dtype
/// Source   torchvision.transforms.v2.ConvertImageDtype
class OPSIS_API ConvertImageDtype final : public Fixed<ConvertImageDtype> {
 public:
  explicit ConvertImageDtype(torch::ScalarType dtype = torch::kFloat32) : dtype_(dtype) {}
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(argument<"dtype">(dtype_)); }
  std::string repr() const override;

 private:
  torch::ScalarType dtype_;
};

/// A tensor as an Image. In a pipeline, where a bare tensor counts as an image anyhow, it gives (H, W) a channel.
///     Image image = ToImage()(pixels);     // or a packed picture
/// Throws   ValueError for fewer than two dimensions
/// Source   torchvision.transforms.v2.ToImage
class OPSIS_API ToImage final : public Fixed<ToImage> {
 public:
  using Fixed::operator();
  Image operator()(const torch::Tensor& pixels) const { return functional::to_image(pixels); }
  Image operator()(const PackedImage& picture) const { return functional::to_image(picture); }
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(); }
  std::string repr() const override;
};

/// The tensors of images, videos, masks, boxes and key points. A type cannot change within a pipeline: there it changes nothing.
///     auto [pixels, corners] = ToPureTensor()(image, boxes);
/// Throws   nothing
/// Source   torchvision.transforms.v2.ToPureTensor
class OPSIS_API ToPureTensor final : public Fixed<ToPureTensor> {
 public:
  template <class... Inputs>
  auto operator()(Inputs... inputs) const {
    return detail::each_input([](auto input) { return pure(std::move(input)); }, std::move(inputs)...);
  }
  Value transform(const Value& value) const { return value; }
  auto arguments() const { return std::tuple(); }
  std::string repr() const override;

 private:
  template <class Input>
  static auto pure(Input input) {
    if constexpr (std::is_constructible_v<Value, Input> && !std::is_same_v<Input, Value>) {
      return input.data;
    } else {
      return input;
    }
  }
};

}  // namespace opsis::inline v1::transforms
