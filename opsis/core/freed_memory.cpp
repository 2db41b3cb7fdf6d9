#include "opsis/core/freed_memory.h"

#include <c10/core/CPUAllocator.h>

#include "opsis/core/kept_memory.h"

namespace opsis::inline v1 {
namespace {

class KeepingAllocator final : public c10::Allocator {
 public:
  explicit KeepingAllocator(c10::Allocator& before) : before_(before) {}
  c10::DataPtr allocate(size_t bytes) override {
    constexpr size_t large = size_t{2} << 20;  // what is smaller, malloc keeps itself
    return bytes < large ? before_.allocate(bytes) : kept_.allocate(bytes);
  }
  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }

 private:
  c10::Allocator& before_;
  const KeptMemory kept_{256, size_t{2} << 30};
};

}  // namespace

void keep_freed_memory() {
  // For as long as the process lives, since tensors may.
  static auto* const keeping = new KeepingAllocator(*c10::GetCPUAllocator());
  c10::SetCPUAllocator(keeping);
}

}  // namespace opsis::inline v1
