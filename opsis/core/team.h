// The threads that LibTorch's own kernels run on.
#pragma once

#include <cstdint>
#include <functional>

#include "opsis/core/api.h"

namespace opsis::inline v1 {

/// Calls body(part) for each part of [0, parts), on up to torch::get_num_threads() threads, and returns when all are done.
/// As parallel_for, but for kernels of some microseconds that alternate with LibTorch's: its threads wait awake between them, and
/// a second set of threads would have to share the cores with that. The first exception of a body is rethrown when all are done.
OPSIS_API void on_team(int64_t parts, const std::function<void(int64_t part)>& body);

}  // namespace opsis::inline v1
