// opsis train-segmenter.
#include <fstream>

#include "opsis/io.h"
#include "tests/cli/tool.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis::cli_tests {
namespace {

// Pictures with a light square each, whose outline the annotations give as a polygon.
void write_squares(const std::filesystem::path& root) {
  for (const std::string part : {"train", "val"}) {
    std::filesystem::create_directories(root / part);
    std::filesystem::create_directories(root / "annotations");
    json file{{"images", json::array()}, {"annotations", json::array()}};
    file["categories"] = {{{"id", 1}, {"name", "square"}}, {{"id", 3}, {"name", "circle"}}};
    for (int64_t i = 0; i < 3; ++i) {
      const auto name = std::to_string(i) + ".png";
      auto picture = torch::zeros({3, 48, 64}, torch::kUInt8);
      picture.narrow(1, i, 40).narrow(2, 2 * i, 40).fill_(200);
      file["images"].push_back({{"id", i}, {"file_name", name}, {"height", 48}, {"width", 64}});
      const auto x = 2 * i, y = i;
      file["annotations"].push_back({{"id", i + 1},
                                     {"image_id", i},
                                     {"category_id", 1},
                                     {"bbox", {x, y, 40, 40}},
                                     {"segmentation", {{x, y, x + 40, y, x + 40, y + 40, x, y + 40}}},
                                     {"area", 1600},
                                     {"iscrowd", 0}});
      io::write_png(Image(picture), root / part / name);
    }
    std::ofstream(root / "annotations" / ("instances_" + part + ".json")) << file;
  }
}

TEST(CliTrainSegmenter, TrainsResumesAndSegments) {
  const support::TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  write_squares(folder.path() / "data");
  const auto train = [&](std::vector<std::string> more) {
    std::vector<std::string> command{"train-segmenter", at("data"), "--weights-backbone", "none", "--batch-size", "2",
                                     "--base-size",     "64",       "--crop-size",        "64",   "--json"};
    command.insert(command.end(), more.begin(), more.end());
    const auto run = opsis_tool(command);
    EXPECT_EQ(run.code, 0) << run.err;
    return json::parse(run.out);
  };
  const auto half = train({"--epochs", "1", "--out", at("half.pth")});
  EXPECT_EQ(half["categories"], (json{"__background__", "square", "N/A", "circle"}));
  const auto& epoch = half["epochs"][0];
  EXPECT_EQ(epoch["validation"]["images"], 3);
  EXPECT_TRUE(epoch["validation"]["iou"][0].is_number());
  EXPECT_EQ(epoch["validation"]["iou"].size(), 4);

  const auto whole = train({"--epochs", "2", "--resume", at("half.pth"), "--out", at("whole.pth")});
  ASSERT_EQ(whole["epochs"].size(), 2);
  EXPECT_EQ(whole["epochs"][0]["loss"], epoch["loss"]);

  const auto segmented = opsis_tool({"segment", at("data/val/0.png"), "--weights", at("whole.pth"), "--json"});
  ASSERT_EQ(segmented.code, 0) << segmented.err;
  EXPECT_EQ(json::parse(segmented.out)["model"], "lraspp_mobilenet_v3_large");
  expect_wrong_usage({"segment", at("data/val/0.png"), "--weights", at("whole.pth"), "--model", "fcn_resnet50"},
                     "is for lraspp_mobilenet_v3_large, not for fcn_resnet50; leave out --model");
}

TEST(CliTrainSegmenter, KeepsTheSecondClassifierAndLearnsVocsClasses) {
  const support::TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  write_squares(folder.path() / "data");
  const auto run = opsis_tool({"train-segmenter", at("data"), "--model", "deeplabv3_mobilenet_v3_large", "--weights-backbone",
                               "none", "--aux-loss", "--voc-classes", "--batch-size", "2", "--base-size", "40", "--crop-size",
                               "32", "--epochs", "1", "--out", at("aux.pth")});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("person"));
  EXPECT_THAT(run.out, HasSubstr("try: opsis segment photo.jpg --weights"));
  const auto segmented = opsis_tool({"segment", at("data/val/0.png"), "--weights", at("aux.pth"), "--json"});
  EXPECT_EQ(segmented.code, 0) << segmented.err;
}

TEST(CliTrainSegmenter, SaysWhatIsWrong) {
  const support::TemporaryFolder folder;
  const auto out = (folder.path() / "out.pth").string();
  expect_failure({"train-segmenter", folder.path().string(), "--out", out},
                 "there is neither annotations/instances_train.json");
  expect_wrong_usage({"train-segmenter", "data", "--out", ""}, "--out must name a file, got nothing");
  write_squares(folder.path());
  expect_failure({"train-segmenter", folder.path().string(), "--out", out, "--weights-backbone", "none"},
                 "--batch-size is 8, and only 3 images have objects of more than 1000 pixels together");
}

}  // namespace
}  // namespace opsis::cli_tests
