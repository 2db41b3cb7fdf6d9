#include "opsis/core/process_allocator.h"

#include <c10/core/CPUAllocator.h>

#include <mutex>
#include <new>
#include <unordered_map>

#include "opsis/core/tensor_pool.h"

namespace opsis::inline v1 {
namespace {

class KeepingAllocator final : public c10::Allocator {
 public:
  // For as long as the process lives, since tensors may.
  static KeepingAllocator& instance() {
    static auto* const one = new KeepingAllocator(*c10::GetCPUAllocator());
    return *one;
  }

  c10::DataPtr allocate(size_t bytes) override {
    constexpr size_t large = size_t{2} << 20;  // what is smaller, malloc keeps itself
    if (bytes < large) return before_.allocate(bytes);
    c10::DataPtr kept;
    try {
      kept = kept_.allocate(bytes);
    } catch (const std::bad_alloc&) {
      return before_.allocate(bytes);  // which says how much was asked for
    }
    void* const data = kept.get();
    const std::lock_guard lock(mutex_);
    lent_.emplace(data, std::move(kept));
    return {data, data, &give_back, c10::Device(c10::DeviceType::CPU)};
  }
  // oneDNN's layers in LibTorch ask for memory by its address alone, and give it back so.
  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }
  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }

 private:
  using Lent = std::unordered_map<void*, c10::DataPtr>;

  explicit KeepingAllocator(c10::Allocator& before) : before_(before) {
    // glibc gives the end of its memory back to the system when twice the largest piece that it ever got back itself is free there:
    // two pictures, at first. This one nobody touches.
    before.raw_deallocate(before.raw_allocate(size_t{16} << 20));
  }

  static void give_back(void* data) {
    auto& self = instance();
    Lent::node_type lent;  // goes back when the lock is gone
    {
      const std::lock_guard lock(self.mutex_);
      lent = self.lent_.extract(data);
    }
    if (lent.empty() && data) self.before_.raw_deallocate(data);
  }

  c10::Allocator& before_;
  const TensorPool kept_{256, size_t{2} << 30};
  std::mutex mutex_;
  Lent lent_;
};

}  // namespace

void keep_freed_memory() { c10::SetCPUAllocator(&KeepingAllocator::instance()); }

}  // namespace opsis::inline v1
