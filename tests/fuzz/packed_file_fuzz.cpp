#include <algorithm>
#include <string>
#include <string_view>

#include "opsis/core/error.h"
#include "opsis/datasets/packed_file.h"
#include "opsis/io/byte_fields.h"
#include "opsis/io/crc32.h"
#include "tests/fuzz/in_memory.h"

static void read(const uint8_t* data, size_t size) {
  const InMemory file(data, size);
  try {
    const opsis::datasets::PackedFile packed(file.path(), "fuzz");
    for (size_t i = 0; i < packed.size(); ++i) {
      try {
        (void)opsis::io::crc32(packed.record(i));  // all of it can be read
      } catch (const opsis::DecodeError&) {
      }
    }
  } catch (const opsis::DecodeError&) {
  } catch (const opsis::ValueError&) {  // of another kind
  }
}

// As it is; and between a head and an end that are right, whose checksum no luck would find: the last bytes are the table then.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace io = opsis::io;
  read(data, size);
  constexpr size_t row = 2 * sizeof(uint64_t) + sizeof(uint32_t), end = 3 * sizeof(uint64_t) + sizeof(uint32_t) + 16;
  const uint64_t rows = size == 0 ? 0 : std::min<size_t>(data[0] % 4, size / row);
  std::string file = "opsis packed 1\n", tail;
  io::put_text(file, "fuzz");
  file.append(reinterpret_cast<const char*>(data), size);
  const auto table = file.size() - rows * row;
  for (const uint64_t number : {rows, uint64_t{table}, uint64_t{file.size() + end}}) io::put_number(tail, number);
  const auto sum = io::crc32(io::as_bytes(tail), io::crc32(io::as_bytes(std::string_view(file).substr(table))));
  io::put_number(tail, sum);
  file += tail + "opsis packed end";
  read(reinterpret_cast<const uint8_t*>(file.data()), file.size());
  return 0;
}
