#include "opsis/core/freed_memory.h"

#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <torch/torch.h>

#include <cstdlib>

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

// In a process of its own, since it holds for the whole process; not a fork of this one, whose threads a fork has not.
TEST(FreedMemoryDeathTest, ComesBackForTheNextTensorOnceItIsKept) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto with_kept = [] {
    keep_freed_memory();
    keep_freed_memory();  // which is no more than once
    auto* const allocator = c10::GetCPUAllocator();
    for (const size_t bytes : {100, 100 << 20}) allocator->raw_deallocate(allocator->raw_allocate(bytes));
    auto conv = torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 32, 3));  // by oneDNN
    conv->forward(torch::ones({4, 3, 128, 128})).sum().backward();
    auto grown = torch::arange(1 << 20);
    grown.resize_({3 << 20});
    return pages_of_a_third_tensor() < 100 && grown.slice(0, 0, 1 << 20).equal(torch::arange(1 << 20)) ? 0 : 1;
  };
  EXPECT_EXIT(std::exit(with_kept()), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace opsis
