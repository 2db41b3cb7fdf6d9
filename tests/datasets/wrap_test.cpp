// The keys of wrap_dataset_for_transforms_v2.
#include "opsis/datasets/wrap.h"

#include "opsis/core/check.h"

#include "opsis/datasets/digits.h"
#include "opsis/datasets/folder.h"
#include "opsis/transforms.h"
#include "tests/datasets/opened.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using oracle::Case;

TargetKeys keys_of(const Case& c) {
  const auto keys = json::parse(c.json("keys"));
  if (keys.is_null()) return {};
  if (keys.is_string()) return keys.get<std::string>();
  return keys.get<std::vector<std::string>>();
}

void expect_tensor(const torch::Tensor& ours, const Case& c, const std::string& key) {
  if (c.has_tensor(key)) {
    EXPECT_TENSOR_EQ(ours, c.tensor(key));
  } else {
    EXPECT_TRUE(!ours.defined() || ours.numel() == 0) << key;
  }
}

// The annotation's objects as torchvision's wrapper has them: a list for each key.
json by_key(const Json& annotation) {
  json out = json::object();
  if (!annotation.is_list()) return out;
  for (const auto& object : annotation.items()) {
    for (const auto& [key, value] : object.members()) out[key].push_back(json::parse(value.dump()));
  }
  return out;
}

void expect_wrapped(const Dataset<Detected>& view, const Case& c) {
  const auto rest = json::parse(c.text("rest"));
  const bool is_coco = c.text("name") == "CocoDetection", is_voc = c.text("name") == "VOCDetection";
  ASSERT_EQ(view.size(), rest.size());
  for (size_t i = 0; i < view.size(); ++i) {
    SCOPED_TRACE(c.name() + text(", example {}", i));
    const auto example = view.get(i);
    const auto number = std::to_string(i);
    expect_tensor(example.boxes.data, c, "boxes" + number);
    expect_tensor(example.labels, c, "labels" + number);
    expect_tensor(example.masks ? example.masks->data : torch::Tensor(), c, "masks" + number);
    if (rest[i].is_null()) continue;  // where torchvision's wrapper fails
    auto known = rest[i];
    if (is_coco && by_key(example.annotation).empty()) {
      // Of an image without objects torchvision always gives the number.
      if (example.image_id >= 0) {
        EXPECT_EQ(known["image_id"], example.image_id);
      }
      continue;
    }
    if (is_coco) {
      EXPECT_EQ(example.image_id, known.value("image_id", -1));
      known.erase("image_id");
    }
    EXPECT_EQ(is_voc ? (example.annotation.is_null() ? json::object() : json::parse(example.annotation.dump()))
                     : by_key(example.annotation),
              known);
  }
}

TEST(WrapDataset, GivesTheTargetsThatTorchvisionsWrapperGives) {
  for (const auto& c : oracle::cases("datasets_targets/wrapped")) {
    const auto name = c.text("name");
    const fs::path root = c.text("root");
    const auto keys = keys_of(c);
    const auto hashes = name == "CocoDetection" ? OtherHashes(std::map<std::string, std::string>{}) : hashes_of(c);
    if (name == "CocoDetection") {
      const CocoDetection photos({.root = root / "pictures", .annFile = root / "instances.json", .masks = true});
      expect_wrapped(*wrap_dataset_for_transforms_v2(photos, keys), c);
    } else if (name == "VOCDetection") {
      const VOCDetection photos({.root = root, .year = "2007", .image_set = "test"});
      expect_wrapped(*wrap_dataset_for_transforms_v2(photos, keys), c);
    } else if (name == "Kitti") {
      expect_wrapped(*wrap_dataset_for_transforms_v2(Kitti({.root = root}), keys), c);
    } else {
      const auto view = wrap_dataset_for_transforms_v2(WIDERFace({.root = root, .split = "val"}), keys);
      for (size_t i = 0; i < view->size(); ++i) {
        SCOPED_TRACE(c.name() + text(", example {}", i));
        const auto example = view->get(i);
        const auto number = std::to_string(i);
        expect_tensor(example.boxes.data, c, "bbox" + number);
        expect_tensor(example.blur, c, "blur" + number);
        expect_tensor(example.expression, c, "expression" + number);
        expect_tensor(example.illumination, c, "illumination" + number);
        expect_tensor(example.occlusion, c, "occlusion" + number);
        expect_tensor(example.pose, c, "pose" + number);
        expect_tensor(example.invalid, c, "invalid" + number);
      }
    }
  }
}

TEST(WrapDataset, GivesOtherSetsBackAndRefusesUnknownKeys) {
  EXPECT_EQ(wrap_dataset_for_transforms_v2(Digits())->size(), Digits().size());
  EXPECT_ERROR(wrap_dataset_for_transforms_v2(Digits(), "all"), ValueError, "this data set has none");
  EXPECT_ERROR(TargetKeys("any"), ValueError, "must be \"all\" or a list of keys, got \"any\"");
  const std::set<std::string> known{"boxes", "labels"};
  EXPECT_ERROR(TargetKeys({"boxes", "mask"}).resolved(known, known), ValueError, "must be among boxes, labels, got \"mask\"");
}

// The oracle holds that wrapping changes nothing of the others' examples, and their own tests hold those.
TEST(WrapDataset, KnowsAllSetsThatTorchvisionWraps) {
  const std::vector<std::string> expected{"CIFAR10",    "CIFAR100",     "Caltech101",      "Caltech256",    "CelebA",
                                          "Cityscapes", "CocoCaptions", "CocoDetection",   "DatasetFolder", "FashionMNIST",
                                          "GTSRB",      "HMDB51",       "ImageFolder",     "ImageNet",      "Imagenette",
                                          "Kinetics",   "Kitti",        "MNIST",           "OxfordIIITPet", "SBDataset",
                                          "UCF101",     "VOCDetection", "VOCSegmentation", "WIDERFace"};
  EXPECT_EQ(oracle::cases("datasets_targets/registered").front().texts("names"), expected);
  using Wrapped = decltype(wrap_dataset_for_transforms_v2(std::declval<ImageFolder>()));
  static_assert(std::is_same_v<Wrapped, std::shared_ptr<const Dataset<Classified>>>);
}

// The transforms of the oracle's.
transforms::AnyTransform mirrored_and_cut(Size size) {
  return transforms::Compose{transforms::RandomHorizontalFlip(1.0), transforms::CenterCrop({size.height, size.width})};
}

TEST(WrapDataset, GivesTheObjectsOfCityscapesBeforeItsTransforms) {
  for (const auto& c : oracle::cases("datasets_targets/cityscapes")) {
    Cityscapes::Options options{.root = c.text("root"), .split = c.text("split"), .mode = c.text("mode")};
    options.target_type = {"instance", "semantic"};
    const auto plain = wrap_dataset_for_transforms_v2(Cityscapes(options));
    options.transforms = mirrored_and_cut({4, 14});
    const auto moved = wrap_dataset_for_transforms_v2(Cityscapes(options));
    ASSERT_EQ(moved->size(), static_cast<size_t>(c.integer("length")));
    for (size_t i = 0; i < moved->size(); ++i) {
      SCOPED_TRACE(c.name() + text(", example {}", i));
      const auto number = std::to_string(i);
      const auto before = plain->get(i), after = moved->get(i);
      EXPECT_TENSOR_EQ(before.image.data, c.tensor("image" + number));
      EXPECT_TENSOR_EQ(before.instance.value().masks.data, c.tensor("object_masks" + number));
      EXPECT_TENSOR_EQ(before.semantic.value().data, c.tensor("semantic" + number));
      EXPECT_TENSOR_EQ(after.image.data, c.tensor("moved_image" + number));
      EXPECT_TENSOR_EQ(after.instance.value().masks.data, c.tensor("moved_masks" + number));
      EXPECT_TENSOR_EQ(after.instance.value().labels.to(torch::kInt64), c.tensor("moved_labels" + number).to(torch::kInt64));
      EXPECT_TENSOR_EQ(after.semantic.value().data.to(torch::kInt32), c.tensor("moved_semantic" + number).to(torch::kInt32));
    }
    options.target_type = {"instance", "polygon"};
    EXPECT_ERROR(wrap_dataset_for_transforms_v2(Cityscapes(options)), ValueError, "instance and semantic alone, got polygon");
    options.target_type = {"semantic"};
    EXPECT_FALSE(wrap_dataset_for_transforms_v2(Cityscapes(options))->get(0).instance.has_value());
    EXPECT_ERROR(wrap_dataset_for_transforms_v2(Cityscapes(options), "all"), ValueError, "this data set has none");
  }
}

TEST(WrapDataset, GivesTheBoxOfCelebAToItsTransforms) {
  for (const auto& c : oracle::cases("datasets_faces/celeba")) {
    const auto hashes = hashes_of(c);
    CelebA::Options options{.root = c.text("root"), .split = c.text("split")};
    const auto plain = wrap_dataset_for_transforms_v2(CelebA(options));
    options.transforms = mirrored_and_cut({6, 14});
    const auto moved = wrap_dataset_for_transforms_v2(CelebA(options));
    ASSERT_EQ(moved->size(), static_cast<size_t>(c.integer("length")));
    for (size_t i = 0; i < moved->size(); ++i) {
      SCOPED_TRACE(c.name() + text(", example {}", i));
      const auto number = std::to_string(i);
      const auto before = plain->get(i), after = moved->get(i);
      EXPECT_TENSOR_EQ(before.image.data, c.tensor("wrapped_image" + number));
      EXPECT_TENSOR_EQ(before.boxes.data, c.tensor("wrapped_bbox" + number));
      EXPECT_TENSOR_EQ(before.attr, c.tensor("attr" + number));
      EXPECT_TENSOR_EQ(before.landmarks.data.view({-1}), c.tensor("landmarks" + number));
      EXPECT_EQ(before.boxes.canvas_size, (Size{before.image.data.size(-2), before.image.data.size(-1)}));
      EXPECT_TENSOR_EQ(after.image.data, c.tensor("moved_image" + number));
      EXPECT_TENSOR_EQ(after.boxes.data, c.tensor("moved_bbox" + number));
      EXPECT_EQ(after.boxes.canvas_size, (Size{6, 14}));
      EXPECT_EQ(after.identity, before.identity);
    }
  }
}

TEST(CityscapesObjects, AreThoseOfTorchvisionsWrapper) {
  for (const auto& c : oracle::cases("datasets_targets/cityscapes")) {
    const Cityscapes streets({.root = c.text("root"), .split = c.text("split"), .mode = c.text("mode")});
    for (size_t i = 0; i < streets.size(); ++i) {
      const auto objects = cityscapes_objects(*streets.get(i).instance);
      EXPECT_TENSOR_EQ(objects.masks.data, c.tensor("object_masks" + std::to_string(i)));
      EXPECT_TENSOR_EQ(objects.labels.to(torch::kInt64), c.tensor("object_labels" + std::to_string(i)).to(torch::kInt64));
    }
  }
  EXPECT_ERROR(cityscapes_objects(Mask(torch::zeros({2, 3, 4}, torch::kUInt8))), ValueError, "must be (1, H, W)");
}

}  // namespace
}  // namespace opsis::datasets
