// The mechanism: what a call takes, what it leaves alone, and that one draw serves all.
#include "opsis/transforms/transform.h"

#include <deque>
#include <filesystem>
#include <list>
#include <map>
#include <thread>

#include "opsis/core/random.h"
#include "opsis/transforms.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using namespace transforms;

// As a user would write one: brightens by a drawn number.
class Brighten final : public Drawing<Brighten> {
 public:
  using Params = int64_t;
  Params make_params(std::span<const Value>) const { return random::integer(1, 1'000'000); }
  Value transform(const Value& value, const Params& by) const {
    return apply_kernel<Image, Video>(value, [&](const auto& pixels) { return wrap(pixels.data + by, pixels); });
  }
  std::string repr() const override { return "Brighten()"; }
};

struct Sample {
  Image image;
  std::optional<Mask> mask;
  std::string file;
  int64_t label = 0;
  auto fields() { return std::tie(image, mask, file, label); }
};

Image ramp() { return Image(torch::arange(12).reshape({1, 3, 4})); }
torch::Tensor flipped(const torch::Tensor& tensor) { return tensor.flip(-1); }
const RandomHorizontalFlip flip(1.0);

TEST(Transform, GivesOneInputItsOwnTypeBack) {
  const Image out = flip(ramp());
  EXPECT_TENSOR_EQ(out.data, flipped(ramp().data));
  const torch::Tensor bare = flip(ramp().data);
  EXPECT_TENSOR_EQ(bare, flipped(ramp().data));
}

TEST(Transform, LeavesTheCallersValueAlone) {
  const auto image = ramp();
  flip(image);
  EXPECT_TENSOR_EQ(image.data, ramp().data);
}

TEST(Transform, TakesStructsWithFields) {
  const Sample out = flip(Sample{ramp(), Mask(ramp().data), "cat.jpg", 3});
  EXPECT_TENSOR_EQ(out.image.data, flipped(ramp().data));
  EXPECT_TENSOR_EQ(out.mask->data, flipped(ramp().data));
  EXPECT_EQ(out.file, "cat.jpg");
  EXPECT_EQ(out.label, 3);
  EXPECT_FALSE(flip(Sample{ramp(), std::nullopt, "", 0}).mask);
}

TEST(Transform, TakesContainersOfContainers) {
  std::vector<Sample> samples{{ramp(), {}, "a", 1}, {ramp(), Mask(ramp().data), "b", 2}};
  std::map<std::string, Image> by_name{{"left", ramp()}};
  std::array<Image, 2> pair{ramp(), ramp()};
  const auto [list, map, array, tuple] =
      flip(samples, by_name, pair, std::make_tuple(ramp(), std::deque<Mask>{Mask(ramp().data)}));
  EXPECT_TENSOR_EQ(list[1].mask->data, flipped(ramp().data));
  EXPECT_TENSOR_EQ(map.at("left").data, flipped(ramp().data));
  EXPECT_TENSOR_EQ(array[1].data, flipped(ramp().data));
  EXPECT_TENSOR_EQ(std::get<1>(tuple)[0].data, flipped(ramp().data));
}

TEST(Transform, PassesEverythingElseThrough) {
  const auto [text, number, path, numbers, flags, nothing] =
      flip(std::string("hello"), 3.5, std::filesystem::path("/a/b"), std::vector<int>{1, 2}, std::vector<bool>{true},
           std::optional<Image>());
  EXPECT_EQ(text, "hello");
  EXPECT_EQ(number, 3.5);
  EXPECT_EQ(path, "/a/b");
  EXPECT_EQ(numbers, (std::vector<int>{1, 2}));
  EXPECT_EQ(flags, std::vector<bool>{true});
  EXPECT_FALSE(nothing);
}

TEST(Transform, TakesTheFirstBareTensorForAnImage) {
  const auto data = ramp().data;
  const auto [first, second] = flip(data, data);
  EXPECT_TENSOR_EQ(first, flipped(data));
  EXPECT_TENSOR_EQ(second, data);
}

TEST(Transform, LeavesBareTensorsWhereThereIsAnImageOrVideo) {
  const auto data = ramp().data;
  const auto [tensor, image] = flip(data, ramp());
  EXPECT_TENSOR_EQ(tensor, data);
  EXPECT_TENSOR_EQ(image.data, flipped(data));
  const auto [label, video] = flip(data, Video(data.unsqueeze(0)));
  EXPECT_TENSOR_EQ(label, data);
  EXPECT_TENSOR_EQ(video.data, flipped(data.unsqueeze(0)));
  // A mask is neither: as in torchvision, the tensor is then the image.
  const auto [pixels, mask] = flip(data, Mask(data));
  EXPECT_TENSOR_EQ(pixels, flipped(data));
  EXPECT_TENSOR_EQ(mask.data, flipped(data));
}

TEST(Transform, KeepsTheDimensionsOfABareTensor) {
  EXPECT_EQ(flip(torch::rand({3, 4})).dim(), 2);
  EXPECT_FALSE(flip(torch::Tensor()).defined());
}

TEST(Transform, DrawsOnceForAllValues) {
  const random::Scope scope(0);
  const auto [a, b] = Brighten()(Image(torch::zeros({1, 1, 1}, torch::kInt64)), Image(torch::zeros({1, 1, 1}, torch::kInt64)));
  EXPECT_TENSOR_EQ(a.data, b.data);
  const random::Scope again(0);
  EXPECT_EQ(a.data.item<int64_t>(), random::integer(1, 1'000'000));
}

TEST(Transform, OfAUserComposesWithOurs) {
  const Compose both{Brighten(), flip};
  const random::Scope scope(5);
  const auto out = both(ramp());
  const random::Scope again(5);
  EXPECT_TENSOR_EQ(out.data, flipped(ramp().data) + random::integer(1, 1'000'000));
  EXPECT_EQ(both.repr(), "Compose(\n      Brighten()\n      RandomHorizontalFlip(p=1.0)\n)");
}

TEST(Transform, ThatMakesAnotherKindIsRefused) {
  const Lambda to_mask([](const Image& image) { return Mask(image.data); });
  EXPECT_ERROR(to_mask(ramp()), ValueError, "turned a value into another kind than the sample holds");
  EXPECT_ERROR(to_mask(ramp().data), ValueError, "turned a tensor into another kind of value");
}

TEST(AnyTransform, IsTheIdentityUntilGivenOne) {
  AnyTransform any;
  EXPECT_FALSE(any);
  EXPECT_EQ(any.repr(), "Identity()");
  EXPECT_TENSOR_EQ(any(ramp()).data, ramp().data);
  any = flip;
  EXPECT_TRUE(any);
  EXPECT_TENSOR_EQ(any(ramp()).data, flipped(ramp().data));
  std::ostringstream out;
  out << any;
  EXPECT_EQ(out.str(), "RandomHorizontalFlip(p=1.0)");
}

TEST(Transform, IsSharedByThreadsEachWithItsOwnGenerator) {
  const Compose train{RandomResizedCrop(16), RandomHorizontalFlip(), ToDtype(torch::kFloat32, {.scale = true})};
  const Image image(torch::randint(256, {3, 40, 50}, torch::kUInt8));
  constexpr uint64_t seeds = 64;
  std::vector<torch::Tensor> alone(seeds), together(seeds);
  const auto run = [&](uint64_t seed) {
    const random::Scope scope(seed);
    return train(image).data;
  };
  for (uint64_t seed = 0; seed < seeds; ++seed) alone[seed] = run(seed);
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t seed = t; seed < seeds; seed += 4) together[seed] = run(seed);
    });
  }
  for (auto& thread : threads) thread.join();
  for (uint64_t seed = 0; seed < seeds; ++seed) EXPECT_TENSOR_EQ(together[seed], alone[seed]);
}

}  // namespace
}  // namespace opsis
