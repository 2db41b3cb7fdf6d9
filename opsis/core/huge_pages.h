// Large results without thousands of page faults.
#pragma once

#include <cstddef>

namespace opsis::inline v1 {

/// Asks the system to back fresh memory of some megabytes by large pages, before it is written: touching 50 MB page by page takes
/// longer than many a kernel needs to fill them. Advice, which a system may ignore; small memory is left alone.
void prefer_huge_pages(const void* begin, size_t bytes);

}  // namespace opsis::inline v1
