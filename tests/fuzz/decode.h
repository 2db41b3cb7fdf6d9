// What the image fuzzers share.
#pragma once

#include <cstdlib>
#include <vector>

#include "opsis/core/error.h"
#include "opsis/io/codec.h"

namespace fuzz {

/// Decodes in every mode, turned upright or not, into memory of just the promised size, and reads every byte of it.
template <class Decode>
void decode_in_every_mode(Decode decode, opsis::io::Bytes bytes) {
  using opsis::io::ImageReadMode;
  for (const auto mode : {ImageReadMode::UNCHANGED, ImageReadMode::GRAY, ImageReadMode::GRAY_ALPHA, ImageReadMode::RGB,
                          ImageReadMode::RGB_ALPHA}) {
    // Small limits, so that a run is fast; that they hold is part of what is tried.
    const opsis::io::DecodeOptions options{
        .mode = mode, .apply_exif_orientation = true, .limits = {.pixels = 1 << 18, .codec_bytes = 16 << 20, .jpeg_scans = 20}};
    std::vector<uint8_t> pixels;
    try {
      decode(bytes, options, [&](const opsis::io::ImageInfo& info) {
        if (info.orientation < 1 || info.orientation > 8) std::abort();
        if (info.height * info.width > options.limits.pixels) std::abort();
        pixels.resize(static_cast<size_t>(info.height * info.width * info.channels * (info.bits / 8)));
        return pixels.data();
      });
    } catch (const opsis::Error&) {  // anything else ends the fuzzer
    }
    volatile uint8_t sum = 0;
    for (const auto pixel : pixels) sum = static_cast<uint8_t>(sum + pixel);
  }
}

}  // namespace fuzz
