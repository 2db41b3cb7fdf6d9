// COCO's files that lack something, say it twice, or have numbers and names that are out of the ordinary.
#include "opsis/core/check.h"
#include "opsis/datasets.h"
#include "tests/datasets/opened.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string key_of(const char* key, size_t i) { return key + std::to_string(i); }

// What torchvision takes and Opsis does not: see CocoDetection's Differs.
bool is_refused_by_opsis_alone(const std::string& what) {
  return what == "an id beyond" || what == "an id beyond all" || what == "an id with a point" ||
         what == "an id that is a word" || what == "an annotation's id beyond" || what == "a box of 1e400" ||
         what == "a box of NaN" || what == "a box of -Infinity";
}

TEST(CocoDetection, OddFilesAreTakenWhereTorchvisionTakesThem) {
  for (const auto& c : oracle::cases("datasets_coco_odd/files")) {
    SCOPED_TRACE(c.name());
    const fs::path root = c.text("root");
    const auto alone = is_refused_by_opsis_alone(c.text("what"));
    std::optional<CocoDetection> photos;
    try {
      photos.emplace(CocoDetection::Options{.root = root, .annFile = root / "instances.json"});
    } catch (const DecodeError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("instances.json: "));
      const bool gives_one = c.boolean("opens") && c.json("gives").find("true") != std::string::npos;
      EXPECT_TRUE(alone || !gives_one) << error.what();
      continue;
    }
    ASSERT_TRUE(c.boolean("opens"));
    ASSERT_EQ(photos->size(), static_cast<size_t>(c.integer("length")));
    const auto gives = json::parse(c.json("gives"));
    for (size_t i = 0; i < photos->size(); ++i) {
      try {
        const auto example = photos->get(i);
        if (c.text("what") == "a box beyond") continue;  // the other way round
        ASSERT_TRUE(gives[i]);
        EXPECT_TENSOR_EQ(example.image.data, c.tensor(key_of("image", i)));
        if (!c.has_tensor(key_of("boxes", i))) continue;  // of an image without objects
        EXPECT_TENSOR_EQ(example.boxes.data, c.tensor(key_of("boxes", i)));
        EXPECT_TENSOR_EQ(example.labels, c.tensor(key_of("labels", i)));
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr(root.string()));
        EXPECT_TRUE(alone || !gives[i]) << error.what();
      }
    }
  }
}

TEST(CocoFile, NamesOfFilesAreTheBytesThatPythonOpens) {
  const support::TemporaryFolder root;
  for (const auto& c : oracle::cases("datasets_coco_odd/names")) {
    SCOPED_TRACE(c.name());
    const auto file = root.write("instances.json", "{\"images\": [{\"id\": 1, \"file_name\": \"" + c.text("text") + "\"}]}");
    for (const bool index : {true, true, false}) {  // written, read, and without
      if (c.is_null("bytes")) {
        EXPECT_ERROR(CocoFile(file, index), DecodeError,
                     "instances.json: images[0] must have id (a whole number) and file_name");
      } else {
        const auto bytes = c.ints("bytes");
        EXPECT_EQ(CocoFile(file, index).images()[0].file_name, std::string(bytes.begin(), bytes.end()));
      }
    }
  }
}

TEST(CocoDetection, GivesOrRefusesWhateverItsNumbersAre) {
  const support::TemporaryFolder root;
  const auto c = oracle::cases("datasets_targets/coco").front();
  fs::copy_file(fs::path(c.text("root")) / "pictures/a.jpg", root.path() / "a.jpg");
  const auto open = [&](const std::string& images, const std::string& annotations) {
    const auto file = root.write("instances.json", "{\"images\": [" + images + "], \"annotations\": [" + annotations + "]}");
    return CocoDetection({.root = root.path(), .annFile = file, .masks = true});
  };
  const auto annotation = [](const std::string& id, const std::string& box, const std::string& segmentation) {
    return "{\"id\": " + id + ", \"image_id\": 1, \"category_id\": 2, \"bbox\": " + box +
           ", \"segmentation\": " + segmentation + "}";
  };
  const std::string image = "{\"id\": 1, \"file_name\": \"a.jpg\"}", square = "[[0, 0, 4, 0, 4, 4, 0, 4]]";

  EXPECT_ERROR(open(image, "{\"image_id\": 1}"), DecodeError, "annotations[0] must have id and image_id (whole numbers)");
  EXPECT_ERROR(open(image, image + ", {\"id\": 1}"), DecodeError, "annotations[0] must have id and image_id");
  EXPECT_ERROR(open("{\"id\": 9223372036854775808, \"file_name\": \"a.jpg\"}", ""), DecodeError, "images[0] must have id");
  EXPECT_ERROR(open("{\"id\": 1}", "").get(0), DecodeError, "instances.json, image 1: image 1 has no file_name");
  EXPECT_EQ(open("{\"id\": 9223372036854775807, \"file_name\": \"a.jpg\"}", "").get(0).image_id, INT64_MAX);

  // Of equal ids the last, as often as there are some.
  const auto twice =
      open(image, annotation("7", "[0, 0, 1, 1]", square) + "," + annotation("7", "[0, 0, 4, 4]", square)).get(0);
  EXPECT_TENSOR_EQ(twice.boxes.data, torch::tensor({{0, 0, 4, 4}, {0, 0, 4, 4}}, torch::kInt64));

  // Whole numbers beyond those that a double has stay what they are.
  const auto large = open(image, annotation("1", "[4611686018427387905, 0, 2, 3]", square)).get(0);
  EXPECT_EQ(large.boxes.data[0][0].item<int64_t>(), 4611686018427387905);
  EXPECT_EQ(large.boxes.data[0][2].item<int64_t>(), 4611686018427387907);

  for (const auto* box : {"[1e308, 1e308, 1e308, 1e308]", "[-1, -1, -5, -5]", "[1, 2, \"3\", 4]", "{}", "null", "[]",
                          "[9223372036854775807, 0, 1, 1]", "[18446744073709551615, 0, 1, 1]"}) {
    SCOPED_TRACE(box);
    try {
      EXPECT_EQ(open(image, annotation("1", box, square)).get(0).boxes.data.sizes(), (std::vector<int64_t>{1, 4}));
    } catch (const DecodeError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("instances.json, image 1: "));
    }
  }
  for (const auto* segmentation : {"[]",
                                   "[[]]",
                                   "[[1]]",
                                   "[[1, 2]]",
                                   "[[1, 2, 3, 4]]",
                                   "[[0, 0, 1e300, 0, 1e300, 1e300]]",
                                   "[[0, 0, -1e18, 5, 7, 1e18]]",
                                   "[[0, 0, 2147483647, 0, 2147483647, 2147483647]]",
                                   "[[\"a\"]]",
                                   "5",
                                   "null",
                                   "\"x\"",
                                   "{}",
                                   "{\"size\": []}",
                                   "{\"size\": [-1, 5], \"counts\": \"04\"}",
                                   "{\"size\": [2147483647, 2147483647], \"counts\": \"0\"}",
                                   "{\"size\": [1000000000000000000, 9], \"counts\": [9]}",
                                   "{\"size\": [4, 4], \"counts\": [-1, 17]}",
                                   "{\"size\": [4, 4], \"counts\": [9223372036854775807, 9223372036854775807]}",
                                   "{\"size\": [4, 4], \"counts\": \"\\u0000\\u00ff\"}",
                                   "{\"size\": [1e30, 4], \"counts\": \"04\"}"}) {
    SCOPED_TRACE(segmentation);
    try {
      EXPECT_EQ(open(image, annotation("1", "[0, 0, 1, 1]", segmentation)).get(0).masks->data.size(0), 1);
    } catch (const DecodeError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("instances.json, image 1: "));
    }
  }
}

}  // namespace
}  // namespace opsis::datasets
