// The pickle machine: what it returns may be walked by recursion without an end or a surprise.
#include "opsis/core/error.h"
#include "opsis/hub/pickle_reader.h"

namespace {

size_t walk(const opsis::hub::Pickle& pickle, uint32_t index, int64_t depth) {
  if (index >= pickle.nodes.size() || depth > 100) __builtin_trap();
  const auto& node = pickle[index];
  size_t sum = 1;
  for (const auto c : node.text) sum += static_cast<uint8_t>(c);
  for (const auto item : node.items) sum += walk(pickle, item, depth + 1);
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  opsis::Limits limits;
  limits.pickle_objects = 100'000;
  limits.pickle_depth = 100;
  try {
    const auto pickle = opsis::hub::read_pickle({data, size}, limits);
    // Uses the sum, so that the walk is not optimised away.
    if (walk(pickle, pickle.root, 1) == 0) __builtin_trap();
  } catch (const opsis::DecodeError&) {
  }
  return 0;
}
