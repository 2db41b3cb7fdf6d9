#include "opsis/utils/draw_text.h"

#include <torch/torch.h>

#include "opsis/core/check.h"
#include "opsis/utils/font.h"

namespace opsis::inline v1::utils {
namespace detail {

Canvas canvas_on(Image& image, std::string_view caller) {
  const auto& data = image.data;
  OPSIS_CHECK(data.defined() && data.dim() == 3 && data.size(0) == 3, "{}: the image must be (3, H, W)", caller);
  OPSIS_CHECK(data.scalar_type() == torch::kUInt8, "{}: the image must be uint8, got {}", caller, data.scalar_type());
  OPSIS_CHECK(data.is_cpu(), "{}: the image must be on the CPU, got {}", caller, data.device());
  return {data.data_ptr<uint8_t>(), {data.size(1), data.size(2)}, {data.stride(0), data.stride(1), data.stride(2)}};
}

}  // namespace detail

Image draw_text(const Image& image, std::string_view text, double x, double y, const DrawTextOptions& options) {
  OPSIS_CHECK(image.data.defined(), "draw_text: the image is undefined");
  Image out(image.data.clone());
  auto canvas = detail::canvas_on(out, "draw_text");
  if (options.background) canvas.fill(canvas.text_box(text, {x, y}, options.size_px, options.anchor), *options.background);
  canvas.text(text, {x, y}, options.size_px, options.color, options.anchor);
  return out;
}

}  // namespace opsis::inline v1::utils
