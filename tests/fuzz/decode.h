// What the image fuzzers share.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "opsis/core/error.h"
#include "opsis/io/codec.h"

namespace fuzz {

/// So that a run is fast; that they hold is part of what is tried.
inline opsis::Limits small_limits() {
  return {.pixels = 1 << 18, .frames = 100, .image_bytes = 16 << 20, .codec_bytes = 16 << 20, .jpeg_scans = 20};
}

/// The options of a run, with small limits: each mode, whole and strict and a region and smaller, and the first picture alone.
inline std::vector<opsis::io::DecodeOptions> all_options(opsis::io::Bytes bytes) {
  using opsis::io::ImageReadMode;
  std::vector<opsis::io::DecodeOptions> out;
  const auto byte = [&](size_t from_end) -> int64_t {
    return bytes.size() > from_end ? bytes[bytes.size() - 1 - from_end] : 1;
  };
  for (const auto mode : {ImageReadMode::UNCHANGED, ImageReadMode::GRAY, ImageReadMode::GRAY_ALPHA, ImageReadMode::RGB,
                          ImageReadMode::RGB_ALPHA}) {
    opsis::io::DecodeOptions options{.mode = mode, .apply_exif_orientation = true, .limits = small_limits()};
    out.push_back(options);
    options.region = opsis::io::Region{byte(0) % 32, byte(1) % 32, 1 + byte(2) % 64, 1 + byte(3) % 64};
    out.push_back(options);
    options.min_size = byte(4) % 32;
    out.push_back(options);
    options.region.reset();
    options.strict = true;
    out.push_back(options);
  }
  out.push_back({.mode = ImageReadMode::RGB, .limits = out.front().limits, .still = true});
  return out;
}

/// What a decoder gave, into memory of just the promised size; all of it read.
struct Outcome {
  bool refused = false;
  std::string reason;
  opsis::io::ImageInfo info;
  std::vector<uint8_t> pixels;
};

template <class Decode>
Outcome decode(Decode decode, opsis::io::Bytes bytes, const opsis::io::DecodeOptions& options) {
  Outcome out;
  try {
    decode(bytes, options, [&](const opsis::io::ImageInfo& info) {
      if (info.orientation < 1 || info.orientation > 8) std::abort();
      if (info.height * info.width > options.limits.pixels) std::abort();
      if (info.is_region && info.scale == 1 && info.height * info.width != options.region->height * options.region->width)
        std::abort();
      out.info = info;
      const auto frame_bytes = info.height * info.width * info.channels * (info.bits / 8);
      if (frame_bytes * info.frames > options.limits.image_bytes) std::abort();
      out.pixels.resize(static_cast<size_t>(frame_bytes * info.frames));
      return out.pixels.data();
    });
  } catch (const opsis::Error& error) {  // anything else ends the fuzzer
    out.refused = true;
    out.reason = error.what();
  }
  volatile uint8_t sum = 0;
  for (const auto pixel : out.pixels) sum = static_cast<uint8_t>(sum + pixel);
  return out;
}

template <class Decode>
void decode_in_every_mode(Decode decoder, opsis::io::Bytes bytes) {
  for (const auto& options : all_options(bytes)) decode(decoder, bytes, options);
}

}  // namespace fuzz
