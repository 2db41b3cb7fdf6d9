#include "opsis/core/random_words.h"

#include <torch/torch.h>

#include "opsis/core/random.h"
#include "opsis/simd/mersenne.h"
#include "tests/simd/every_target.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

TEST(RandomWords, AreThoseThatAreDrawnOneByOne) {
  support::on_every_target([] {
    for (const int64_t before : {0, 1, 5, 623, 624}) {
      auto generator = at::make_generator<at::CPUGeneratorImpl>(3);
      auto& one_by_one = *at::check_generator<at::CPUGeneratorImpl>(generator);
      const auto other = generator.clone();
      for (int64_t i = 0; i < before; ++i) one_by_one.random();
      {
        random::detail::Words words(other);
        std::vector<uint32_t> some(1000);
        words.take(before, some.data());
        for (const int64_t count : {0, 1, 17, 1000, 624, 599}) {
          words.take(count, some.data());
          for (int64_t i = 0; i < count; ++i) ASSERT_EQ(simd::tempered(some[static_cast<size_t>(i)]), one_by_one.random());
        }
      }
      EXPECT_TENSOR_EQ(generator.get_state(), other.get_state());
    }
  });
}

TEST(RandomWords, AsUniformNumbersAreThoseOfTorchRand) {
  support::on_every_target([] {
    for (const int64_t count : {0, 1, 15, 623, 625, 5000}) {
      auto generator = at::make_generator<at::CPUGeneratorImpl>(5);
      const auto other = generator.clone();
      const random::Scope scope(other);
      EXPECT_TENSOR_EQ(random::detail::uniform({1, count}), torch::rand({1, count}, generator));
      EXPECT_TENSOR_EQ(generator.get_state(), other.get_state());
    }
  });
}

}  // namespace
}  // namespace opsis
