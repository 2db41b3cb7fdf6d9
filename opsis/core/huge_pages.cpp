#include "opsis/core/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace opsis::inline v1 {

void prefer_huge_pages(const void* begin, size_t bytes) {
  constexpr uintptr_t huge = uintptr_t{1} << 21;
  const auto first = (reinterpret_cast<uintptr_t>(begin) + huge - 1) / huge * huge;
  const auto last = (reinterpret_cast<uintptr_t>(begin) + bytes) / huge * huge;
  if (bytes < 4 * huge || first >= last) return;
  (void)madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

}  // namespace opsis::inline v1
