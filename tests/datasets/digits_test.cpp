#include "opsis/datasets/digits.h"

#include <torch/torch.h>

#include "tests/support/expect.h"

namespace opsis {
namespace {

using datasets::Digits;

TEST(Digits, AreTheKnownOnes) {
  const Digits train, test({.train = false});
  ASSERT_EQ(train.size(), 1437u);
  ASSERT_EQ(test.size(), 360u);
  EXPECT_EQ(train.images().sizes(), (std::vector<int64_t>{1437, 1, 8, 8}));
  EXPECT_EQ(train.images().scalar_type(), torch::kUInt8);

  // Per class, as the documentation of scikit-learn's load_digits counts them.
  const auto labels = torch::cat({train.labels(), test.labels()});
  EXPECT_TENSOR_EQ(labels.bincount(), torch::tensor({178, 182, 177, 183, 181, 182, 181, 179, 174, 180}, torch::kInt64));

  // The first one, a zero, as scikit-learn prints it; levels 0 to 16 become 0 to 255.
  const auto first = torch::tensor({{0, 0, 5, 13, 9, 1, 0, 0},
                                    {0, 0, 13, 15, 10, 15, 5, 0},
                                    {0, 3, 15, 2, 0, 11, 8, 0},
                                    {0, 4, 12, 0, 0, 8, 8, 0},
                                    {0, 5, 8, 0, 0, 9, 8, 0},
                                    {0, 4, 11, 0, 1, 12, 7, 0},
                                    {0, 2, 14, 5, 10, 12, 0, 0},
                                    {0, 0, 6, 13, 10, 0, 0, 0}});
  const auto [image, label] = train.get(0);
  EXPECT_EQ(label, 0);
  EXPECT_TENSOR_EQ(image.data, (first * 255.0 / 16).round().to(torch::kUInt8).unsqueeze(0));

  // The sum of all levels (scikit-learn: load_digits().data.sum()) survives the scaling but for the rounding.
  const auto all = torch::cat({train.images(), test.images()});
  EXPECT_EQ((all.to(torch::kFloat64) * 16 / 255).round().sum().item<double>(), 561718);
}

TEST(Digits, AreNotChangedByWhoReadsThem) {
  const Digits digits;
  digits.get(3).image.data.fill_(9);
  EXPECT_FALSE(digits.get(3).image.data.eq(9).all().item<bool>());
}

TEST(Digits, RefuseAnIndexBehindTheEnd) {
  EXPECT_ERROR(Digits({.train = false}).get(360), ValueError, "Digits: index must be below 360, got 360");
}

TEST(Subset, IsSomeOfAnother) {
  const datasets::Subset few(Digits(), {3, 1, 4});
  EXPECT_EQ(few.size(), 3u);
  EXPECT_TENSOR_EQ(few.get(0).image.data, Digits().get(3).image.data);
  EXPECT_EQ(few.get(2).label, 4);
  EXPECT_ERROR(few.get(3), ValueError, "Subset: index must be below 3, got 3");
  EXPECT_ERROR(datasets::Subset(Digits(), {1437}), ValueError, "Subset: index must be below 1437, got 1437");
  const auto shared = std::make_shared<const Digits>();
  EXPECT_EQ(datasets::Subset(shared, {5}).get(0).label, 5);
}

}  // namespace
}  // namespace opsis
