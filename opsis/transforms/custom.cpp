#include "opsis/transforms/custom.h"

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "opsis/core/check.h"

namespace opsis::inline v1::transforms::detail {
namespace {

// The one table of kernels of users' kinds. It is looked at for each value that passes through, hence the flag before the lock.
struct CustomKernels {
  std::atomic<bool> any = false;
  std::shared_mutex mutex;
  std::map<std::pair<std::type_index, std::type_index>, CustomKernel> kernels;
  std::set<std::type_index> kinds;
};

CustomKernels& custom_kernels() {
  static CustomKernels& table = *new CustomKernels;  // never destroyed: threads may outlive main
  return table;
}

}  // namespace

void register_custom(std::type_index transform, std::type_index kind, std::string_view names, CustomKernel kernel) {
  auto& table = custom_kernels();
  const std::unique_lock lock(table.mutex);
  const bool added = table.kernels.emplace(std::pair(transform, kind), std::move(kernel)).second;
  OPSIS_CHECK(added, "register_kernel: the transform has a kernel for {} already", names);
  table.kinds.insert(kind);
  table.any = true;
}

bool is_custom(const std::type_info& kind) {
  auto& table = custom_kernels();
  if (!table.any.load(std::memory_order_acquire)) return false;
  const std::shared_lock lock(table.mutex);
  return table.kinds.contains(kind);
}

Custom change_custom(const Custom& value, const std::type_info& type, const Transform& transform, const void* params) {
  auto& table = custom_kernels();
  CustomKernel kernel;
  {
    const std::shared_lock lock(table.mutex);
    const auto found = table.kernels.find(std::pair(std::type_index(type), value.type()));
    if (found != table.kernels.end()) kernel = found->second;
  }
  return kernel ? kernel(value, transform, params) : value;  // without the lock: it may register another
}

}  // namespace opsis::inline v1::transforms::detail
