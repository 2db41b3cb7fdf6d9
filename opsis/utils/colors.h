// Colours by name, and lists of them for what is drawn. Knows no tensor.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/utils/canvas.h"

namespace opsis::inline v1::utils {

/// A colour for drawing, given by its numbers or as CSS writes it: a name, "#rgb", "#rrggbb", "rgb(255, 0, 0)", "rgb(100%, 0%, 0%)",
/// "hsl(0, 100%, 50%)" or "hsv(0, 100%, 100%)"; "#rgba", "#rrggbbaa" and "rgba(255, 0, 0, 128)" carry an alpha, which is not drawn.
///     Paint("red"), Paint("#f00"), Paint(Color{255, 0, 0})
/// Throws   ValueError when a text is no colour
/// Source   PIL.ImageColor.getrgb, by which torchvision reads colours
struct OPSIS_API Paint {
  Paint(Color color) : color(color) {}
  template <class Text>
  requires std::convertible_to<const Text&, std::string_view> Paint(const Text& text) : Paint(parse(text)) {}

  Color color{};
  bool has_alpha = false;

 private:
  static Paint parse(std::string_view text);
};

/// A colour for each thing that is drawn: one for all, a list (at least one each), or, when nothing is given, a palette in which
/// neighbours differ.
///     Colors("red")   Colors(Color{255, 0, 0})   Colors(std::vector<Paint>{"red", Color{0, 0, 255}})
class OPSIS_API Colors {
 public:
  Colors() = default;
  template <class One>
  requires std::constructible_from<Paint, const One&> Colors(const One& one) : paints_{Paint(one)}, for_all_(true) {}
  template <class Each>
  requires std::constructible_from<Paint, const Each&> Colors(const std::vector<Each>& list)
      : paints_(list.begin(), list.end()), given_(true) {}

  /// Whether a colour, or a list that is not empty, was given.
  explicit operator bool() const { return !paints_.empty(); }
  /// One for each of `count` things. Throws ValueError when the list is shorter; `where` begins the message.
  std::vector<Paint> of(std::string_view where, int64_t count) const;

 private:
  std::vector<Paint> paints_{};
  bool for_all_ = false;
  bool given_ = false;  // a list, though it may be empty
};

}  // namespace opsis::inline v1::utils
