// Kernels of opsis/simd on each instruction set that the machine has.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstdint>

namespace support {

/// Calls body() once for each, with that set and lesser ones allowed.
template <class Body>
void on_every_target(const Body& body) {
  const int64_t all = hwy::SupportedTargets();
  for (int bit = 0; bit < 63; ++bit) {
    const int64_t target = int64_t{1} << bit;
    if ((all & target) == 0) continue;
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(all & ~(target - 1));  // the better a set, the lower its bit
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
}

}  // namespace support
