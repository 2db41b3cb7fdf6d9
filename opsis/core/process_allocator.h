// The allocator of a whole program: its large tensors get the memory of those that are gone.
#pragma once

#include "opsis/core/api.h"

namespace opsis::inline v1 {

/// Keeps the memory of tensors of 2 MiB and more on the CPU, when they are gone, for those that come next: up to 2 GiB. Otherwise
/// malloc gives it back to the system after every batch, which clears it page by page for the next one: convolutional networks
/// took 1.1 to 1.6 times as long for 16 images.
///
///     int main() {
///       opsis::keep_freed_memory();
///
/// It sets LibTorch's allocator (c10::SetCPUAllocator) for all of the process, so it is for a program to call, once and before
/// there are other threads, and not for a library. The tool `opsis` does.
OPSIS_API void keep_freed_memory();

}  // namespace opsis::inline v1
