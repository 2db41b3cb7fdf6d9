// Reads Python pickles as data: tensors' descriptions, containers, numbers and strings. Nothing is ever called; what a pickle
// would call is kept by name if it is on a short list, and refused otherwise. docs/formats/pickle.md has the machine.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::hub {

enum class PickleKind : uint8_t {
  None,
  Bool,    ///< integer
  Int,     ///< integer
  Float,   ///< real
  String,  ///< text, UTF-8
  Bytes,   ///< text
  List,    ///< items
  Tuple,   ///< items
  Set,     ///< items
  Dict,    ///< items: key, value, key, value, ..., of an OrderedDict also its attributes if any; also for Counter
  Global,  ///< text: "torch.float32"
  Call,    ///< items: what is called (a Global), its arguments (a Tuple), of NumPy's also the state set afterwards if any
  Storage,  ///< text: its key; items: its type (a Global), of a part also offset and elements (Ints); integer: elements of the whole
  Tensor,  ///< text: its key in a tar archive
};

/// One object of the pickle. Which members count is said at its kind.
struct PickleNode {
  PickleKind kind = PickleKind::None;
  union {
    int64_t integer = 0;
    double real;
  };
  std::string_view text;        ///< points into the pickle's bytes, or to a constant
  std::vector<uint32_t> items;  ///< places in Pickle::nodes
};

/// All objects of a pickle. Shared objects are shared here too, so nodes form a graph; it has no cycle, is no deeper than
/// limits.pickle_depth and, written out as a tree, no larger than limits.pickle_objects: it is safe to walk it by recursion.
struct Pickle {
  std::vector<PickleNode> nodes;
  uint32_t root = 0;
  size_t size = 0;  ///< bytes it took; more may follow it
  const PickleNode& operator[](uint32_t index) const { return nodes[index]; }
};

/// Runs the pickle up to its end; protocols 2 to 5. The result points into `bytes`.
/// Throws   DecodeError for a pickle that is not sound, goes over a limit, or names something that is not data (the message
///          says what)
OPSIS_API Pickle read_pickle(io::Bytes bytes, const Limits& limits = {});

/// One pickle of several that follow each other in `bytes`, the one that begins at `offset`.
OPSIS_API Pickle read_pickle_at(io::Bytes bytes, size_t offset, const Limits& limits = {});

}  // namespace opsis::inline v1::hub
