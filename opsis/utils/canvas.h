// Drawing on 8-bit RGB pixels that someone else owns. Knows no tensor.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/utils/font.h"

namespace opsis::inline v1::utils {

struct Color {
  uint8_t red = 0;
  uint8_t green = 0;
  uint8_t blue = 0;
  friend bool operator==(const Color&, const Color&) = default;
};

/// Which point of a text's box is placed.
enum class Anchor { TopLeft, Top, TopRight, Left, Center, Right, BottomLeft, Bottom, BottomRight };

/// Pixels from `left` and `top` up to, and without, `right` and `bottom`.
struct Rectangle {
  int64_t left = 0, top = 0, right = 0, bottom = 0;
  int64_t width() const { return right - left; }
  int64_t height() const { return bottom - top; }
};

/// A place between pixels: the first pixel covers (0, 0) to (1, 1).
struct Point {
  double x = 0, y = 0;
};

/// Where the bytes are: channel c of pixel (y, x) is data[c * channel + y * row + x * column].
struct PixelLayout {
  int64_t channel, row, column;
};

/// A view of pixels; what falls outside of it, or of its clip, is not drawn.
class OPSIS_API Canvas {
 public:
  Canvas(uint8_t* data, Size size, PixelLayout layout)
      : data_(data), size_(size), layout_(layout), clip_{0, 0, size.width, size.height} {}

  Size size() const { return size_; }
  /// The same pixels, drawn on only within the rectangle.
  Canvas clipped(const Rectangle& clip) const;

  void fill(const Rectangle& rectangle, Color color, double opacity = 1);
  /// A frame of this thickness inside the rectangle.
  void frame(const Rectangle& rectangle, Color color, int64_t thickness = 1);
  /// A line through the points with round ends and corners, antialiased.
  void line(std::span<const Point> points, Color color, double thickness);
  void disc(Point center, double radius, Color color);
  /// Upwards turns the text a quarter to the left: it reads from bottom to top.
  void text(std::string_view text, Point at, double size_px, Color color, Anchor anchor = Anchor::TopLeft,
            bool upwards = false);
  /// Coverage (255 is all) of the colour, with its first pixel at (top, left).
  void ink(const TextBitmap& bitmap, int64_t top, int64_t left, Color color);
  /// What `text` would cover.
  static Rectangle text_box(std::string_view text, Point at, double size_px, Anchor anchor = Anchor::TopLeft);

 private:
  Rectangle within_clip(const Rectangle& rectangle) const;
  void blend(int64_t y, int64_t x, Color color, double opacity);
  uint8_t* data_;
  Size size_;
  PixelLayout layout_;
  Rectangle clip_;
};

}  // namespace opsis::inline v1::utils
