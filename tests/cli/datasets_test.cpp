// opsis datasets show and convert.
#include "opsis/datasets/convert.h"
#include "opsis/io/image.h"
#include "opsis/utils/save_image.h"
#include "tests/cli/tool.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::cli_tests {
namespace {

namespace fs = std::filesystem;

TEST(DatasetsShow, DrawsExamplesOfAnyKind) {
  const support::TemporaryFolder folder;
  const auto sheet = folder.path() / "sheet.png";
  const auto shown = [&](const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"datasets", "show", name, "--out", sheet.string(), "--count", "3", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto done = opsis_tool(arguments);
    EXPECT_EQ(done.code, 0) << name << ": " << done.err;
    EXPECT_EQ(io::decode_image(sheet).data.size(0), 3);
    return done.code == 0 ? json::parse(done.out) : json();
  };
  const auto digits = shown("Digits", {"--split", "test", "--seed", "3"});
  EXPECT_EQ(digits.at("size"), 360);
  EXPECT_EQ(digits.at("examples").size(), 3);
  EXPECT_NE(digits, shown("Digits", {"--split", "test", "--seed", "4"}));

  const auto root_of = [](const char* table) { return fs::path(oracle::cases(table)[0].text("root")); };
  const auto coco = root_of("datasets_targets/coco");
  const auto photos =
      shown("CocoDetection", {"--root", coco / "pictures", "--annotations", coco / "instances.json", "--side", "32"});
  EXPECT_THAT(photos.at("examples")[0].at("label").get<std::string>(), HasSubstr("objects"));
  shown("VOCSegmentation", {"--root", root_of("datasets_targets/voc_segmentation"), "--split", "train"});
  shown("MovingMNIST", {"--root", root_of("datasets_targets/moving_mnist")});
  shown("KittiFlow", {"--root", root_of("datasets_flow/kitti_flow")});
}

TEST(DatasetsShow, SaysWhatIsMissing) {
  const support::TemporaryFolder folder;
  const auto sheet = (folder.path() / "sheet.png").string();
  expect_failure({"datasets", "show", "ImageFolder", "--root", folder.path(), "--out", sheet}, "there is no folder in");
  expect_failure({"datasets", "show", "Digit", "--out", sheet}, "did you mean Digits?");
  expect_failure({"datasets", "show", "DatasetFolder", "--out", sheet}, "needs a function");
  expect_wrong_usage({"datasets", "show", "Digits", "--out", sheet, "--count", "0"}, "--count");
  expect_wrong_usage({"datasets", "show", "Digits", "--out", sheet, "--annotations", "x.json"}, "has no --annotations");
}

TEST(DatasetsConvert, WritesFoldersThatOpen) {
  const support::TemporaryFolder folder;
  const auto pictures = folder.path() / "pictures";
  fs::create_directories(pictures);
  utils::save_image(torch::rand({3, 24, 32}), pictures / "a.jpg");
  const auto instances =
      folder.write("instances.json", R"({"images": [{"id": 1, "file_name": "a.jpg", "height": 24, "width": 32}],
      "annotations": [{"id": 1, "image_id": 1, "category_id": 5, "bbox": [1, 2, 10, 20]}],
      "categories": [{"id": 5, "name": "dog"}]})");
  const auto out = folder.path() / "yolo";
  const auto done = opsis_tool({"datasets", "convert", "--from", "coco", "--to", "yolo", "--root", pictures, "--annotations",
                                instances, "--out", out, "--json"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(json::parse(done.out).at("boxes"), 1);
  const auto back = datasets::read_boxes({.format = datasets::BoxFormat::YOLO, .root = out});
  EXPECT_EQ(back.pictures.at(0).objects.at(0), (datasets::BoxedObject{0, 1, 2, 11, 22}));
  EXPECT_EQ(back.classes, (std::vector<std::string>{"dog"}));
  expect_wrong_usage({"datasets", "convert", "--from", "coco", "--to", "voc", "--out", out}, "--annotations is needed");
  expect_failure({"datasets", "convert", "--from", "pascal", "--to", "voc", "--out", out}, "must be coco, voc or yolo");
}

}  // namespace
}  // namespace opsis::cli_tests
