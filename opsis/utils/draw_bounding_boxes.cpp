#include "opsis/utils/draw_bounding_boxes.h"

#include <torch/torch.h>

#include <array>
#include <cmath>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/tv_tensors/print.h"
#include "opsis/utils/drawable.h"
#include "opsis/utils/font.h"

namespace opsis::inline v1::utils {
namespace {

// A place that a number with a fraction falls on: towards zero, and kept small enough for an integer.
Pixel pixel_at(double x, double y) {
  const auto whole = [](double v) { return static_cast<int64_t>(std::clamp(v, -1e9, 1e9)); };
  return {whole(x), whole(y)};
}

// Five pixels on, five off.
void dashed_line(Raster& raster, Pixel from, Pixel to, Ink ink, int64_t width) {
  constexpr double dash = 5;
  auto x = static_cast<double>(from.x), y = static_cast<double>(from.y);
  const auto end_x = static_cast<double>(to.x), end_y = static_cast<double>(to.y);
  auto left = std::pow((end_x - x) * (end_x - x) + (end_y - y) * (end_y - y), 0.5);
  OPSIS_CHECK(left <= 1e7, "draw_bounding_boxes: the side of a rotated box must be at most 1e7 pixels long, got {}", left);
  for (bool on = true; left > 0; on = !on) {
    const auto length = std::min(left, dash);
    const auto angle = std::atan2(end_y - y, end_x - x);  // anew for each dash, as torchvision does: the last bits differ
    const auto next_x = x + std::cos(angle) * length, next_y = y + std::sin(angle) * length;
    if (on) raster.line(pixel_at(x, y), pixel_at(next_x, next_y), ink, width);
    left -= length;
    x = next_x;
    y = next_y;
  }
}

struct LabelStyle {
  Color letters{};
  std::optional<Color> background{};
  double size_px = 10;
  std::filesystem::path font{};
};

void draw_label(const torch::Tensor& pixels, const std::string& label, Pixel at, const LabelStyle& style) {
  const auto bitmap = render_text(label, style.size_px, style.font);
  if (style.background) {
    const Pixel far{at.x + bitmap.width, at.y + bitmap.height};
    detail::raster_on(pixels, Raster::Mode::Store).fill_rectangle({at.x - 1, at.y - 1}, far, {*style.background});
  }
  Canvas canvas(pixels.data_ptr<uint8_t>(), {pixels.size(1), pixels.size(2)},
                {pixels.stride(0), pixels.stride(1), pixels.stride(2)});
  canvas.ink(bitmap, at.y, at.x, style.letters);
}

// Whether a box ends before it begins.
template <class T>
bool any_flipped(const torch::Tensor& boxes) {
  const auto* box = boxes.const_data_ptr<T>();
  for (int64_t i = 0; i < boxes.size(0); ++i, box += 4) {
    if (box[0] > box[2] || box[1] > box[3]) return true;
  }
  return false;
}

}  // namespace

Image draw_bounding_boxes(const Image& image, const torch::Tensor& boxes, const DrawBoundingBoxesOptions& options) {
  const torch::NoGradGuard no_grad;
  constexpr auto where = "draw_bounding_boxes";
  detail::check_drawable(where, image, true);
  OPSIS_CHECK(boxes.defined() && boxes.dim() >= 1, "{}: the boxes must be (N, 4) or (N, 8), got {}", where,
              opsis::detail::shape(boxes));
  const auto count = boxes.size(0);
  if (count == 0) return image;
  OPSIS_CHECK(boxes.dim() == 2 && (boxes.size(1) == 4 || boxes.size(1) == 8), "{}: the boxes must be (N, 4) or (N, 8), got {}",
              where, opsis::detail::shape(boxes));
  const bool rotated = boxes.size(1) == 8;
  // As they were given, with their fractions; and by a loop, for a few boxes are quicker compared than an operator is called.
  const bool fractions = boxes.is_floating_point();
  const auto given = boxes.to(torch::kCPU, fractions ? torch::kFloat64 : torch::kInt64).contiguous();
  OPSIS_CHECK(rotated || !(fractions ? any_flipped<double>(given) : any_flipped<int64_t>(given)),
              "{}: boxes must be left, top, right, bottom; see functional::convert_bounding_box_format", where);
  OPSIS_CHECK(!options.labels || std::ssize(*options.labels) == count, "{}: there must be a label for each of {} boxes, got {}",
              where, count, options.labels->size());

  const auto colors = options.colors.of(where, count);
  auto letters = colors, backgrounds = colors;
  if (options.label_colors || options.fill_labels) {
    letters = (options.label_colors ? options.label_colors : Colors("black")).of(where, count);
  }
  if (options.fill_labels && options.label_background_colors) backgrounds = options.label_background_colors.of(where, count);
  for (const auto& color : colors) {
    OPSIS_CHECK(!options.fill || !color.has_alpha, "{}: fill has an alpha of its own; the colours must have none", where);
  }

  const auto pixels = detail::drawable_copy(image);
  auto raster = detail::raster_on(pixels, options.fill ? Raster::Mode::Blend : Raster::Mode::Store);
  const auto places = fractions ? boxes.to(torch::kCPU, torch::kInt64).contiguous() : given;
  for (int64_t i = 0; i < count; ++i) {
    const auto* box = places.const_data_ptr<int64_t>() + i * places.size(1);
    const auto& color = colors[static_cast<size_t>(i)].color;
    const Ink edge{color}, inside{color, 100};
    if (rotated) {
      const std::array<Pixel, 4> corners{{{box[0], box[1]}, {box[2], box[3]}, {box[4], box[5]}, {box[6], box[7]}}};
      dashed_line(raster, corners[0], corners[1], edge, options.width);
      for (size_t c = 1; c < 4; ++c) raster.line(corners[c], corners[(c + 1) % 4], edge, options.width);
      if (options.fill) raster.fill_polygon(corners, inside);
    } else {
      if (options.fill) raster.fill_rectangle({box[0], box[1]}, {box[2], box[3]}, inside);
      raster.rectangle({box[0], box[1]}, {box[2], box[3]}, edge, options.width);
    }
    if (!options.labels) continue;
    const auto margin = static_cast<double>(options.width) + 1;
    const auto at = pixel_at(static_cast<double>(box[0]) + margin, static_cast<double>(box[1]) + margin);
    LabelStyle style{letters[static_cast<size_t>(i)].color, {}, options.font_size.value_or(10), options.font.value_or("")};
    if (options.fill_labels) style.background = backgrounds[static_cast<size_t>(i)].color;
    draw_label(pixels, (*options.labels)[static_cast<size_t>(i)], at, style);
  }
  return detail::in_type_of(pixels, image);
}

Image draw_bounding_boxes(const Image& image, const BoundingBoxes& boxes, const DrawBoundingBoxesOptions& options) {
  const auto format = is_rotated_bounding_format(boxes.format) ? BoundingBoxFormat::XYXYXYXY : BoundingBoxFormat::XYXY;
  return draw_bounding_boxes(image, transforms::functional::convert_bounding_box_format(boxes, format).data, options);
}

}  // namespace opsis::inline v1::utils
