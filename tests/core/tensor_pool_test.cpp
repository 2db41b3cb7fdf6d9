#include "opsis/core/tensor_pool.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/memory.h"

namespace opsis {
namespace {

TEST(TensorPool, GivesMemoryToTheNextTensorThatFitsWhenItsLastOwnerIsGone) {
  auto tensor = [] {
    const TensorPool memory;
    auto first = memory.empty({2, 1 << 20}, torch::kUInt8);
    const auto* const place = first.data_ptr();
    const auto part = first[1];
    first = memory.empty({2, 1 << 20}, torch::kUInt8);  // while a part of the first one is in use
    EXPECT_NE(first.data_ptr(), place);
    const auto* const second = first.data_ptr();
    first = torch::Tensor();
    EXPECT_NE(memory.empty({3, 1 << 20}, torch::kUInt8).data_ptr(), second);
    EXPECT_EQ(memory.empty({1 << 19}, torch::kFloat32).data_ptr(), second);
    EXPECT_EQ(memory.empty({3 << 17}, torch::kFloat32).data_ptr(), second);  // smaller, but not much
    EXPECT_NE(memory.empty({1 << 17}, torch::kFloat32).data_ptr(), second);
    for (int i = 0; i < 9; ++i) std::vector<torch::Tensor> many(9, memory.empty({int64_t{i + 2} << 20}, torch::kUInt8));
    EXPECT_EQ(memory.empty({2, 3}, torch::kInt64).sizes(), (std::vector<int64_t>{2, 3}));
    return memory.empty({1 << 21}, torch::kUInt8);
  }();
  tensor.fill_(7);  // which outlives the memory
  EXPECT_EQ(tensor.sum().item<int64_t>(), int64_t{7} << 21);
}

TEST(TensorPool, GivesBackWhatNothingNeedsForLong) {
  const TensorPool memory;
  memory.empty({int64_t{64} << 20}, torch::kUInt8).fill_(1);
  const auto before = support::allocated_memory();
  for (int i = 0; i < 1100; ++i) (void)memory.empty({1 << 20}, torch::kUInt8);
  EXPECT_LT(support::allocated_memory(), before - (int64_t{60} << 20));
}

TEST(TensorPool, LaysChannelsLastWhereAsked) {
  const TensorPool memory;
  for (const int64_t side : {2, 300}) {
    const auto tensor = memory.empty({2, 3, side, side}, torch::kFloat32, torch::MemoryFormat::ChannelsLast);
    EXPECT_TRUE(tensor.is_contiguous(torch::MemoryFormat::ChannelsLast));
    EXPECT_EQ(tensor.sizes(), (std::vector<int64_t>{2, 3, side, side}));
  }
}

TEST(TensorPool, HoldsNoMoreBytesThanItMay) {
  constexpr size_t large = size_t{64} << 20;  // so large that malloc has it from the system, and gives it back at once
  const TensorPool memory(64, 2 * large + 1);
  const auto* const first = memory.allocate(large).get();
  EXPECT_EQ(memory.allocate(large).get(), first);
  { const auto one = memory.allocate(large), two = memory.allocate(large), three = memory.allocate(large); }
  const auto before = support::allocated_memory();
  memory.allocate(3 * large);  // more than all: the others go, and so does it
  EXPECT_LE(support::allocated_memory(), before - static_cast<int64_t>(2 * large));
}

}  // namespace
}  // namespace opsis
