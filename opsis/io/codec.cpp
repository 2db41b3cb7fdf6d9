#include "opsis/io/codec.h"

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/io/over_limit.h"

namespace opsis::inline v1::io {
namespace {

bool on_its_side(int orientation) { return orientation >= 5; }

/// The region seen from the corner of the stored picture where the upright one begins.
Region mirrored(Region region, int orientation, Size stored) {
  const bool from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  if (from_below) region.top = stored.height - region.top - region.height;
  if (from_right) region.left = stored.width - region.left - region.width;
  return region;
}

}  // namespace

void check_limits(std::string_view function, const ImageInfo& info, const Limits& limits) {
  if (std::max(info.height, info.width) > limits.side) {
    over_limit("{}: the image is {} high and {} wide, limits.side is {}", function, info.height, info.width, limits.side);
  }
  // By division: sides of 2^31 and more must not multiply into a small number.
  if (info.width > 0 && info.height > limits.pixels / info.width) {
    over_limit("{}: the image is {} high and {} wide, limits.pixels is {}", function, info.height, info.width, limits.pixels);
  }
  if (info.frames > limits.frames) {
    over_limit("{}: there are {} frames, limits.frames is {}", function, info.frames, limits.frames);
  }
  const int64_t pixel_bytes = info.channels * ((info.bits + 7) / 8);
  if (pixel_bytes > 0 && info.frames > 0 && info.height * info.width > limits.image_bytes / pixel_bytes / info.frames) {
    over_limit("{}: {} frames of {}x{} pixels of {} bytes are over limits.image_bytes, {}", function, info.frames, info.height,
               info.width, pixel_bytes, limits.image_bytes);
  }
}

void check_frames(std::string_view function, const ImageInfo& info, size_t file_bytes, const Limits& limits) {
  check_limits(function, info, limits);
  const int64_t bytes = info.frames * info.height * info.width * info.channels * ((info.bits + 7) / 8);
  if (info.frames > 1 && bytes > limits.swollen_bytes && bytes / 1000 > static_cast<int64_t>(file_bytes)) {
    over_limit("{}: {} bytes make {} frames of {}x{}, of {} bytes, which is over limits.swollen_bytes, {}", function,
               file_bytes, info.frames, info.height, info.width, bytes, limits.swollen_bytes);
  }
}

void check_region(std::string_view function, const Region& region, Size picture) {
  const auto inside = [](int64_t begin, int64_t length, int64_t side) {
    return begin >= 0 && length >= 1 && length <= side && begin <= side - length;
  };
  OPSIS_CHECK(
      inside(region.top, region.height, picture.height) && inside(region.left, region.width, picture.width),
      "{}: the region must have a pixel and lie within the picture, got top {}, left {}, height {}, width {} of a picture "
      "{} high and {} wide",
      function, region.top, region.left, region.height, region.width, picture.height, picture.width);
}

Region stored_region(const Region& upright, int orientation, Size stored) {
  auto region = upright;
  if (on_its_side(orientation)) region = {upright.left, upright.top, upright.width, upright.height};
  return mirrored(region, orientation, stored);
}

Region upright_region(const Region& region, int orientation, Size stored) {
  const auto [top, left, height, width] = mirrored(region, orientation, stored);
  return on_its_side(orientation) ? Region{left, top, width, height} : Region{top, left, height, width};
}

Region take_region(std::string_view function, const Region& region, ImageInfo& info) {
  info.picture = {info.height, info.width};
  const auto upright = upright_region({0, 0, info.height, info.width}, info.orientation, info.picture);
  check_region(function, region, {upright.height, upright.width});
  const auto stored = stored_region(region, info.orientation, info.picture);
  info.height = stored.height;
  info.width = stored.width;
  info.is_region = true;
  return stored;
}

int choose_scale(Size size, int64_t min_size) {
  const auto shorter = std::min(size.height, size.width);
  int64_t scale = 1;
  while (min_size > 0 && scale < 8 && (shorter + 2 * scale - 1) / (2 * scale) >= min_size) scale *= 2;
  return static_cast<int>(scale);
}

Region scaled_region(const Region& region, int scale) {
  const auto up = [&](int64_t place) { return (place + scale - 1) / scale; };
  const auto top = region.top / scale, left = region.left / scale;
  return {top, left, up(region.top + region.height) - top, up(region.left + region.width) - left};
}

}  // namespace opsis::inline v1::io
