#include "opsis/io/flo.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "opsis/core/check.h"

namespace opsis::inline v1::io::flo {
namespace {

constexpr size_t flo_head = 12;

int64_t little_int32(const uint8_t* bytes) {
  return static_cast<int32_t>(uint32_t{bytes[0]} | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 |
                              uint32_t{bytes[3]} << 24);
}

}  // namespace

void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  OPSIS_CHECK(options.mode == ImageReadMode::UNCHANGED, "decode_flo: mode must be UNCHANGED; a flow has no colors");
  if (!matches(bytes)) raise<DecodeError>("decode_flo: the magic number is not 202021.25 ({} bytes)", bytes.size());
  if (bytes.size() < flo_head) raise<DecodeError>("decode_flo: the header is cut off ({} bytes)", bytes.size());
  const ImageInfo info{.height = little_int32(bytes.data() + 8),
                       .width = little_int32(bytes.data() + 4),
                       .channels = 2,
                       .bits = 32,
                       .type = SampleType::FLOATING};
  if (info.height < 1 || info.width < 1) raise<DecodeError>("decode_flo: the flow is {}x{}", info.height, info.width);
  check_limits("decode_flo", info, options.limits);
  const auto size = static_cast<size_t>(info.height * info.width * 8);
  if (bytes.size() - flo_head < size) {
    raise<DecodeError>("decode_flo: the flow is incomplete or truncated ({} bytes, {}x{})", bytes.size(), info.height,
                       info.width);
  }
  auto* const out = static_cast<uint8_t*>(destination(info));
  std::memcpy(out, bytes.data() + flo_head, size);
  if constexpr (std::endian::native == std::endian::big) {
    for (size_t i = 0; i < size; i += 4) std::reverse(out + i, out + i + 4);
  }
}

}  // namespace opsis::inline v1::io::flo
