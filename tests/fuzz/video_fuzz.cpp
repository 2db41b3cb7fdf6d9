#include "opsis/core/error.h"
#include "opsis/io/audio_stream.h"
#include "opsis/io/video_stream.h"

#include <vector>

// FFmpeg itself is not instrumented: what is looked for is how its answers are taken.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    opsis::io::VideoStream stream(opsis::io::Bytes(data, size), {.limits = {.pixels = 1 << 16}, .max_frames = 200});
    std::vector<uint8_t> pixels(static_cast<size_t>(stream.frame_bytes()));
    const auto count = stream.metadata().num_frames;
    for (const int64_t index : {int64_t{0}, int64_t{1}, count / 2, count - 1, int64_t{0}}) {
      if (index >= 0 && index < count) stream.read(index, pixels.data());
    }
  } catch (const opsis::Error&) {  // anything else ends the fuzzer
  }
  try {
    opsis::io::AudioStream sound(opsis::io::Bytes(data, size), {.pixels = 1 << 16, .image_bytes = 1 << 20});
    sound.read(0.5, 0.6);
    sound.read(0, 0.3);
  } catch (const opsis::Error&) {
  }
  return 0;
}
