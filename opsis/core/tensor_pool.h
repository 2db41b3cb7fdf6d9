// A pool of memory: tensors that are made from it give it back for the next ones.
#pragma once

#include <torch/types.h>

#include <limits>
#include <memory>

#include "opsis/core/api.h"

namespace opsis::inline v1 {

// The system clears what it hands out: of a batch of photos that is a twelfth of the time to decode them, of a network's activations
// a sixth of the time to compute them. A tensor made here gives its memory back for the next one that fits when its last owner lets
// go of it, on whatever thread; it may outlive this. Small tensors are left to malloc, which keeps their memory itself.
class OPSIS_API TensorPool {
 public:
  /// No more than so many blocks wait, of no more bytes; the one that waited longest goes first, and one that nobody could use for
  /// a thousand tensors.
  explicit TensorPool(size_t most = 4, size_t most_bytes = std::numeric_limits<size_t>::max());
  /// On the CPU, dense, with numbers that nobody has written yet.
  torch::Tensor empty(at::IntArrayRef sizes, torch::ScalarType type,
                      torch::MemoryFormat format = torch::MemoryFormat::Contiguous) const;
  /// The same as plain bytes, of which there must be some.
  c10::DataPtr allocate(size_t bytes) const;

 private:
  struct Blocks;
  std::shared_ptr<Blocks> blocks_;
};

}  // namespace opsis::inline v1
