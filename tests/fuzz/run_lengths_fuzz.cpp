#include "opsis/io/run_lengths.h"

#include <string_view>
#include <vector>

#include "opsis/core/error.h"

// Two bytes of a size, then the text of a mask; what is read must come out again as it is.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const opsis::Size canvas{size > 0 ? data[0] : 0, size > 1 ? data[1] : 0};
  const auto* const text = reinterpret_cast<const char*>(data);
  try {
    const auto runs = opsis::io::runs_of_text(size > 2 ? std::string_view(text + 2, size - 2) : std::string_view(), canvas);
    std::vector<uint8_t> pixels(static_cast<size_t>(canvas.height * canvas.width));
    opsis::io::decode_runs(runs, pixels);
    if (opsis::io::runs_of_text(opsis::io::to_text(runs), canvas) != runs) __builtin_trap();
    const auto again = opsis::io::encode_runs(pixels, canvas);
    if (opsis::io::area(again) != opsis::io::area(runs)) __builtin_trap();
    if (opsis::io::bounding_box(again) != opsis::io::bounding_box(runs)) __builtin_trap();
    if (opsis::io::area(runs) > 0 && opsis::io::run_iou(runs, again) != 1) __builtin_trap();
  } catch (const opsis::DecodeError&) {
  }
  return 0;
}
