#include "opsis/core/tensor_pool.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/util/strides.h>

#include <deque>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "opsis/core/memory.h"

namespace opsis::inline v1 {

struct TensorPool::Blocks {
  struct Block {
    size_t bytes = 0;
    Memory memory{};
    size_t since = 0;  // how many blocks had been taken when it came back
  };

  Blocks(size_t most, size_t most_bytes) : most(most), most_bytes(most_bytes) {}

  Block take(size_t bytes) {
    Block unused;  // given to the system when the lock is gone
    {
      const std::lock_guard lock(mutex);
      ++taken;
      if (!waiting.empty() && taken - waiting.front().since > kPatience) {
        unused = take_oldest();
      }
      // One of just these bytes, or else that which came back last of those that fit: some of it is in the cache.
      auto best = waiting.rend();
      for (auto block = waiting.rbegin(); block != waiting.rend() && (best == waiting.rend() || best->bytes != bytes);
           ++block) {
        const bool fits = block->bytes >= bytes && block->bytes <= 2 * bytes;
        if (block->bytes == bytes || (fits && best == waiting.rend())) best = block;
      }
      if (best != waiting.rend()) {
        auto block = std::move(*best);
        waiting.erase(std::next(best).base());
        waiting_bytes -= block.bytes;
        return block;
      }
    }
    // glibc asks the system for every piece that is larger than the largest it was ever given back, 128 KB at first: pictures on
    // their way into a batch among them. It used to be given back batches; now it sees this one, which nobody touches.
    make_memory(bytes).reset();
    return {bytes, make_memory(bytes)};
  }

  // What waits may be what the system lacks.
  Block take_or_make_room(size_t bytes) {
    try {
      return take(bytes);
    } catch (const std::bad_alloc&) {
      std::deque<Block> gone;  // given to the system when the lock is gone
      const std::lock_guard lock(mutex);
      if (waiting.empty()) throw;
      gone.swap(waiting);
      waiting_bytes = 0;
    }
    return take(bytes);
  }

  void give_back(Block block) {
    std::vector<Block> gone;  // given to the system when the lock is gone
    const std::lock_guard lock(mutex);
    block.since = taken;
    waiting_bytes += block.bytes;
    waiting.push_back(std::move(block));
    while (waiting.size() > most || waiting_bytes > most_bytes) gone.push_back(take_oldest());
  }

  Block take_oldest() {
    auto oldest = std::move(waiting.front());
    waiting.pop_front();
    waiting_bytes -= oldest.bytes;
    return oldest;
  }

  static constexpr size_t kPatience = 1000;  // a few runs of a large network
  const size_t most, most_bytes;
  size_t waiting_bytes = 0;
  std::mutex mutex;
  size_t taken = 0;
  std::deque<Block> waiting;
};

TensorPool::TensorPool(size_t most, size_t most_bytes) : blocks_(std::make_shared<Blocks>(most, most_bytes)) {}

c10::DataPtr TensorPool::allocate(size_t bytes) const {
  struct Lent {
    std::shared_ptr<Blocks> blocks;
    Blocks::Block block;
  };
  auto lent = std::make_unique<Lent>(Lent{blocks_, blocks_->take_or_make_room(bytes)});
  auto* const data = lent->block.memory.get();
  const auto give_back = [](void* context) {
    const std::unique_ptr<Lent> back(static_cast<Lent*>(context));
    back->blocks->give_back(std::move(back->block));
  };
  return {data, lent.release(), give_back, c10::Device(c10::DeviceType::CPU)};
}

torch::Tensor TensorPool::empty(at::IntArrayRef sizes, torch::ScalarType type, torch::MemoryFormat format) const {
  constexpr size_t large = size_t{1} << 18;
  const auto bytes = static_cast<size_t>(c10::multiply_integers(sizes)) * c10::elementSize(type);
  if (bytes < large) return at::empty(sizes, at::TensorOptions(type).memory_format(format));
  auto block = blocks_->take_or_make_room(bytes);
  const auto strides = format == torch::MemoryFormat::ChannelsLast ? c10::get_channels_last_strides_2d(sizes)
                                                                   : at::IntArrayRef(c10::contiguous_strides(sizes)).vec();
  return at::from_blob(
      block.memory.release(), sizes, strides,
      [blocks = blocks_, whole = block.bytes](void* data) {
        blocks->give_back({whole, Memory(static_cast<uint8_t*>(data))});
      },
      type);
}

}  // namespace opsis::inline v1
