#include "opsis/io/codec.h"

#include <algorithm>

#include "opsis/core/check.h"

namespace opsis::inline v1::io {

void check_limits(std::string_view function, const ImageInfo& info, const Limits& limits) {
  constexpr auto way_out = "raise it in DecodeOptions::limits for a file that you trust";
  if (std::max(info.height, info.width) > limits.side) {
    raise<DecodeError>("{}: the image is {} high and {} wide, limits.side is {}; {}", function, info.height, info.width,
                       limits.side, way_out);
  }
  // By division: sides of 2^31 and more must not multiply into a small number.
  if (info.width > 0 && info.height > limits.pixels / info.width) {
    raise<DecodeError>("{}: the image is {} high and {} wide, limits.pixels is {}; {}", function, info.height, info.width,
                       limits.pixels, way_out);
  }
}

}  // namespace opsis::inline v1::io
