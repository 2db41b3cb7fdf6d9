// Shapes with hard edges on 8-bit RGB pixels that someone else owns: the pixels that Pillow's ImageDraw sets. Knows no tensor.
#pragma once

#include <cstdint>
#include <span>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/utils/canvas.h"

namespace opsis::inline v1::utils {

/// A pixel's place, which may be outside of the image; places beyond 2^29 are drawn as if there.
struct Pixel {
  int64_t x = 0, y = 0;
  friend bool operator==(const Pixel&, const Pixel&) = default;
};

struct Ink {
  Color color{};
  uint8_t alpha = 255;  ///< counts only when the raster blends
};

/// A view of pixels, drawn on as torchvision draws; what falls outside is not drawn. Both ends of a shape belong to it.
class OPSIS_API Raster {
 public:
  /// Store replaces pixels; Blend mixes by the ink's alpha, each pixel of a filled shape once. The two fill polygons by rules that
  /// differ at corners.
  enum class Mode { Store, Blend };

  Raster(uint8_t* data, Size size, PixelLayout layout, Mode mode = Mode::Store)
      : data_(data), size_(size), layout_(layout), mode_(mode) {}

  void fill_rectangle(Pixel top_left, Pixel bottom_right, Ink ink);
  /// A frame that grows inwards; a width of 0 or less draws nothing.
  void rectangle(Pixel top_left, Pixel bottom_right, Ink ink, int64_t width);
  /// A width of 0 draws nothing.
  void line(Pixel from, Pixel to, Ink ink, int64_t width);
  /// The inside and the edges, by the even-odd rule.
  void fill_polygon(std::span<const Pixel> corners, Ink ink);
  /// All within `radius` of the centre; a radius of 0 draws nothing. Throws ValueError unless radius is in [0, 20000].
  void fill_disc(Pixel center, int64_t radius, Ink ink);

 private:
  struct Edge;
  void set(int64_t y, int64_t x, Ink ink);
  void row(int64_t y, int64_t first, int64_t last, Ink ink);
  void thin_line(Pixel from, Pixel to, Ink ink);
  void fill_edges(std::span<const Edge> edges, Ink ink);
  void fill_row_once(std::span<const Edge> edges, std::span<const float> crossings, int64_t y, Ink ink);

  uint8_t* data_;
  Size size_;
  PixelLayout layout_;
  Mode mode_;
};

}  // namespace opsis::inline v1::utils
