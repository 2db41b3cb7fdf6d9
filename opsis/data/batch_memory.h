// Memory of batches that are gone, for those to come.
#pragma once

#include <torch/types.h>

#include <memory>

#include "opsis/core/api.h"

namespace opsis::inline v1::data::detail {

// The system clears what it hands out, and a batch of photos is 20 MB: that is a twelfth of the time to decode them. A tensor made
// here gives its memory back for the next one of its size when its last owner lets go of it, on whatever thread; it may outlive
// this. No more than a few blocks wait.
class OPSIS_API BatchMemory {
 public:
  BatchMemory();
  // On the CPU, contiguous, with numbers that nobody has written yet.
  torch::Tensor empty(at::IntArrayRef sizes, torch::ScalarType type) const;

 private:
  struct Blocks;
  std::shared_ptr<Blocks> blocks_;
};

}  // namespace opsis::inline v1::data::detail
