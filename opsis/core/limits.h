// What foreign bytes may ask for. One struct for everything that reads them; checked before allocating.
#pragma once

#include <cstdint>

namespace opsis::inline v1 {

/// Safe defaults; raise a field for input that you trust.
struct Limits {
  int64_t pixels = 178'956'970;              ///< of one image, height * width
  int64_t side = 1'000'000;                  ///< of one image, in pixels
  int64_t frames = 100'000;                  ///< of one animation, or pages of one TIFF
  int64_t image_bytes = int64_t{4} << 30;    ///< of one decoded image or animation
  int64_t codec_bytes = int64_t{512} << 20;  ///< a codec's working memory beyond its output
  int64_t jpeg_scans = 100;                  ///< of a progressive JPEG
  int64_t file_bytes = int64_t{64} << 30;    ///< of one file read whole
  int64_t pickle_bytes = int64_t{64} << 20;  ///< of a checkpoint's pickle stream
  int64_t pickle_objects = 10'000'000;       ///< made while unpickling
  int64_t pickle_depth = 1'000;              ///< containers within containers
  int64_t safetensors_header_bytes = 100'000'000;
  int64_t swollen_bytes = int64_t{512} << 20;  ///< of one decoded animation or TIFF that is a thousand times its file or more
  int64_t program_bytes = int64_t{16} << 20;   ///< of a JSON file of an exported program, which may be 30 times that in memory
};

}  // namespace opsis::inline v1
