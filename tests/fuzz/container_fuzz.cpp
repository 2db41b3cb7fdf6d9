// A checkpoint of any container: a storage may lie nowhere but inside the bytes given.
#include "opsis/core/error.h"
#include "opsis/hub/container.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  opsis::Limits limits;
  limits.pickle_objects = 100'000;
  limits.pickle_depth = 100;
  try {
    for (const auto& [key, place] : opsis::hub::read_container({data, size}, limits).storages) {
      if (place.offset > size || place.size > size - place.offset) __builtin_trap();
    }
  } catch (const opsis::DecodeError&) {
  }
  return 0;
}
