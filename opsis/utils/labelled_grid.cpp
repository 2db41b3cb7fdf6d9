#include "opsis/utils/labelled_grid.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "opsis/core/check.h"
#include "opsis/utils/draw_text.h"

namespace opsis::inline v1::utils {
namespace {

// (3, H, W) of uint8, each pixel a square of `factor`.
torch::Tensor tile_of(const Image& image, int64_t side) {
  auto data = image.data;
  OPSIS_CHECK(data.defined() && data.dim() == 3 && (data.size(0) == 1 || data.size(0) == 3) && data.numel() > 0,
              "labelled_grid: an image must be (3, H, W) or (1, H, W) and not empty");
  if (data.is_floating_point()) data = data.detach().mul(255).add_(0.5).clamp_(0, 255).to(torch::kUInt8);
  OPSIS_CHECK(data.scalar_type() == torch::kUInt8, "labelled_grid: images must be uint8 or floating point, got {}",
              data.scalar_type());
  const auto factor = std::max<int64_t>(1, side / std::max(data.size(1), data.size(2)));
  return data.cpu().expand({3, -1, -1}).repeat_interleave(factor, 1).repeat_interleave(factor, 2);
}

}  // namespace

Image labelled_grid(const std::vector<LabelledImage>& images, const LabelledGridOptions& options) {
  const auto count = std::ssize(images);
  OPSIS_CHECK(count > 0, "labelled_grid: there must be at least one image, got none");
  OPSIS_CHECK(options.columns >= 1 && options.tile_px >= 1 && options.padding >= 0,
              "labelled_grid: columns and tile_px must be at least 1 and padding not negative, got {}, {} and {}",
              options.columns, options.tile_px, options.padding);

  // Every cell is as large as the largest tile and the widest caption.
  std::vector<torch::Tensor> tiles;
  int64_t tile_height = 0, cell_width = 0, caption = 0;
  for (int64_t i = 0; i < count; ++i) {
    tiles.push_back(tile_of(images[i].image, options.tile_px));
    const auto box = Canvas::text_box(images[i].label, {}, options.font_px);
    tile_height = std::max(tile_height, tiles.back().size(1));
    cell_width = std::max({cell_width, tiles.back().size(2), box.width()});
    caption = std::max(caption, box.height());
  }
  constexpr int64_t kFrame = 3, kGap = 2;
  const auto title_px = options.font_px * 1.2;
  const auto title_box = Canvas::text_box(options.title, {}, title_px);
  const auto header = options.title.empty() ? 0 : title_box.height() + options.padding;
  const auto padding = options.padding + kFrame;
  const auto columns = std::min(options.columns, count), rows = (count + columns - 1) / columns;
  const auto step_y = tile_height + caption + kFrame + kGap + padding, step_x = cell_width + padding;
  const auto width = std::max(columns * step_x + padding, title_box.width() + 2 * padding);
  const auto margin = (width - columns * step_x - padding) / 2;

  Image out(torch::full({3, header + rows * step_y + padding, width}, 255, torch::kUInt8));
  auto canvas = detail::canvas_on(out, "labelled_grid");
  canvas.text(options.title, {static_cast<double>(width) / 2, static_cast<double>(options.padding)}, title_px, {38, 38, 38},
              Anchor::Top);
  for (int64_t i = 0; i < count; ++i) {
    const auto& tile = tiles[i];
    const auto top = header + padding + i / columns * step_y + (tile_height - tile.size(1)) / 2;
    const auto left = margin + padding + i % columns * step_x + (cell_width - tile.size(2)) / 2;
    out.data.narrow(1, top, tile.size(1)).narrow(2, left, tile.size(2)).copy_(tile);
    const bool marked = images[i].marked;
    const Rectangle around{left - kFrame, top - kFrame, left + tile.size(2) + kFrame, top + tile.size(1) + kFrame};
    if (marked) {
      canvas.frame(around, options.mark_color, kFrame);
    } else {
      canvas.frame({left - 1, top - 1, around.right - kFrame + 1, around.bottom - kFrame + 1}, {190, 190, 190});
    }
    const auto middle = static_cast<double>(left) + static_cast<double>(tile.size(2)) / 2;
    const auto below = header + padding + i / columns * step_y + tile_height + kFrame + kGap;
    canvas.text(images[i].label, {middle, static_cast<double>(below)}, options.font_px,
                marked ? options.mark_color : Color{38, 38, 38}, Anchor::Top);
  }
  return out;
}

}  // namespace opsis::inline v1::utils
