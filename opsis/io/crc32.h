// The checksum of zip files.
#pragma once

#include <cstdint>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

/// CRC-32 with the polynomial of zip, gzip and PNG; `before` is the checksum of what came in front of these bytes.
///     crc32(as_bytes("123456789"))   // 0xCBF43926
OPSIS_API uint32_t crc32(Bytes bytes, uint32_t before = 0);

}  // namespace opsis::inline v1::io
