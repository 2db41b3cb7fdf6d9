// Transforms that change size or side: Resize, Pad, RandomHorizontalFlip, RandomVerticalFlip.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/pad.h"
#include "opsis/transforms/functional/resize.h"
#include "opsis/transforms/per_kind.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// Resizes everything; size and options as in functional::resize.
///     Resize(256)(image)                       // (3, 375, 500) -> (3, 256, 341)
///     Resize({224, 224}, {.antialias = false})
///     Resize({}, {.max_size = 500})
/// Throws   ValueError when size has more than two numbers, or none and max_size is not given
/// Source   torchvision.transforms.v2.Resize
class OPSIS_API Resize final : public Fixed<Resize> {
 public:
  explicit Resize(torch::IntArrayRef size, ResizeOptions options = {});
  explicit Resize(std::initializer_list<int64_t> size, ResizeOptions options = {})
      : Resize(torch::IntArrayRef(size), options) {}

  Value transform(const Value& value) const;
  Value inverse(const Value& value, Size source) const;
  detail::PixelSteps pixel_steps(Size canvas) const;
  auto arguments() const { return std::tuple(argument<"size">(size_), options_); }
  std::string repr() const override;

 private:
  std::vector<int64_t> size_;
  ResizeOptions options_;
};

/// A fill for all kinds of value, or one for each. One for all is that of masks too, as in torchvision: name theirs where it is
/// no class of yours.
///     Fills(127)    Fills({124, 116, 104})    Fills(PerKind<Fill>{.image = 127, .others = 0})
class OPSIS_API Fills {
 public:
  template <class T>
  requires std::is_convertible_v<T, Fill> Fills(T fill) : fills_{.others = Fill(std::move(fill))} {}
  Fills(std::initializer_list<double> channels) : fills_{.others = Fill(channels)} {}
  Fills(PerKind<Fill> fills) : fills_(std::move(fills)), per_kind_(true) {}

  /// The fill for a value's kind; 0 when none is named.
  Fill operator[](const Value& value) const { return fills_[value].value_or(Fill()); }
  /// As Python would print it; empty for none and for one a kind, which Python does not show.
  std::string repr() const;

  friend OPSIS_API Json json_of(const Fills& fills);
  friend OPSIS_API void read_json(const Json& json, Fills& fills);
  friend OPSIS_API std::string code_of(const Fills& fills);

 private:
  PerKind<Fill> fills_;
  bool per_kind_ = false;
};

OPSIS_API Json json_of(const Fills& fills);
OPSIS_API void read_json(const Json& json, Fills& fills);
OPSIS_API std::string code_of(const Fills& fills);

/// Of Pad.
struct PadOptions {
  Fills fill = 0;
  PaddingMode padding_mode = PaddingMode::Constant;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("fill", fill);
    visit("padding_mode", padding_mode);
  }
};

/// Pads everything; padding as in functional::pad.
///     Pad(2)(image)                                    // (3, 8, 8) -> (3, 12, 12)
///     Pad({1, 2}, {.fill = {124, 116, 104}})
///     Pad({0, 1, 2, 3}, {.padding_mode = PaddingMode::Reflect})
/// Throws   ValueError when padding has not 1, 2 or 4 numbers
/// Source   torchvision.transforms.v2.Pad
class OPSIS_API Pad final : public Fixed<Pad> {
 public:
  explicit Pad(int64_t padding, PadOptions options = {});
  explicit Pad(std::vector<int64_t> padding, PadOptions options = {});

  Value transform(const Value& value) const;
  Value inverse(const Value& value, Size source) const;
  auto arguments() const {
    using Padding = std::variant<int64_t, std::vector<int64_t>>;
    return std::tuple(argument<"padding">(single_ ? Padding(padding_[0]) : Padding(padding_)), options_);
  }
  std::string repr() const override;

 private:
  std::vector<int64_t> padding_;
  bool single_ = false;
  PadOptions options_;
};

/// Mirrors everything it is given, or nothing.
///     auto [i, b] = RandomHorizontalFlip(1.0)(image, boxes);   // both mirrored
/// Draws    one torch.rand(1); mirrors when it is below p
/// Throws   ValueError when p is not in [0, 1]
/// Source   torchvision.transforms.v2.RandomHorizontalFlip
class OPSIS_API RandomHorizontalFlip final : public Sometimes<RandomHorizontalFlip> {
 public:
  explicit RandomHorizontalFlip(double p = 0.5);

  Value transform(const Value& value) const;
  Value inverse(const Value& value, Size) const { return transform(value); }
  detail::PixelSteps pixel_steps(Size) const { return {{detail::FlipStep{}}}; }
  auto arguments() const { return std::tuple(argument<"p">(probability())); }
  std::string repr() const override;
};

/// Turns everything it is given upside down, or nothing.
/// Draws    one torch.rand(1); mirrors when it is below p
/// Throws   ValueError when p is not in [0, 1]
/// Source   torchvision.transforms.v2.RandomVerticalFlip
class OPSIS_API RandomVerticalFlip final : public Sometimes<RandomVerticalFlip> {
 public:
  explicit RandomVerticalFlip(double p = 0.5);

  Value transform(const Value& value) const;
  Value inverse(const Value& value, Size) const { return transform(value); }
  detail::PixelSteps pixel_steps(Size) const { return {{detail::FlipStep{.rows = true}}}; }
  auto arguments() const { return std::tuple(argument<"p">(probability())); }
  std::string repr() const override;
};

}  // namespace opsis::inline v1::transforms
