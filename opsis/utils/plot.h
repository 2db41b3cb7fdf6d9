// Line plots as images, for curves of loss and the like.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"
#include "opsis/utils/canvas.h"

namespace opsis::inline v1::utils {

/// One line of a plot. A point that is not finite leaves a gap.
struct Series {
  std::string label{};      ///< in the legend; none when empty
  std::vector<double> x{};  ///< empty: 0, 1, 2, ...
  std::vector<double> y{};
  std::optional<Color> color{};  ///< the next of ten when absent
  void add(double at_x, double at_y) {
    x.push_back(at_x);
    y.push_back(at_y);
  }
};

struct PlotOptions {
  std::string title{};
  std::string x_label{};
  std::string y_label{};
  int64_t width = 640;            ///< pixels
  int64_t height = 480;           ///< pixels
  std::optional<double> y_low{};  ///< by the data when absent
  std::optional<double> y_high{};
  double font_px = 14;  ///< of labels; the title is larger, the ticks smaller
};

/// Lines over round ticks on white, with a legend where it hides least.
///     io::write_png(utils::plot({{"train", epochs, losses}}, {.title = "Loss", .x_label = "epoch"}), "loss.png");
/// Shapes   -> (3, height, width) uint8
/// Throws   ValueError when x and y differ in length, or the sides leave no room; NotBuiltError without FreeType
OPSIS_API Image plot(const std::vector<Series>& series, const PlotOptions& options = {});

/// Images side by side on one height, white below the shorter ones.
/// Shapes   N of (3, H, W) uint8 -> (3, largest H, sum of W)
/// Throws   ValueError when there is none, or on another shape or type
OPSIS_API Image side_by_side(const std::vector<Image>& images);

}  // namespace opsis::inline v1::utils
