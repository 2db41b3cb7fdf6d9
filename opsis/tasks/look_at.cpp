#include "opsis/tasks/look_at.h"

#include <torch/types.h>

#include <exception>
#include <string>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/core/telling_where.h"
#include "opsis/transforms/functional/resize.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::tasks::detail {
namespace {

void check_image(const std::string& place, const Image& image) {
  const auto& pixels = image.data;
  OPSIS_CHECK(pixels.dim() == 3 && pixels.size(0) == 3, "{}: the image must be (3, H, W), got {}", place,
              opsis::detail::shape(pixels));
  OPSIS_CHECK(pixels.numel() > 0, "{}: the image must have pixels, got {}", place, opsis::detail::shape(pixels));
}

}  // namespace

std::vector<Image> look_at(std::string_view task, std::span<const Picture> pictures, size_t of_each) {
  std::vector<Image> images(pictures.size());
  std::vector<std::exception_ptr> errors(pictures.size());
  parallel_for(0, std::ssize(pictures), 1, [&](int64_t first, int64_t last) {
    for (auto i = static_cast<size_t>(first); i < static_cast<size_t>(last); ++i) {
      try {
        images[i] = pictures[i].image();
      } catch (...) {
        errors[i] = std::current_exception();
      }
    }
  });
  const bool is_one = pictures.size() <= of_each;
  for (size_t i = 0; i < images.size(); ++i) {
    if (is_one && errors[i]) std::rethrow_exception(errors[i]);
    const auto place = is_one ? std::string(task) : text("{}: inputs[{}]", task, i / of_each);
    if (errors[i]) {
      telling_where<DecodeError, IoError, NotBuiltError, ValueError>(place, [&] { std::rethrow_exception(errors[i]); });
    }
    check_image(place, images[i]);
  }
  return images;
}

void check_resized(std::string_view task, std::span<const Image> images, int64_t side, int64_t most) {
  for (size_t i = 0; i < images.size(); ++i) {
    const Size size{images[i].data.size(-2), images[i].data.size(-1)};
    const auto resized = transforms::detail::resized_size(size, {side}, {});
    if (resized.width <= 0 || resized.height <= most / resized.width) continue;
    const auto place = images.size() == 1 ? std::string(task) : text("{}: inputs[{}]", task, i);
    raise_with<ValueError>(WayOut::CutPicture, "raise it, or cut the picture into parts",
                           "{}: a picture of {} would be resized to {}, more than resized_pixels, {}", place, size, resized,
                           most);
  }
}

}  // namespace opsis::inline v1::tasks::detail
