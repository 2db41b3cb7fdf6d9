#include "opsis/data/collate.h"

#include <torch/torch.h>

#include "opsis/datasets/examples.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

struct Captioned {
  Image image;
  std::string caption;
  double weight;
  auto fields() { return std::tie(image, caption, weight); }
};

TEST(Collate, StacksTensorsAndPixels) {
  const auto a = torch::rand({3, 4, 5}), b = torch::rand({3, 4, 5});
  EXPECT_TENSOR_EQ(data::collate(std::vector{a, b}), torch::stack({a, b}));
  EXPECT_TENSOR_EQ(data::collate(std::vector{Image(a), Image(b)}), torch::stack({a, b}));
  EXPECT_TENSOR_EQ(data::collate(std::vector{Mask(a), Mask(b)}), torch::stack({a, b}));
  const auto turned = a.transpose(0, 2);
  EXPECT_TENSOR_EQ(data::collate(std::vector{turned}), turned.unsqueeze(0));
}

// What was decoded lies pixel by pixel; batches lie in planes, as Python's.
TEST(Collate, StacksInterleavedPixelsIntoPlanes) {
  for (const auto type : {torch::kUInt8, torch::kFloat32, torch::kInt16}) {
    const auto pixels = [&](int64_t channels) { return (torch::rand({5, 7, channels}) * 255).to(type).permute({2, 0, 1}); };
    for (const int64_t channels : {1, 3, 4}) {
      const auto a = pixels(channels), b = pixels(channels).slice(2, 1, 6), c = pixels(channels).slice(2, 2, 7);
      EXPECT_TENSOR_EQ(data::collate(std::vector{a, a}), torch::stack({a, a}));
      EXPECT_TENSOR_EQ(data::collate(std::vector{b, c}), torch::stack({b, c}));
      EXPECT_TRUE(data::collate(std::vector{b, c}).is_contiguous());
    }
  }
  const auto a = torch::rand({2}), wide = torch::rand({2}, torch::kFloat64);
  EXPECT_TENSOR_EQ(data::collate(std::vector{a, wide}), torch::stack({a, wide}));
  EXPECT_TENSOR_EQ(data::collate(std::vector{torch::empty({0, 3}), torch::empty({0, 3})}), torch::empty({2, 0, 3}));
  const auto learned = torch::rand({2}, torch::requires_grad());
  EXPECT_TRUE(data::collate(std::vector{learned, learned}).requires_grad());
}

TEST(Collate, OfATensorIsACopy) {
  const auto pixels = torch::zeros({2, 3});
  data::collate(std::vector{pixels[0], pixels[1]}).fill_(1);
  EXPECT_TENSOR_EQ(pixels, torch::zeros({2, 3}));
}

TEST(PadCollate, FillsUpToTheGreatestHeightAndWidth) {
  struct Sample {
    Image image;
    Mask mask;
    int64_t label;
    auto fields() { return std::tie(image, mask, label); }
  };
  const auto sample = [](int64_t height, int64_t width) {
    return Sample{Image(torch::ones({3, height, width})), Mask(torch::ones({height, width}, torch::kUInt8)), height};
  };
  const auto [images, masks, labels] = data::PadCollate{.fill = 0.5}(std::vector{sample(2, 5), sample(4, 3)}, {});
  EXPECT_EQ(images.sizes(), (std::vector<int64_t>{2, 3, 4, 5}));
  EXPECT_EQ(masks.sizes(), (std::vector<int64_t>{2, 4, 5}));
  for (const auto& [n, height, width] : {std::tuple(0, 2, 5), std::tuple(1, 4, 3)}) {
    auto image = torch::full({3, 4, 5}, 0.5F);
    image.slice(1, 0, height).slice(2, 0, width).fill_(1);
    EXPECT_TENSOR_EQ(images[n], image);
    auto mask = torch::full({4, 5}, 255, torch::kUInt8);
    mask.slice(0, 0, height).slice(1, 0, width).fill_(1);
    EXPECT_TENSOR_EQ(masks[n], mask);
  }
  EXPECT_TENSOR_EQ(labels, torch::tensor({2, 4}));

  const std::vector<torch::Tensor> unlike{torch::zeros({3, 2, 2}), torch::zeros({1, 2, 3})};
  EXPECT_ERROR(data::PadCollate{}(unlike, {}), ValueError, "number 1 of the batch is (1, 2, 3)");
  const std::vector<torch::Tensor> flat{torch::zeros({3}), torch::zeros({3})};
  EXPECT_TENSOR_EQ(data::PadCollate{}(flat, {}), torch::zeros({2, 3}));
}

TEST(Collate, MakesTensorsOfNumbersWithPythonsTypes) {
  EXPECT_TENSOR_EQ(data::collate(std::vector<int>{1, 2}), torch::tensor({1, 2}, torch::kInt64));
  EXPECT_TENSOR_EQ(data::collate(std::vector<uint8_t>{1, 255}), torch::tensor({1, 255}, torch::kInt64));
  EXPECT_TENSOR_EQ(data::collate(std::vector<double>{0.5, 2}), torch::tensor({0.5, 2.0}, torch::kFloat64));
  EXPECT_TENSOR_EQ(data::collate(std::vector<float>{0.5f, 2}), torch::tensor({0.5, 2.0}, torch::kFloat32));
  EXPECT_TENSOR_EQ(data::collate(std::vector<bool>{true, false}), torch::tensor({1, 0}, torch::kBool));
}

TEST(Collate, KeepsTheShapeOfTuplesAndStructs) {
  const auto image = torch::rand({1, 2, 2});
  const auto [numbers, words] = data::collate(std::vector<std::pair<int, std::string>>{{1, "a"}, {2, "b"}});
  EXPECT_TENSOR_EQ(numbers, torch::tensor({1, 2}, torch::kInt64));
  EXPECT_EQ(words, (std::vector<std::string>{"a", "b"}));

  const auto [images, captions, weights] =
      data::collate(std::vector<Captioned>{{Image(image), "x", 1}, {Image(image), "y", 3}});
  EXPECT_TENSOR_EQ(images, torch::stack({image, image}));
  EXPECT_EQ(captions, (std::vector<std::string>{"x", "y"}));
  EXPECT_TENSOR_EQ(weights, torch::tensor({1.0, 3.0}, torch::kFloat64));

  const auto nested = data::collate(std::vector<std::tuple<std::tuple<int, int>>>{{{1, 2}}, {{3, 4}}});
  EXPECT_TENSOR_EQ(std::get<1>(std::get<0>(nested)), torch::tensor({2, 4}, torch::kInt64));

  const datasets::ClassifiedBatch batch = data::collate(std::vector<datasets::Classified>{{Image(image), 7}});
  EXPECT_TENSOR_EQ(batch.images, image.unsqueeze(0));
  EXPECT_TENSOR_EQ(batch.labels, torch::tensor({7}, torch::kInt64));
}

TEST(Collate, KeepsWhatCannotBeStackedAsAVector) {
  const BoundingBoxes one(torch::rand({1, 4}), BoundingBoxFormat::XYXY, {8, 8});
  const BoundingBoxes two(torch::rand({2, 4}), BoundingBoxFormat::XYXY, {8, 8});
  const auto boxes = data::collate(std::vector{one, two});
  static_assert(std::is_same_v<decltype(boxes), const std::vector<BoundingBoxes>>);
  EXPECT_TENSOR_EQ(boxes[1].data, two.data);
}

TEST(Collate, NamesTheSamplesWhoseShapesDiffer) {
  const std::vector<datasets::Classified> samples{
      {Image(torch::zeros({3, 4, 4})), 0}, {Image(torch::zeros({3, 4, 4})), 0}, {Image(torch::zeros({3, 4, 5})), 0}};
  const std::vector<size_t> indices{17, 4, 23};
  EXPECT_ERROR(data::collate(samples, indices), ValueError,
               "collate: shapes must be equal to be stacked: sample 17 is (3, 4, 4), sample 23 is (3, 4, 5); give the data set "
               "a transform that makes them one size");
  EXPECT_ERROR(data::collate(samples), ValueError, "number 2 of the batch is (3, 4, 5)");
  EXPECT_ERROR(data::collate(std::vector<torch::Tensor>(1)), ValueError, "undefined tensor");
  EXPECT_ERROR(data::collate(std::vector<torch::Tensor>()), ValueError, "no samples");
}

// Clips with sound, as UCF101 gives them: torch's stack refuses those of unequal length, and so does collate.
TEST(PadCollate, FillsSoundsUpWithSilence) {
  const auto clip = [](int64_t channels, int64_t samples) {
    return datasets::ClassifiedClip{Video(torch::ones({2, 3, 4, 4}, torch::kUInt8)), torch::ones({channels, samples}), samples};
  };
  const std::vector clips{clip(2, 3), clip(1, 5), clip(1, 0)};
  const std::vector<size_t> indices{8, 11, 2};
  EXPECT_ERROR(data::collate(clips, indices), ValueError, "sample 8 is (2, 3), sample 11 is (1, 5); give the data set");
  EXPECT_ERROR(data::collate(clips, indices), ValueError, "the loader data::PadCollate, which fills pictures and sounds up");
  const auto [videos, sounds, labels] = data::PadCollate{}(clips, indices);
  EXPECT_TENSOR_EQ(videos, torch::ones({3, 2, 3, 4, 4}, torch::kUInt8));
  auto expected = torch::zeros({3, 2, 5});
  expected[0].slice(1, 0, 3).fill_(1);
  expected[1][0].fill_(1);
  EXPECT_TENSOR_EQ(sounds, expected);
  EXPECT_TENSOR_EQ(labels, torch::tensor({3, 5, 0}));
}

}  // namespace
}  // namespace opsis
