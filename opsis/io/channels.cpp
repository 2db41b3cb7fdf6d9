#include "opsis/io/channels.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "opsis/core/check.h"

namespace opsis::inline v1::io {
namespace {

/// libpng's weights for 0.2989 and 0.587, in 15 bits and cut, and what is left for blue.
constexpr uint32_t red_weight = 9794, green_weight = 19234, blue_weight = 32768 - red_weight - green_weight;

template <class T>
T gray_of(T red, T green, T blue) {
  if constexpr (std::is_same_v<T, uint8_t> || std::is_same_v<T, uint16_t>) {
    if (red == green && green == blue) return red;
    // libpng rounds 16 bits and cuts 8.
    constexpr uint32_t half = std::is_same_v<T, uint16_t> ? 16384 : 0;
    return static_cast<T>((red_weight * red + green_weight * green + blue_weight * blue + half) >> 15);
  } else {
    const double gray =
        0.2989 * static_cast<double>(red) + 0.587 * static_cast<double>(green) + 0.114 * static_cast<double>(blue);
    if constexpr (std::is_floating_point_v<T>) return static_cast<T>(gray);
    // The weights sum to 0.9999, so gray is within T.
    return static_cast<T>(std::floor(gray + 0.5));
  }
}

template <class T>
void convert(const void* from_bytes, int64_t from_channels, void* to_bytes, int64_t to_channels, int64_t pixels) {
  const auto* from = static_cast<const T*>(from_bytes);
  auto* to = static_cast<T*>(to_bytes);
  const bool from_color = from_channels >= 3, to_color = to_channels >= 3;
  const bool from_alpha = from_channels % 2 == 0, to_alpha = to_channels % 2 == 0;
  const T opaque = std::is_floating_point_v<T> ? T{1} : std::numeric_limits<T>::max();
  for (int64_t i = 0; i < pixels; ++i, from += from_channels) {
    if (to_color) {
      *to++ = from[0];
      *to++ = from[from_color ? 1 : 0];
      *to++ = from[from_color ? 2 : 0];
    } else {
      *to++ = from_color ? gray_of(from[0], from[1], from[2]) : from[0];
    }
    if (to_alpha) *to++ = from_alpha ? from[from_channels - 1] : opaque;
  }
}

}  // namespace

int64_t converted_channels(std::string_view function, ImageReadMode mode, int64_t channels) {
  OPSIS_CHECK(mode == ImageReadMode::UNCHANGED || channels <= 4,
              "{}: mode must be UNCHANGED for a picture of {} channels; other modes need at most 4", function, channels);
  switch (mode) {
    case ImageReadMode::GRAY: return 1;
    case ImageReadMode::GRAY_ALPHA: return 2;
    case ImageReadMode::RGB: return 3;
    case ImageReadMode::RGB_ALPHA: return 4;
    default: return channels;
  }
}

void convert_channels(const void* from, int64_t from_channels, void* to, const ImageInfo& info, int64_t pixels) {
  if (from_channels == info.channels) {
    std::memcpy(to, from, static_cast<size_t>(pixels * from_channels * (info.bits / 8)));
    return;
  }
  const auto run = [&]<class T>(T) { convert<T>(from, from_channels, to, info.channels, pixels); };
  switch (info.type) {
    case SampleType::UNSIGNED:
      if (info.bits == 8) run(uint8_t{});
      if (info.bits == 16) run(uint16_t{});
      if (info.bits == 32) run(uint32_t{});
      return;
    case SampleType::SIGNED:
      if (info.bits == 8) run(int8_t{});
      if (info.bits == 16) run(int16_t{});
      if (info.bits == 32) run(int32_t{});
      return;
    case SampleType::FLOATING:
      if (info.bits == 32) run(float{});
      if (info.bits == 64) run(double{});
      return;
  }
}

}  // namespace opsis::inline v1::io
