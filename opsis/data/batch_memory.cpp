#include "opsis/data/batch_memory.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

#include "opsis/io/memory.h"

namespace opsis::inline v1::data::detail {

struct BatchMemory::Blocks {
  static constexpr size_t kMost = 4;
  struct Block {
    size_t bytes;
    io::Memory memory;
  };

  io::Memory take(size_t bytes) {
    {
      const std::lock_guard lock(mutex);
      const auto found = std::find_if(waiting.begin(), waiting.end(), [=](const Block& block) { return block.bytes == bytes; });
      if (found != waiting.end()) {
        auto memory = std::move(found->memory);
        waiting.erase(found);
        return memory;
      }
    }
    // glibc asks the system for every piece that is larger than the largest it was ever given back, 128 KB at first: pictures on
    // their way into the batch among them. It used to be given back batches; now it sees this one, which nobody touches.
    io::make_memory(bytes).reset();
    return io::make_memory(bytes);
  }
  void give_back(size_t bytes, io::Memory memory) {
    io::Memory oldest;  // given to the system when the lock is gone
    const std::lock_guard lock(mutex);
    waiting.push_back({bytes, std::move(memory)});
    if (waiting.size() <= kMost) return;
    oldest = std::move(waiting.front().memory);
    waiting.pop_front();
  }

  std::mutex mutex;
  std::deque<Block> waiting;
};

BatchMemory::BatchMemory() : blocks_(std::make_shared<Blocks>()) {}

torch::Tensor BatchMemory::empty(at::IntArrayRef sizes, torch::ScalarType type) const {
  constexpr size_t large = size_t{1} << 20;
  const auto bytes = static_cast<size_t>(c10::multiply_integers(sizes)) * c10::elementSize(type);
  if (bytes < large) return at::empty(sizes, type);
  auto* const memory = blocks_->take(bytes).release();
  return at::from_blob(
      memory, sizes,
      [blocks = blocks_, bytes](void* data) { blocks->give_back(bytes, io::Memory(static_cast<uint8_t*>(data))); }, type);
}

}  // namespace opsis::inline v1::data::detail
