// The pictures that tests/oracle/io.py and io_formats.py wrote.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/io.h"
#include "tests/support/oracle.h"

namespace support {

inline std::filesystem::path picture_path(const std::string& name) { return oracle::folder() / "io" / name; }

inline std::vector<uint8_t> picture(const std::string& name) { return opsis::io::read_bytes(picture_path(name)); }

inline opsis::ImageReadMode read_mode(std::string_view name) {
  using enum opsis::ImageReadMode;
  if (name == "UNCHANGED") return UNCHANGED;
  if (name == "GRAY") return GRAY;
  if (name == "GRAY_ALPHA") return GRAY_ALPHA;
  if (name == "RGB") return RGB;
  if (name == "RGB_ALPHA") return RGB_ALPHA;
  throw std::runtime_error("no read mode " + std::string(name));
}

}  // namespace support
