// Letterbox: how detectors take pictures of any shape.
#pragma once

#include <initializer_list>
#include <string>
#include <tuple>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/transforms/geometry.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// Of Letterbox.
struct LetterboxOptions {
  /// What the borders show, in the units of the pixels; for an image in [0, 1] pass 114 / 255.0.
  Fills fill = PerKind<Fill>{.image = 114, .video = 114, .others = 0};
  int64_t stride = 0;    ///< pads only to the next multiple of it, so that the result is at most `size`; 0 pads to the size
  bool scale_up = true;  ///< false leaves pictures that are smaller at their size
  bool center = true;    ///< false puts the picture into the top left corner
  InterpolationMode interpolation = InterpolationMode::BILINEAR;
  bool antialias = true;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("fill", fill);
    visit("stride", stride);
    visit("scale_up", scale_up);
    visit("center", center);
    visit("interpolation", interpolation);
    visit("antialias", antialias);
  }
};

/// Fits everything into {height, width}, or a square, without a change of ratio, and pads the rest.
///     const Letterbox fit(640);
///     const auto [input, record] = fit.record(photo);        // (3, 480, 1280) -> (3, 640, 640)
///     const auto boxes = fit.invert(record, detect(input));  // on the photo
/// Shapes   (..., C, H, W) -> (..., C, height, width); less with a stride. Boxes and key points follow with their canvas
/// Inverse  to the bit of the map that was applied: sides are rounded to pixels, and it is these sides that coordinates are scaled by
/// Throws   ValueError when size has not 1 or 2 positive numbers, for a negative stride, and for a canvas without pixels
/// Differs  torchvision has none
class OPSIS_API Letterbox final : public Fixed<Letterbox> {
 public:
  explicit Letterbox(torch::IntArrayRef size, LetterboxOptions options = {});
  explicit Letterbox(std::initializer_list<int64_t> size, LetterboxOptions options = {})
      : Letterbox(torch::IntArrayRef(size), std::move(options)) {}

  /// Where a picture of some size goes.
  struct Layout {
    Size picture;                      ///< its size in the result
    int64_t left, top, right, bottom;  ///< the borders
  };
  Layout layout(Size canvas) const;

  Value transform(const Value& value) const;
  Value inverse(const Value& value, Size source) const;
  auto arguments() const { return std::tuple(argument<"size">(std::vector<int64_t>{size_.height, size_.width}), options_); }
  std::string repr() const override;

 private:
  Size size_;
  LetterboxOptions options_;
};

}  // namespace opsis::inline v1::transforms
