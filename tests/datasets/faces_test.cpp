// Data sets of faces, held against torchvision and, where it has one, its wrapper for transforms v2.
#include "opsis/datasets.h"
#include "opsis/transforms.h"
#include "tests/datasets/opened.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using oracle::Case;

TEST(WIDERFace, EqualsTorchvisionsWrapper) {
  each_example(
      "datasets_targets/widerface",
      [](const Case& c, const fs::path& root, bool download) {
        return WIDERFace({.root = root, .split = c.text("split"), .download = download});
      },
      [](const WIDERFace& data, const Case& c, size_t i) {
        const auto example = data.get(i);
        EXPECT_TENSOR_EQ(example.image.data, c.tensor(numbered_key("image", i)));
        if (c.text("split") == "test") {
          EXPECT_EQ(example.boxes.data.size(0), 0);
          return;
        }
        EXPECT_TENSOR_EQ(example.boxes.data, c.tensor(numbered_key("bbox", i)));
        EXPECT_TENSOR_EQ(example.blur, c.tensor(numbered_key("blur", i)));
        EXPECT_TENSOR_EQ(example.expression, c.tensor(numbered_key("expression", i)));
        EXPECT_TENSOR_EQ(example.illumination, c.tensor(numbered_key("illumination", i)));
        EXPECT_TENSOR_EQ(example.occlusion, c.tensor(numbered_key("occlusion", i)));
        EXPECT_TENSOR_EQ(example.pose, c.tensor(numbered_key("pose", i)));
        EXPECT_TENSOR_EQ(example.invalid, c.tensor(numbered_key("invalid", i)));
      });
}

TEST(WIDERFace, WhatIsKnownOfAFaceGoesWithIt) {
  const auto numbers = [](int64_t begin) { return torch::arange(begin, begin + 3); };
  const WIDERFaceExample crowd{
      .image = Image(torch::zeros({3, 20, 30}, torch::kUInt8)),
      .boxes = BoundingBoxes(torch::tensor({{1, 1, 9, 9}, {3, 3, 3, 8}, {2, 2, 6, 7}}), BoundingBoxFormat::XYXY, {20, 30}),
      .blur = numbers(0),
      .expression = numbers(10),
      .illumination = numbers(20),
      .occlusion = numbers(30),
      .pose = numbers(40),
      .invalid = numbers(50)};
  const auto left = transforms::Compose{transforms::RandomHorizontalFlip(1.0), transforms::SanitizeBoundingBoxes()}(crowd);
  EXPECT_EQ(left.boxes.data.size(0), 2);
  EXPECT_TENSOR_EQ(left.blur, torch::tensor({0, 2}));
  EXPECT_TENSOR_EQ(left.expression, torch::tensor({10, 12}));
  EXPECT_TENSOR_EQ(left.illumination, torch::tensor({20, 22}));
  EXPECT_TENSOR_EQ(left.occlusion, torch::tensor({30, 32}));
  EXPECT_TENSOR_EQ(left.pose, torch::tensor({40, 42}));
  EXPECT_TENSOR_EQ(left.invalid, torch::tensor({50, 52}));
}

TEST(CelebA, EqualsTorchvision) {
  each_example(
      "datasets_faces/celeba",
      [](const Case& c, const fs::path& root, bool download) {
        return CelebA({.root = root, .split = c.text("split"), .download = download});
      },
      [](const CelebA& data, const Case& c, size_t i) {
        EXPECT_EQ(data.attr_names(), c.texts("attr_names"));
        const auto example = data.get(i);
        EXPECT_TENSOR_EQ(example.image.data, c.tensor(numbered_key("image", i)));
        EXPECT_TENSOR_EQ(example.attr, c.tensor(numbered_key("attr", i)));
        EXPECT_EQ(example.identity, c.tensor(numbered_key("identity", i)).item<int64_t>());
        const auto box = c.tensor(numbered_key("bbox", i));  // XYWH
        EXPECT_TENSOR_EQ(example.boxes[0], torch::cat({box.slice(0, 0, 2), box.slice(0, 0, 2) + box.slice(0, 2)}));
        EXPECT_TENSOR_EQ(example.landmarks.data.view({-1}), c.tensor(numbered_key("landmarks", i)));
      });
}

TEST(LFWPeople, EqualsTorchvision) {
  each_opened(
      "datasets_faces/lfw_people",
      [](const Case& c, const fs::path& root, bool) {
        return LFWPeople({.root = root, .split = c.text("split"), .image_set = c.text("image_set")});
      },
      [](const LFWPeople& data, const Case& c) {
        const auto labels = c.ints("labels");
        ASSERT_EQ(data.size(), labels.size());
        EXPECT_EQ(data.targets(), labels);
        for (size_t i = 0; i < data.size(); ++i) {
          EXPECT_TENSOR_EQ(data.get(i).image.data, c.tensor(numbered_key("image", i)));
        }
        EXPECT_EQ(json(data.class_to_idx()), json::parse(c.json("class_to_idx")));
      });
  EXPECT_ERROR(LFWPeople({.root = "x", .download = true}), ValueError, "it cannot be downloaded any more");
}

TEST(LFWPairs, EqualsTorchvision) {
  each_example(
      "datasets_faces/lfw_pairs",
      [](const Case& c, const fs::path& root, bool) {
        return LFWPairs({.root = root, .split = c.text("split"), .image_set = c.text("image_set")});
      },
      [](const LFWPairs& data, const Case& c, size_t i) {
        const auto example = data.get(i);
        EXPECT_TENSOR_EQ(example.first.data, c.tensor(numbered_key("first", i)));
        EXPECT_TENSOR_EQ(example.second.data, c.tensor(numbered_key("second", i)));
        EXPECT_EQ(example.same, document_of(c, "same")[i].get<int64_t>());
        EXPECT_EQ(data.pair_names()[i].first + " " + data.pair_names()[i].second, c.texts("names")[i]);
      });
}

TEST(LFW, NamesAFileThatIsDamaged) {
  const auto c = oracle::cases("datasets_faces/lfw_people").front();
  const auto hashes = hashes_of(c);
  const support::TemporaryFolder root;
  fs::copy(c.text("root"), root.path(), fs::copy_options::recursive);
  const LfwOptions options{.root = root.path(), .split = "10fold", .image_set = "original"};
  for (const std::string file : {"lfw.tgz", "people.txt", "lfw-names.txt"}) {
    flip_byte(root.path() / "lfw-py" / file, 1);
    EXPECT_ERROR(LFWPeople(options), IntegrityError, file + " is damaged: its MD5 is not");
    flip_byte(root.path() / "lfw-py" / file, 1);
  }
  for (const std::string file : {"lfw.tgz", "pairs.txt"}) {
    flip_byte(root.path() / "lfw-py" / file, 1);
    EXPECT_ERROR(LFWPairs(options), IntegrityError, file + " is damaged: its MD5 is not");
    flip_byte(root.path() / "lfw-py" / file, 1);
  }
  EXPECT_EQ(LFWPeople(options).size(), c.ints("labels").size());
}

}  // namespace
}  // namespace opsis::datasets
