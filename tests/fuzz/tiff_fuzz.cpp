#include "opsis/io/tiff.h"

#include "tests/fuzz/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::decode_in_every_mode(opsis::io::tiff::decode, {data, size});
  return 0;
}
