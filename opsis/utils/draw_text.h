// Text on an image.
#pragma once

#include <optional>
#include <string_view>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"
#include "opsis/utils/canvas.h"

namespace opsis::inline v1::utils {

struct DrawTextOptions {
  double size_px = 16;                ///< of the em square
  Color color = {0, 0, 0};            ///< of the letters
  std::optional<Color> background{};  ///< of a box behind them
  Anchor anchor = Anchor::TopLeft;    ///< the point of the text's box that stands at (x, y)
};

/// The image with text at (x, y), cut at the image's edges. Printable ASCII; '\n' begins a line.
///     auto labelled = utils::draw_text(image, "cat 0.98", 4, 4, {.background = Color{255, 255, 255}});
/// Shapes   (3, H, W) -> the same
/// Types    uint8
/// Throws   ValueError on another shape or type; NotBuiltError without FreeType
OPSIS_API Image draw_text(const Image& image, std::string_view text, double x, double y, const DrawTextOptions& options = {});

namespace detail {

/// A canvas on an image (3, H, W) of uint8 on the CPU, which must outlive it. `caller` stands in front of the errors.
OPSIS_API Canvas canvas_on(Image& image, std::string_view caller);

}  // namespace detail
}  // namespace opsis::inline v1::utils
