// COCO's results files, held against pycocotools.
#include "opsis/engine/coco_results.h"

#include <torch/torch.h>

#include <fstream>

#include "tests/engine/coco_numbers.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::engine {
namespace {

using datasets::CocoFile;

CocoKind kind_of(const oracle::Case& c) {
  return c.text("kind") == "bbox" ? CocoKind::Boxes : c.text("kind") == "segm" ? CocoKind::Masks : CocoKind::KeyPoints;
}

TEST(CocoResults, NumbersEqualPycocotoolsFromTheSameFile) {
  const support::TemporaryFolder folder;
  for (const auto& c : oracle::cases("coco/results")) {
    SCOPED_TRACE(c.name());
    if (c.boolean("skip")) continue;
    std::ofstream(folder.path() / "truth.json") << c.text("truth");
    std::ofstream(folder.path() / "results.json") << c.text("results");
    expect_equal_to_pycocotools(
        evaluate_coco_results(CocoFile(folder.path() / "truth.json"), folder.path() / "results.json", {.kind = kind_of(c)}), c);
  }
}

TEST(CocoResults, TakeTheNumberOfKeyPointsFromTheAnnotationsAsPycocotoolsDoes) {
  const support::TemporaryFolder folder;
  const auto truth = folder.path() / "truth.json", results = folder.path() / "results.json";
  for (const auto& c : oracle::cases("coco/counts")) {
    SCOPED_TRACE(c.name());
    std::ofstream(truth) << c.text("truth");
    std::ofstream(results) << c.text("results");
    expect_equal_to_pycocotools(evaluate_coco_results(CocoFile(truth), results, {.kind = CocoKind::KeyPoints}), c);
  }
  std::ofstream(truth) << R"({"images": [{"id": 1, "file_name": "1.jpg"}], "categories": [{"id": 1, "name": "one"}],
                              "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4],
                                               "keypoints": [1, 2, 2, 2, 3, 0, 4, 5, 1]}]})";
  const CocoFile file(truth);
  const auto counted = coco_target(file, file.images()[0], CocoKind::KeyPoints).num_keypoints;
  EXPECT_TENSOR_EQ(counted, torch::tensor({2.}, torch::kFloat64));
}

constexpr const char* kTruth = R"({"images": [{"id": 7, "file_name": "7.jpg", "height": 20, "width": 30},
                                              {"id": 8, "file_name": "8.jpg"}],
                                   "categories": [{"id": 1, "name": "one"}],
                                   "annotations": [{"id": 1, "image_id": 7, "category_id": 1, "bbox": [2, 3, 10, 9], "area": 90,
                                                    "iscrowd": 0}]})";

class CocoResultsFile : public testing::Test {
 protected:
  CocoFile truth(const std::string& text = kTruth) {
    std::ofstream(folder_.path() / "truth.json") << text;
    return CocoFile(folder_.path() / "truth.json");
  }
  std::filesystem::path results(const std::string& text) {
    std::ofstream(folder_.path() / "results.json") << text;
    return folder_.path() / "results.json";
  }
  std::map<int64_t, CocoDetections> read(const std::string& text, CocoKind kind = CocoKind::Boxes) {
    return read_coco_results(results(text), truth(), kind);
  }

  support::TemporaryFolder folder_;
};

TEST_F(CocoResultsFile, SaysWhatIsInEachImage) {
  const auto found =
      read(R"([{"image_id": 7, "category_id": 1.0, "score": 1, "bbox": [1, 2, 3, 4.5], "segmentation": 3, "id": "x"},
                              {"score": 0.5, "bbox": [0, 0, 1, 1], "category_id": 1, "image_id": 7}])");
  ASSERT_EQ(found.size(), 1u);
  const auto& of_image = found.at(7);
  EXPECT_TENSOR_EQ(of_image.labels, torch::ones({2}, torch::kInt64));
  EXPECT_TENSOR_EQ(of_image.scores, torch::tensor({1., 0.5}, torch::kFloat64));
  EXPECT_TENSOR_EQ(of_image.boxes, torch::tensor({{1., 2., 3., 4.5}, {0., 0., 1., 1.}}, torch::kFloat64));
  EXPECT_TENSOR_EQ(of_image.area, torch::tensor({13.5, 1.}, torch::kFloat64));
  EXPECT_TRUE(read("[]").empty());
  EXPECT_EQ(evaluate_coco_results(truth(), results("[]"))["AP"], 0);
  const auto one = results(R"([{"image_id": 7, "category_id": 1, "score": 1, "bbox": [2, 3, 10, 9]}])");
  EXPECT_NEAR(evaluate_coco_results(truth(), one)["AP"], 1, 1e-12);
}

// As torchvision's references write annotations, which name no files; Python takes true for 1.
TEST_F(CocoResultsFile, IsHeldAgainstAnnotationsWithoutNamesOfFilesAndWithMarksThatAreTrue) {
  const auto numbers = [&](const std::string& name, const std::string& crowd) {
    const auto file = truth(R"({"images": [{"id": 7, )" + name + R"("height": 20, "width": 30}],
                                "categories": [{"id": 1, "name": "one"}],
                                "annotations": [{"id": 1, "image_id": 7, "category_id": 1, "bbox": [2, 3, 10, 9], "area": 90,
                                                 "iscrowd": )" +
                            crowd + R"(},
                                                {"id": 2, "image_id": 7, "category_id": 1, "bbox": [15, 3, 5, 9], "area": 45,
                                                 "iscrowd": 0}]})");
    const auto found = results(R"([{"image_id": 7, "category_id": 1, "score": 1, "bbox": [2, 3, 10, 9]},
                                   {"image_id": 7, "category_id": 1, "score": 0.5, "bbox": [15, 3, 5, 5]}])");
    return evaluate_coco_results(file, found).to_string();
  };
  const std::string named = R"("file_name": "7.jpg", )";
  EXPECT_EQ(numbers("", "true"), numbers(named, "1"));
  EXPECT_EQ(numbers("", "false"), numbers(named, "0"));
  EXPECT_NE(numbers("", "true"), numbers("", "false"));
}

TEST_F(CocoResultsFile, OfOtherImagesAndCategoriesIsRefused) {
  const std::string sound = R"([{"image_id": 7, "category_id": 1, "score": 1, "bbox": [1, 2, 3, 4]}, )";
  EXPECT_ERROR(read(sound + R"({"image_id": 9, "category_id": 1, "score": 1, "bbox": [1, 2, 3, 4]}])"), ValueError,
               "results.json: entry 1 is of image 9, which is not in the annotations");
  EXPECT_ERROR(read(sound + R"({"image_id": 8, "category_id": 2, "score": 1, "bbox": [1, 2, 3, 4]}])"), ValueError,
               "results.json: entry 1 is of category 2, which is not in the annotations");
}

TEST_F(CocoResultsFile, ThatIsMalformedIsRefusedWithItsEntry) {
  const auto expect = [&](const std::string& entry, const char* message, CocoKind kind = CocoKind::Boxes) {
    SCOPED_TRACE(entry);
    EXPECT_ERROR(read("[" + entry + "]", kind), DecodeError, message);
  };
  const auto with = [](const std::string& more) { return R"({"image_id": 7, "category_id": 1, "score": 1)" + more + "}"; };
  expect(R"({"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4]})", "entry 0 must have image_id and category_id, whole");
  expect(R"({"image_id": 7.5, "category_id": 1, "score": 1})", "entry 0 must have image_id and category_id, whole");
  expect(R"({"image_id": 1e300, "category_id": 1, "score": 1})", "entry 0 must have image_id and category_id, whole");
  expect(R"({"image_id": "7", "category_id": 1, "score": 1})", "entry 0: image_id: ");
  expect(R"({"image_id": 7, "category_id": 1, "score": NaN, "bbox": [1, 2, 3, 4]})", "entry 0: score: ");
  expect(with(""), "entry 0: it has neither bbox, segmentation nor keypoints");
  expect(with(R"(, "bbox": [])"), "entry 0: it has neither bbox, segmentation nor keypoints");
  expect(with(R"(, "bbox": [1, 2, 3])"), "entry 0: bbox must have 4 numbers, got 3");
  expect(with(R"(, "bbox": null)"), "entry 0: bbox: ");
  expect(with(R"(, "bbox": [1, 2, 3, 4])") + "," + with(""), "entry 1: it has no bbox, and the first entry has");
  expect("7", "it must be a list of objects: entry 0");
  EXPECT_ERROR(read(R"({"annotations": []})"), DecodeError, "it must be a list of objects");
  EXPECT_ERROR(read(R"([{"image_id": 7)"), DecodeError, "results.json: ");
  EXPECT_ERROR(read("[] []"), DecodeError, "there is more after the list");
  EXPECT_ERROR(read(""), DecodeError, "results.json: ");
  EXPECT_ERROR(read_coco_results(folder_.path() / "nowhere.json", truth(), CocoKind::Boxes), IoError, "nowhere.json");

  const auto expect_mask = [&](const std::string& segmentation, const char* message) {
    expect(with(R"(, "segmentation": )" + segmentation), message, CocoKind::Masks);
  };
  expect_mask(R"({"size": [20, 30], "counts": "0"})", "entry 0: runs_of_text: runs must add up to the 600 pixels");
  expect_mask(R"({"size": [20, 31], "counts": [620]})", "entry 0: runs_of_counts: run 0 must be from 0 to the 600 pixels");
  expect_mask(R"({"size": [2, 3], "counts": "6"})", "its mask must have the size of image 7, (20, 30), got (2, 3)");
  expect_mask(R"([[1, 2, 3, 4]])", "entry 0: runs_of_polygon: a polygon must have");
  expect_mask("7", "entry 0: ");
  expect(R"({"image_id": 8, "category_id": 1, "score": 1, "segmentation": [[1, 1, 5, 1, 5, 5]]})",
         "image 8 has no height and width, which masks need", CocoKind::Masks);
  expect(with(R"(, "bbox": [1, 2, 3, 4])"), "entry 0: it must have keypoints, three numbers of each, got 0",
         CocoKind::KeyPoints);
  expect(with(R"(, "keypoints": [1, 2])"), "entry 0: it must have keypoints, three numbers of each, got 2",
         CocoKind::KeyPoints);
  expect(with(R"(, "keypoints": [1, 2, 3])") + "," + with(R"(, "keypoints": [1, 2, 3, 4, 5, 6, 7, 8, 9])") + "," +
             with(R"(, "keypoints": [1, 2, 3, 4, 5, 6])"),
         "entry 1: the keypoints of an image must all be as many", CocoKind::KeyPoints);
  EXPECT_ERROR(
      evaluate_coco_results(truth(), results("[" + with(R"(, "keypoints": [1, 2, 3])") + "]"), {.kind = CocoKind::KeyPoints}),
      DecodeError, "coco_target: image 7: ");
}

TEST_F(CocoResultsFile, IsHeldAgainstSoundAnnotationsOnly) {
  const auto expect = [&](const std::string& annotation, const char* message, CocoKind kind = CocoKind::Boxes) {
    const auto file = truth(R"({"images": [{"id": 7, "file_name": "7.jpg"}], "categories": [{"id": 1, "name": "one"}],
                                "annotations": [{"id": 1, "image_id": 7, )" +
                            annotation + "}]}");
    EXPECT_ERROR(evaluate_coco_results(file, results("[]"), {.kind = kind}), DecodeError, message);
  };
  expect(R"("category_id": 5, "bbox": [1, 2, 3, 4])", "coco_target: image 7: category 5 is not in the file's list");
  expect(R"("category_id": 1, "bbox": [1, 2, 3])", "coco_target: image 7: a bbox must have 4 numbers, got 3");
  expect(R"("category_id": 1)", "coco_target: image 7: ");
  expect(R"("category_id": 1, "segmentation": [[1, 1, 5, 1, 5, 5]])", "image 7 has no height and width", CocoKind::Masks);
}

}  // namespace
}  // namespace opsis::engine
