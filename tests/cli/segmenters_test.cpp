// opsis train-segmenter.
#include <fstream>
#include <map>

#include "opsis/hub.h"
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
                     "is for lraspp_mobilenet_v3_large, not for fcn_resnet50; pass --model lraspp_mobilenet_v3_large");
}

TEST(CliTrainSegmenter, WarmsUpAsItIsToldAndJudgesWhatItLearned) {
  const support::TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  write_squares(folder.path() / "data");
  const auto run = [&](std::vector<std::string> more) {
    std::vector<std::string> command{"train-segmenter", at("data"), "--base-size", "64", "--json"};
    command.insert(command.end(), more.begin(), more.end());
    const auto finished = opsis_tool(command);
    EXPECT_EQ(finished.code, 0) << finished.err;
    return finished.code == 0 ? json::parse(finished.out) : json();
  };
  const std::vector<std::string> learn{"--crop-size", "64", "--batch-size", "2"};
  auto first = learn;
  first.insert(first.end(), {"--weights-backbone", "none", "--epochs", "3", "--warmup-epochs", "2", "--warmup-method",
                             "constant", "--warmup-decay", "0.5", "--out", at("first.pth")});
  const auto learned = run(first)["epochs"];
  EXPECT_NEAR(learned[1]["lr"].get<double>(), 0.005, 1e-12);  // linear, it would be 0.0075
  EXPECT_NEAR(learned[2]["lr"].get<double>(), 0.01, 1e-12);

  EXPECT_EQ(run({"--weights", at("first.pth"), "--test-only"})["validation"], learned[2]["validation"]);
  const auto told =
      opsis_tool({"train-segmenter", at("data"), "--base-size", "64", "--weights", at("first.pth"), "--test-only"});
  EXPECT_THAT(told.out, StartsWith("3 images: pixels "));
  // The checkpoint knows the size.
  EXPECT_EQ(hub::load(at("first.pth")).get<int64_t>("base_size"), 64);
  const auto by_itself = opsis_tool({"train-segmenter", at("data"), "--weights", at("first.pth"), "--test-only", "--json"});
  ASSERT_EQ(by_itself.code, 0) << by_itself.err;
  EXPECT_EQ(json::parse(by_itself.out)["validation"], learned[2]["validation"]);
  EXPECT_THAT(told.out, HasSubstr("square"));
  expect_wrong_usage({"train-segmenter", at("data"), "--test-only"}, "--test-only judges the model of --weights");
  expect_failure({"train-segmenter", at("data"), "--test-only", "--weights", at("first.pth"), "--voc-classes"},
                 "was trained on other classes than the data has: class 1 is \"aeroplane\" in the data and \"square\" in");

  // With as many classes its head goes on: without a rate it is judged alike, but for the statistics of norms.
  auto again = learn;
  again.insert(again.end(), {"--weights", at("first.pth"), "--epochs", "1", "--lr", "0", "--out", at("again.pth")});
  run(again);
  std::map<std::string, torch::Tensor> before;
  for (auto& [name, tensor] : hub::load_state_dict_file(at("first.pth"))) before[name] = tensor;
  for (const auto& [name, tensor] : hub::load_state_dict_file(at("again.pth"))) {
    if (name.ends_with(".weight") || name.ends_with(".bias")) {
      EXPECT_TENSOR_EQ(tensor, before.at(name));
    }
  }
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

  // Tensors alone, as torchvision's recipe leaves them; and under the name of a file of torchvision's.
  const std::vector<std::string> command{"train-segmenter", at("data"), "--model", "deeplabv3_mobilenet_v3_large",
                                         "--base-size",     "40",       "--json"};
  const auto with = [&](std::initializer_list<std::string> more) {
    auto all = command;
    all.insert(all.end(), more);
    return all;
  };
  auto state = hub::load_state_dict_file(at("aux.pth"));
  const auto judged = [&](const std::string& file) {
    const auto run = opsis_tool(with({"--voc-classes", "--test-only", "--weights", file}));
    EXPECT_EQ(run.code, 0) << run.err;
    return run.code == 0 ? json::parse(run.out)["validation"] : json();
  };
  for (const auto* name : {"plain.pth", "deeplabv3_mobilenet_v3_large-fc3c493d.pth"}) {
    hub::save(at(name), state);
    EXPECT_EQ(judged(at(name)), judged(at("aux.pth"))) << name;
  }
  // Without the second classifier other classes can be learned by a new one, but not the same ones.
  std::erase_if(state, [](const auto& entry) { return entry.first.starts_with("aux_classifier."); });
  hub::save(at("single.pth"), state);
  const auto learn = opsis_tool(with(
      {"--crop-size", "32", "--batch-size", "2", "--epochs", "1", "--weights", at("single.pth"), "--out", at("more.pth")}));
  EXPECT_EQ(learn.code, 0) << learn.err;
  const auto names = hub::load(at("aux.pth")).at("categories");
  hub::save(at("ours.pth"),
            hub::Value::dict({{"model", state}, {"model_name", "deeplabv3_mobilenet_v3_large"}, {"categories", names}}));
  expect_wrong_usage(with({"--voc-classes", "--aux-loss", "--batch-size", "2", "--crop-size", "32", "--weights", at("ours.pth"),
                           "--out", at("more.pth")}),
                     "has no auxiliary classifier to go on with; leave out --aux-loss");
}

TEST(CliTrainSegmenter, SaysWhatIsWrong) {
  const support::TemporaryFolder folder;
  const auto out = (folder.path() / "out.pth").string();
  expect_failure({"train-segmenter", folder.path().string(), "--out", out},
                 "there is neither annotations/instances_train.json");
  expect_wrong_usage({"train-segmenter", "data", "--out", ""}, "--out must name a file, got nothing");
  expect_wrong_usage({"train-segmenter", "data", "--warmup-decay", "nan"},
                     "--warmup-decay: must be a number from 0 to 1, got nan");
  write_squares(folder.path());
  expect_failure({"train-segmenter", folder.path().string(), "--out", out, "--weights-backbone", "none"},
                 "--batch-size is 8, and only 3 images have objects of more than 1000 pixels together");
}

}  // namespace
}  // namespace opsis::cli_tests
