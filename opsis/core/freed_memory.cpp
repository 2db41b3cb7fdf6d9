#include "opsis/core/freed_memory.h"

#include <cstdlib>  // defines __GLIBC__ where it is

#ifdef __GLIBC__
#include <malloc.h>

#include <limits>
#endif

namespace opsis::inline v1 {

bool keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int most_from_heap = 32 << 20;  // what is larger always comes from the system: glibc takes no more
  return mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max()) == 1 && mallopt(M_MMAP_THRESHOLD, most_from_heap) == 1;
#else
  return false;
#endif
}

}  // namespace opsis::inline v1
