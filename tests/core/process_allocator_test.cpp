#include "opsis/core/process_allocator.h"

#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <torch/torch.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string_view>

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

// Address space in use, in bytes.
rlim_t address_space() {
  std::ifstream file("/proc/self/statm");
  rlim_t pages = 0;
  file >> pages;
  return pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

TEST(FreedMemoryDeathTest, IsGivenUpWhereTheSystemHasNoMore) {
  if (support::sanitized()) GTEST_SKIP() << "a sanitizer has the address space for itself";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto with_little = [] {
    keep_freed_memory();
    constexpr int64_t half = int64_t{512} << 20;
    { const auto one = torch::empty({half}, torch::kUInt8), other = torch::empty({half}, torch::kUInt8); }
    const rlimit limit{address_space() + (rlim_t{400} << 20), RLIM_INFINITY};
    if (setrlimit(RLIMIT_AS, &limit) != 0) return 1;
    if (torch::empty({2 * half}, torch::kUInt8).numel() != 2 * half) return 2;
    try {
      torch::empty({64 * half}, torch::kUInt8);
    } catch (const c10::Error& error) {
      return std::string_view(error.what()).find("34359738368 bytes") == std::string_view::npos ? 4 : 0;
    }
    return 3;
  };
  EXPECT_EXIT(std::exit(with_little()), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace opsis
