// Memory for pixels and activations. For the library's own sources.
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include "opsis/core/frees.h"

namespace opsis::inline v1 {

using Memory = std::unique_ptr<uint8_t, Frees<std::free>>;

/// Memory that nobody has written yet. The system hands out and clears a large piece page by page as it is first written, which
/// took longer than to decode a JPEG of 12 megapixels into it; in pages of 2 MiB, if it will, it is done at once.
inline Memory make_memory(size_t size) {
  constexpr size_t large_page = size_t{2} << 20;
  void* memory = nullptr;
  if (size < large_page) {
    memory = std::malloc(size > 0 ? size : 1);
  } else if (posix_memalign(&memory, large_page, size) == 0) {
#ifdef MADV_HUGEPAGE  // Linux alone
    madvise(memory, size, MADV_HUGEPAGE);
#endif
  }
  if (!memory) throw std::bad_alloc();
  return Memory(static_cast<uint8_t*>(memory));
}

}  // namespace opsis::inline v1
