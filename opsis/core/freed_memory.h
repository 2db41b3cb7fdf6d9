// Memory that a program keeps for its next tensors.
#pragma once

#include "opsis/core/api.h"

namespace opsis::inline v1 {

/// Tells malloc to keep what is freed, up to 2 GB, for what is allocated next. Otherwise a program whose heap ends in large tensors
/// gives them back to the system after every batch, and has them cleared page by page for the next: a convolutional network took
/// 1.1 to 1.6 times as long for 16 images. Python is mostly spared, since small objects lie behind its tensors.
///
///     int main() {
///       opsis::keep_freed_memory();
///
/// It holds for the whole process, so it is for a program to call and not for a library. The tool `opsis` does.
/// Returns  whether this malloc could be told: glibc's can
/// Source   mallopt(3): M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
OPSIS_API bool keep_freed_memory();

}  // namespace opsis::inline v1
