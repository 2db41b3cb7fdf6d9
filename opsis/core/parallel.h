// Loops over the machine's cores.
#pragma once

#include <cstdint>
#include <functional>

#include "opsis/core/api.h"

namespace opsis::inline v1 {

/// Calls body(first, last) on disjoint ranges that together cover [begin, end), on up to torch::get_num_threads()
/// threads, and returns when all are done. No range is shorter than `grain` unless it is the last.
/// Threads round, and flush denormals or keep them, as the caller does.
/// Serial when the range is small, when called from within another parallel_for, or under a SerialScope.
/// The first exception that a body throws is rethrown here; ranges not yet begun are then skipped.
OPSIS_API void parallel_for(int64_t begin, int64_t end, int64_t grain,
                            const std::function<void(int64_t first, int64_t last)>& body);

/// While it lives, this thread's parallel_for and LibTorch's own kernels run on this thread alone. A thread pool whose
/// threads each call tensor operations opens one per thread, so that N threads do not start N * cores of them.
class OPSIS_API SerialScope {
 public:
  SerialScope();
  ~SerialScope();
  SerialScope(const SerialScope&) = delete;
  SerialScope& operator=(const SerialScope&) = delete;

 private:
  bool outer_;
  int openmp_threads_, mkl_threads_;
};

}  // namespace opsis::inline v1
