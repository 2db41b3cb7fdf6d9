#include "opsis/core/freed_memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <torch/torch.h>

#include <cstdlib>

#include "tests/support/memory.h"

namespace opsis {
namespace {

// How many pages the system had to give to fill 24 MiB for the third time.
int64_t pages_of_a_third_tensor() {
  const auto pages = [] {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return int64_t{used.ru_minflt};
  };
  int64_t before = 0;
  for (int i = 0; i < 3; ++i) {
    before = pages();
    torch::empty({24 << 20}, torch::kUInt8).fill_(1);
  }
  return pages() - before;
}

// In a process of its own, since it holds for the whole process.
TEST(FreedMemoryDeathTest, ComesBackForTheNextTensorOnceItIsKept) {
#ifndef __GLIBC__
  GTEST_SKIP() << "malloc is not glibc's";
#endif
  if (support::sanitized()) GTEST_SKIP() << "malloc is the sanitizer's";
  EXPECT_EXIT(std::exit(keep_freed_memory() && pages_of_a_third_tensor() < 100 ? 0 : 1), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace opsis
