#include "opsis/core/error.h"
#include "opsis/datasets/clevr_scenes.h"
#include "opsis/datasets/coco_file.h"
#include "tests/fuzz/in_memory.h"

// COCO's annotations and CLEVR's scenes: what is opened can be read to its end.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const InMemory file(data, size);
  try {
    const opsis::datasets::CocoFile coco(file.path());
    for (const auto& image : coco.images()) {
      for (const auto& part : image.annotations) {
        if (coco.annotation(part).size() != part.size || part.begin + part.size > size) __builtin_trap();
      }
    }
  } catch (const opsis::DecodeError&) {
  }
  try {
    for (const auto& [name, count] : opsis::datasets::clevr_objects(file.path())) {
      if (count < 0) __builtin_trap();
    }
  } catch (const opsis::DecodeError&) {
  }
  return 0;
}
