// Transforms between tensors and packed pictures: PILToTensor, ToTensor, ToPILImage.
#pragma once

#include <torch/types.h>

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "opsis/core/api.h"
#include "opsis/transforms/each_input.h"
#include "opsis/transforms/functional/packed.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

namespace detail {

// What of the inputs is a packed picture, by a function; all else as it is.
template <class Function, class... Inputs>
auto unpack_inputs(const Function& function, Inputs... inputs) {
  return each_input(
      [&](auto input) {
        if constexpr (std::is_same_v<decltype(input), PackedImage>) {
          return function(input);
        } else {
          return input;
        }
      },
      std::move(inputs)...);
}

}  // namespace detail

/// The tensors of packed pictures, unscaled. A type cannot change within a pipeline: there it changes nothing.
///     auto [pixels, label] = PILToTensor()(picture, 7);
/// Throws   as functional::pil_to_tensor
/// Source   torchvision.transforms.v2.PILToTensor
class OPSIS_API PILToTensor final : public Fixed<PILToTensor> {
 public:
  template <class... Inputs>
  auto operator()(Inputs... inputs) const {
    return detail::unpack_inputs(functional::pil_to_tensor, std::move(inputs)...);
  }
  Value transform(const Value& value) const { return value; }
  std::string repr() const override;
};

/// The tensors of packed pictures, scaled to [0, 1]. A type cannot change within a pipeline: there it changes nothing.
/// Throws   as functional::to_tensor
/// Source   torchvision.transforms.v2.ToTensor, which torchvision itself calls old: ToImage and ToDtype are the new way
class OPSIS_API ToTensor final : public Fixed<ToTensor> {
 public:
  template <class... Inputs>
  auto operator()(Inputs... inputs) const {
    return detail::unpack_inputs(functional::to_tensor, std::move(inputs)...);
  }
  Value transform(const Value& value) const { return value; }
  std::string repr() const override;
};

/// Packed pictures of tensors and images. A type cannot change within a pipeline: there it changes nothing.
///     const auto picture = ToPILImage()(image);
///     const auto cmyk = ToPILImage(PackedMode::CMYK)(four_channels);
/// Throws   as functional::to_pil_image
/// Source   torchvision.transforms.v2.ToPILImage
class OPSIS_API ToPILImage final : public Fixed<ToPILImage> {
 public:
  explicit ToPILImage(std::optional<PackedMode> mode = {}) : mode_(mode) {}
  template <class... Inputs>
  auto operator()(Inputs... inputs) const {
    return detail::each_input(
        [&](auto input) {
          if constexpr (std::is_same_v<decltype(input), Image> || std::is_same_v<decltype(input), torch::Tensor>) {
            return functional::to_pil_image(input, mode_);
          } else {
            return input;
          }
        },
        std::move(inputs)...);
  }
  Value transform(const Value& value) const { return value; }
  std::string repr() const override;

 private:
  std::optional<PackedMode> mode_;
};

}  // namespace opsis::inline v1::transforms
