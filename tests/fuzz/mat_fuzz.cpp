#include "opsis/core/error.h"
#include "opsis/io/mat.h"

// An array must have as many numbers, and as many parts, as its sides say.
static void check(const opsis::io::MatArray& array) {
  using opsis::io::MatKind;
  if (array.kind == MatKind::Numbers && array.size() > 0) array.number(array.size() - 1);
  if (array.kind == MatKind::Cells && array.items.size() != array.size()) __builtin_trap();
  if (array.kind == MatKind::Structs && array.items.size() != array.size() * array.fields.size()) __builtin_trap();
  for (const auto& item : array.items) check(item);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    check(opsis::io::parse_mat({data, size}, "X", {.image_bytes = 1 << 24}));
  } catch (const opsis::DecodeError&) {
  }
  return 0;
}
