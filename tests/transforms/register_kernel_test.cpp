// A user's own kind of value among torchvision's.
#include <atomic>
#include <thread>

#include "opsis/core/random.h"
#include "opsis/transforms.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using namespace transforms;

struct Polygon {
  std::vector<double> xs;
  double width = 0;
};

struct Unknown {
  int64_t number = 0;
};

struct Labelled {
  Image image;
  Polygon polygon;
  std::vector<Polygon> more;
  std::string name;
  auto fields() { return std::tie(image, polygon, more, name); }
};

Polygon mirrored(const Polygon& polygon) {
  auto out = polygon;
  for (auto& x : out.xs) x = out.width - x;
  return out;
}

void register_polygon() {
  static const bool once = [] {
    register_kernel<RandomHorizontalFlip, Polygon>(mirrored);
    register_kernel<RandomCrop, Polygon>([](const Polygon& polygon, const RandomCrop::Params& drawn) {
      auto out = polygon;
      for (auto& x : out.xs) x -= static_cast<double>(drawn.region.left);
      out.width = static_cast<double>(drawn.region.width);
      return out;
    });
    register_kernel<Resize, Polygon>([](const Polygon& polygon, const Resize& resize) {
      auto out = polygon;
      out.width = static_cast<double>(resize.to_json()["size"].items().at(1).integer());
      for (auto& x : out.xs) x *= out.width / polygon.width;
      return out;
    });
    return true;
  }();
  (void)once;
}

const Image plain_picture(torch::zeros({3, 10, 20}));

TEST(RegisterKernel, LetsAUsersKindTakePart) {
  register_polygon();
  const random::Scope scope(3);
  const Compose train{Resize({10, 40}), RandomCrop({10, 30}), RandomHorizontalFlip(1.0), ToDtype(torch::kFloat32)};
  const auto [out, record] = train.record(plain_picture, Polygon{{4, 8}, 20});
  const auto left = static_cast<double>(record.parts[1].params()["region"]["left"].integer());
  const auto& polygon = std::get<1>(out);
  EXPECT_EQ(polygon.xs, (std::vector<double>{30 - (8 - left), 30 - (16 - left)}));
  EXPECT_EQ(polygon.width, 30);
  EXPECT_EQ(std::get<1>(train.replay(record, plain_picture, Polygon{{4, 8}, 20})).xs, polygon.xs);
}

TEST(RegisterKernel, ReachesIntoStructsAndVectors) {
  register_polygon();
  const auto out = RandomHorizontalFlip(1.0)(Labelled{plain_picture, {{1}, 20}, {{{2}, 20}, {{3}, 20}}, "name"});
  EXPECT_EQ(out.polygon.xs, std::vector<double>{19});
  EXPECT_EQ(out.more[1].xs, std::vector<double>{17});
  EXPECT_EQ(out.name, "name");
}

TEST(RegisterKernel, PassesThroughWhatHasNoKernel) {
  register_polygon();
  const auto [image, polygon, unknown] = Pad(2)(plain_picture, Polygon{{4}, 20}, Unknown{7});
  EXPECT_EQ(polygon.xs, std::vector<double>{4});
  EXPECT_EQ(unknown.number, 7);
  EXPECT_EQ(image.data.size(-1), 24);
  const auto typed = ToDtype({.image = torch::kFloat64, .others = unchanged})(Polygon{{4}, 20});
  EXPECT_EQ(typed.xs, std::vector<double>{4});
  const auto seen = Lambda([](const auto& value) { return value; })(Polygon{{4}, 20});
  EXPECT_EQ(seen.xs, std::vector<double>{4});
}

TEST(RegisterKernel, TwiceIsRefused) {
  register_polygon();
  EXPECT_ERROR((register_kernel<RandomHorizontalFlip, Polygon>(mirrored)), ValueError,
               "register_kernel: the transform has a kernel for ");
}

// Told as key points.
struct Outlined {
  Image image;
  std::optional<std::vector<double>> outline;  // x and y in turns
  auto fields() { return std::tie(image, outline); }
  std::optional<KeyPoints> carried() const {
    if (!outline) return std::nullopt;
    return KeyPoints(torch::tensor(*outline, torch::kFloat64).view({-1, 2}), {image.data.size(-2), image.data.size(-1)});
  }
  void take_back(const std::optional<KeyPoints>& moved) {
    if (!moved) return;
    const auto points = moved->data.contiguous();
    outline.emplace(points.const_data_ptr<double>(), points.const_data_ptr<double>() + points.numel());
  }
};

TEST(Transform, ChangesWhatAStructHasCarried) {
  const Compose train{RandomHorizontalFlip(1.0), Pad({2, 3}), ToDtype(torch::kFloat32)};
  const Outlined plain{plain_picture, {{4, 5, 8, 1}}};
  const std::vector<double> expected{19 - 4 + 2, 5 + 3, 19 - 8 + 2, 1 + 3};
  const auto [out, record] = train.record(plain);
  EXPECT_EQ(out.outline, expected);
  EXPECT_EQ(train.replay(record, plain).outline, expected);
  EXPECT_EQ(train.invert(record, out).outline, plain.outline);
  EXPECT_FALSE(train(Outlined{plain_picture, std::nullopt}).outline);
  const auto several = train(std::vector{plain, plain}, 7);
  EXPECT_EQ(std::get<0>(several)[1].outline, expected);
}

template <int>
struct ManyKinds {
  int value = 0;
};

template <int... I>
void register_many(std::integer_sequence<int, I...>) {
  (register_kernel<RandomHorizontalFlip, ManyKinds<I>>([](const ManyKinds<I>& kind) { return ManyKinds<I>{kind.value + 1}; }),
   ...);
}

TEST(RegisterKernel, MayBeCalledWhileOthersTransform) {
  register_polygon();
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        if (RandomHorizontalFlip(1.0)(Polygon{{5}, 20}).xs != std::vector<double>{15}) ++wrong;
      }
    });
  }
  register_many(std::make_integer_sequence<int, 50>());
  stop = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(RandomHorizontalFlip(1.0)(ManyKinds<49>{1}).value, 2);
}

}  // namespace
}  // namespace opsis
