// opsis train-detector and evaluate-detections.
#include <cmath>
#include <fstream>
#include <map>

#include "opsis/hub.h"
#include "opsis/io.h"
#include "opsis/models.h"
#include "tests/cli/tool.h"
#include "tests/support/expect.h"
#include "tests/support/lively_detector.h"
#include "tests/support/temporary.h"

namespace opsis::cli_tests {
namespace {

// Pictures with a light square each, wide ones and tall ones; the last one of each part has none.
void write_boxes(const std::filesystem::path& root, const std::vector<std::string>& parts = {"train", "val"}) {
  for (const auto& part : parts) {
    std::filesystem::create_directories(root / part);
    std::filesystem::create_directories(root / "annotations");
    json file{{"images", json::array()}, {"annotations", json::array()}};
    file["categories"] = {{{"id", 1}, {"name", "square"}}, {{"id", 3}, {"name", "circle"}}};
    for (int64_t i = 0; i < 3; ++i) {
      const int64_t height = i % 2 ? 32 : 48, width = 80 - height;
      auto picture = torch::zeros({3, height, width}, torch::kUInt8);
      const auto name = std::to_string(i) + ".png";
      file["images"].push_back({{"id", i}, {"file_name", name}, {"height", height}, {"width", width}});
      if (i < 2) {
        picture.narrow(1, i, 20).narrow(2, 2 * i, 20).fill_(200);
        file["annotations"].push_back(
            {{"id", i + 1}, {"image_id", i}, {"category_id", 1}, {"bbox", {2 * i, i, 20, 20}}, {"area", 400}, {"iscrowd", 0}});
      }
      io::write_png(Image(picture), root / part / name);
    }
    std::ofstream(root / "annotations" / ("instances_" + part + ".json")) << file;
  }
}

// The document of a training run that worked.
json training_run(std::vector<std::string> command, const std::vector<std::string>& more) {
  command.insert(command.begin(), "train-detector");
  command.insert(command.end(), more.begin(), more.end());
  command.push_back("--json");
  const auto run = opsis_tool(command);
  EXPECT_EQ(run.code, 0) << run.err;
  return run.code == 0 ? json::parse(run.out) : json();
}

TEST(CliTrainDetector, TrainsResumesAndDetects) {
  const support::TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  write_boxes(folder.path() / "data");
  const auto train = [&](const std::vector<std::string>& more) {
    return training_run({at("data"), "--model", "ssdlite320_mobilenet_v3_large", "--weights-backbone", "none"}, more);
  };
  const auto half = train({"--epochs", "1", "--out", at("half.pth"), "--augmentation", "ssdlite"});
  ASSERT_EQ(half["epochs"].size(), 1);
  EXPECT_EQ(half["categories"], (json{"__background__", "square", "N/A", "circle"}));
  const auto& epoch = half["epochs"][0];
  EXPECT_EQ(epoch["validation"]["images"], 3);
  EXPECT_TRUE(epoch["validation"]["boxes"].contains("AP50"));
  EXPECT_TRUE(epoch["losses"].contains("bbox_regression"));

  const auto whole = train({"--epochs", "2", "--resume", at("half.pth"), "--out", at("whole.pth")});
  ASSERT_EQ(whole["epochs"].size(), 2);
  EXPECT_EQ(whole["epochs"][0], epoch);

  const auto detected = opsis_tool({"detect", at("data/val/0.png"), "--weights", at("whole.pth"), "--score", "0", "--json"});
  ASSERT_EQ(detected.code, 0) << detected.err;
  EXPECT_EQ(json::parse(detected.out)["model"], "ssdlite320_mobilenet_v3_large");
  expect_wrong_usage(
      {"detect", at("data/val/0.png"), "--weights", at("whole.pth"), "--model", "fcos_resnet50_fpn"},
      "is for ssdlite320_mobilenet_v3_large, not for fcos_resnet50_fpn; pass --model ssdlite320_mobilenet_v3_large");
}

// The parameters of two checkpoints that are not the same.
std::vector<std::string> changed_parameters(const std::string& before, const std::string& after) {
  std::map<std::string, torch::Tensor> old;
  for (auto& [name, tensor] : hub::load_state_dict_file(before)) old[name] = tensor;
  std::vector<std::string> names;
  for (const auto& [name, tensor] : hub::load_state_dict_file(after)) {
    if (!name.ends_with(".weight") && !name.ends_with(".bias")) continue;  // counts and statistics of norms
    if (!tensor.equal(old.at(name))) names.push_back(name);
  }
  return names;
}

TEST(CliTrainDetector, GoesOnFromACheckpointWithAsManyLayersAsAreAskedFor) {
  const support::TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  write_boxes(folder.path() / "data");
  const std::vector<std::string> command{at("data"), "--model", "ssdlite320_mobilenet_v3_large"};
  const auto first =
      training_run(command, {"--weights-backbone", "none", "--epochs", "2", "--schedule", "cosine", "--optimizer",
                             "sgd_nesterov", "--momentum", "0.8", "--lr", "0.002", "--out", at("first.pth")});
  EXPECT_NEAR(first["epochs"][0]["lr"].get<double>(), 0.002, 1e-12);
  EXPECT_NEAR(first["epochs"][1]["lr"].get<double>(), 0.001, 1e-12);
  const auto group = hub::load(at("first.pth")).at("optimizer").at("param_groups", 0);
  EXPECT_TRUE(group.get<bool>("nesterov"));
  EXPECT_EQ(group.get<double>("momentum"), 0.8);

  // Its head goes on too: without a rate nothing changes.
  const auto go_on = [&](std::vector<std::string> more, const char* out) {
    more.insert(more.end(), {"--weights", at("first.pth"), "--epochs", "1", "--out", at(out)});
    training_run(command, more);
    return changed_parameters(at("first.pth"), at(out));
  };
  EXPECT_THAT(go_on({"--lr", "0"}, "same.pth"), testing::IsEmpty());
  const auto above = go_on({"--trainable-backbone-layers", "0", "--norm-weight-decay", "0.1"}, "above.pth");
  EXPECT_THAT(above, testing::Contains(StartsWith("head.classification_head.")));
  EXPECT_THAT(above, testing::Each(testing::Not(StartsWith("backbone.features."))));
  const auto groups = hub::load(at("above.pth")).at("optimizer").at("param_groups");
  ASSERT_EQ(groups.items().size(), 2);
  EXPECT_EQ(groups.at(0).get<double>("weight_decay"), 0.1);
  EXPECT_EQ(groups.at(1).get<double>("weight_decay"), 1e-4);

  const auto judged = training_run(command, {"--weights", at("first.pth"), "--test-only"});
  EXPECT_EQ(judged["validation"], first["epochs"][1]["validation"]);
  EXPECT_EQ(judged["categories"], first["categories"]);
  auto in_capitals = command;
  in_capitals.back() = "SSDLite320_MobileNet_V3_Large";
  EXPECT_EQ(training_run(in_capitals, {"--weights", at("first.pth"), "--test-only"}), judged);
  const auto told = opsis_tool(
      {"train-detector", at("data"), "--model", "ssdlite320_mobilenet_v3_large", "--resume", at("first.pth"), "--test-only"});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_THAT(told.out, StartsWith("AP "));
  expect_wrong_usage({"train-detector", at("data"), "--weights", at("first.pth")}, "is for ssdlite320_mobilenet_v3_large, not");
  expect_wrong_usage({"train-detector", at("data"), "--weights", at("first.pth"), "--test-only"},
                     "is for ssdlite320_mobilenet_v3_large, not for fasterrcnn_mobilenet_v3_large_320_fpn");
}

// What frozen norms add to the variance is in no state dict.
TEST(CliTrainDetector, ItsDetectorsKeepTheEpsOfFrozenNorms) {
  const support::TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  const auto name = "ssdlite320_mobilenet_v3_large";
  const auto model = support::lively_detector();
  const auto backbone = model->named_children()["backbone"];
  const auto write = [&](const char* file, hub::Value eps) {
    auto checkpoint = hub::Value::dict({{"model", hub::state_dict(*model)}, {"model_name", name}});
    checkpoint.set("categories", hub::Value::list(std::vector<hub::Value>(91, "thing")));
    if (!eps.is_none()) checkpoint.set("frozen_eps", eps);
    hub::save(at(file), checkpoint);
  };
  write("usual.pth", {});
  write("other.pth", 0.002);
  io::write_png(Image(torch::randint(256, {3, 40, 60}, torch::kUInt8)), at("noise.png"));
  const auto score = [&](const char* file) {
    const auto run = opsis_tool({"detect", at("noise.png"), "--weights", at(file), "--score", "0", "--json"});
    EXPECT_EQ(run.code, 0) << run.err;
    return run.code == 0 ? json::parse(run.out)["found"].at(0)["score"].get<double>() : 0;
  };
  const auto other = score("other.pth");
  EXPECT_GT(std::abs(score("usual.pth") - other), 1e-4);
  // With as much more variance they find the same.
  for (const auto& module : backbone->modules(false)) {
    if (auto* norm = module->as<torch::nn::BatchNorm2d>()) norm->running_var.add_(0.002 - norm->options.eps());
  }
  write("by_hand.pth", {});
  EXPECT_NEAR(score("by_hand.pth"), other, 1e-6);
}

TEST(CliTrainDetector, TakesPicturesAsMultiscaleMakesThemAndProposesWhatIsSure) {
  const support::TemporaryFolder folder;
  write_boxes(folder.path(), {"train"});
  const auto losses = [&](const std::vector<std::string>& more) {
    const auto run = training_run({folder.path().string(), "--weights-backbone", "none", "--epochs", "1", "--batch-size", "1",
                                   "--out", (folder.path() / "out.pth").string()},
                                  more);
    return run["epochs"][0]["losses"];
  };
  const auto multiscale = losses({"--augmentation", "multiscale", "--image-size", "64"});
  EXPECT_EQ(losses({"--augmentation", "multiscale", "--image-size", "96"}), multiscale);
  const auto small = losses({"--image-size", "64"});
  EXPECT_NE(losses({"--image-size", "96"}), small);
  // None is that sure: only the boxes of the annotations are looked at.
  const auto sure = losses({"--image-size", "64", "--rpn-score-thresh", "1"});
  EXPECT_NEAR(sure["loss_objectness"].get<double>(), small["loss_objectness"].get<double>(), 1e-4);
  EXPECT_NE(sure["loss_classifier"], small["loss_classifier"]);
}

// Pictures of somebody whose key points lie on the light square that is the body.
void write_people(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder / "annotations");
  for (const std::string part : {"train", "val"}) {
    std::filesystem::create_directories(folder / part);
    json file{{"images", json::array()}, {"annotations", json::array()}, {"categories", {{{"id", 1}, {"name", "person"}}}}};
    for (int64_t i = 0; i < 2; ++i) {
      const auto name = std::to_string(i) + ".png";
      auto picture = torch::zeros({3, 48, 64}, torch::kUInt8);
      picture.narrow(1, 4 + i, 40).narrow(2, 10 + i, 40).fill_(200);
      io::write_png(Image(picture), folder / part / name);
      file["images"].push_back({{"id", i}, {"file_name", name}, {"height", 48}, {"width", 64}});
      auto points = json::array();
      for (int64_t k = 0; k < 17; ++k) points.insert(points.end(), {12 + i + 2 * k, 6 + i + 2 * k, 2});
      file["annotations"].push_back({{"id", i + 1},
                                     {"image_id", i},
                                     {"category_id", 1},
                                     {"bbox", {10 + i, 4 + i, 40, 40}},
                                     {"area", 1600},
                                     {"iscrowd", 0},
                                     {"num_keypoints", 17},
                                     {"keypoints", std::move(points)}});
    }
    std::ofstream(folder / "annotations" / ("person_keypoints_" + part + ".json")) << file;
  }
}

TEST(CliTrainDetector, TrainsOnKeyPointsWhichAreThenFound) {
  const support::TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  write_people(folder.path() / "people");
  const auto trained =
      opsis_tool({"train-detector", at("people"), "--model", "keypointrcnn_resnet50_fpn", "--weights-backbone", "none",
                  "--image-size", "48", "--epochs", "1", "--batch-size", "2", "--out", at("people.pth"), "--json"});
  ASSERT_EQ(trained.code, 0) << trained.err;
  const auto epoch = json::parse(trained.out)["epochs"].at(0);
  EXPECT_GT(epoch["losses"]["loss_keypoint"].get<double>(), 0);
  EXPECT_EQ(epoch["validation"]["images"], 2);
  EXPECT_EQ(epoch["validation"]["key_points"].size(), 10);
  EXPECT_TRUE(epoch["validation"]["key_points"].contains("AP50"));

  const auto found = opsis_tool(
      {"keypoints", at("people/val/0.png"), "--weights", at("people.pth"), "--score", "0", "--out", at("drawn.png"), "--json"});
  ASSERT_EQ(found.code, 0) << found.err;
  const auto document = json::parse(found.out);
  EXPECT_EQ(document["model"], "keypointrcnn_resnet50_fpn");
  for (const auto& person : document["found"]) EXPECT_EQ(person["keypoints"].size(), 17);
  const auto pixels = [&](const char* name) { return io::decode_image(std::filesystem::path(at(name))).data; };
  EXPECT_EQ(pixels("drawn.png").sizes(), (std::vector<int64_t>{3, 48, 64}));
  const auto changed = (pixels("drawn.png") != pixels("people/val/0.png")).any(0);
  ASSERT_FALSE(document["found"].empty());
  EXPECT_TRUE(changed.any().item<bool>());
}

TEST(CliTrainDetector, SaysWhatIsWrong) {
  const support::TemporaryFolder folder;
  const auto out = (folder.path() / "out.pth").string();
  expect_failure({"train-detector", folder.path().string(), "--out", out}, "there is neither annotations/instances_train.json");
  expect_wrong_usage({"train-detector", "data", "--out", ""}, "--out must name a file, got nothing");
  expect_wrong_usage({"train-detector", "data", "--augmentation", "all"}, "--augmentation");
  expect_wrong_usage({"train-detector", "data", "--schedule", "line"}, "--schedule");
  expect_wrong_usage({"train-detector", "data", "--copy-paste"}, "--copy-paste is for models that find masks");
  expect_wrong_usage({"train-detector", "data", "--trainable-backbone-layers", "-1"}, "--trainable-backbone-layers");
  expect_wrong_usage({"train-detector", "data", "--weights", "DEFAULT", "--weights-backbone", "none"},
                     "leave out --weights-backbone");
  expect_failure({"train-detector", folder.path().string(), "--test-only", "--weights", "DEFAULT"},
                 "there is neither annotations/instances_val.json");
  const support::TemporaryFolder squares;
  write_boxes(squares.path());
  const std::vector<std::string> on_squares{"train-detector", squares.path().string(), "--out", out};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), on_squares.begin(), on_squares.end());
    return more;
  };
  expect_wrong_usage(with({"--test-only"}), "--test-only judges the model of --weights");
  expect_failure(with({"--test-only", "--weights", "DEFAULT"}), "DEFAULT tells 91 classes apart, the data has 4");
  expect_wrong_usage(
      with({"--model", "ssdlite320_mobilenet_v3_large", "--weights-backbone", "none", "--rpn-score-thresh", "0.5"}),
      "--rpn-score-thresh is for models that propose regions");
  expect_wrong_usage(with({"--rpn-score-thresh", "nan"}), "--rpn-score-thresh: must be a number from 0 to 1, got nan");
  expect_wrong_usage(with({"--lr-steps", "8", "nan"}), "--lr-steps: must be a number from 0 on, got nan");
  expect_wrong_usage(with({"--lr-gamma", "-1"}), "--lr-gamma: must be a number from 0 on, got -1");
  const auto annotations = folder.path() / "annotations" / "instances_train.json";
  std::filesystem::create_directories(annotations.parent_path());
  std::ofstream(annotations) << R"({"images": [{"id": 1, "file_name": "a.png"}], "annotations": []})";
  expect_failure({"train-detector", folder.path().string(), "--out", out}, "no image of the training data has a box");
  const std::vector<std::string> people{"train-detector", folder.path().string(),     "--out", out,
                                        "--model",        "keypointrcnn_resnet50_fpn"};
  expect_failure(people, "there is neither annotations/person_keypoints_train.json");
  auto in_capitals = people;
  in_capitals.back() = "KeypointRCNN_ResNet50_FPN";
  expect_failure(in_capitals, "there is neither annotations/person_keypoints_train.json");
  std::ofstream(folder.path() / "annotations" / "person_keypoints_train.json")
      << R"({"images": [{"id": 1, "file_name": "a.png"}], "annotations": [{"id": 1, "image_id": 1, "category_id": 1,
             "bbox": [0, 0, 9, 9], "keypoints": [1,1,2, 1,1,2, 1,1,2, 1,1,2, 1,1,2, 1,1,2, 1,1,2, 1,1,2, 1,1,2, 1,1,2]}]})";
  auto cut = people;
  cut.insert(cut.end(), {"--augmentation", "lsj", "--batch-size", "1"});
  expect_wrong_usage(cut, "--augmentation lsj cuts key points off; with key points it is hflip, multiscale or none");
}

TEST(CliEvaluateDetections, TellsCocosNumbers) {
  const support::TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  std::ofstream(at("truth.json")) << R"({
      "images": [{"id": 7, "file_name": "7.jpg", "height": 99, "width": 99}, {"id": 8, "file_name": "8.jpg"}],
      "categories": [{"id": 1, "name": "square"}, {"id": 4, "name": "circle"}],
      "annotations": [{"id": 1, "image_id": 7, "category_id": 1, "bbox": [2, 3, 40, 40], "area": 1600, "iscrowd": 0},
                      {"id": 2, "image_id": 7, "category_id": 4, "bbox": [50, 50, 20, 20], "area": 400, "iscrowd": 0}]})";
  std::ofstream(at("results.json")) << R"([{"image_id": 7, "category_id": 1, "score": 0.9, "bbox": [2, 3, 40, 40]}])";
  const std::vector<std::string> command{"evaluate-detections", at("truth.json"), at("results.json")};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), command.begin(), command.end());
    return more;
  };
  const auto told = opsis_tool(command);
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_THAT(told.out, StartsWith("boxes of 2 images\nAP          0.500\n"));
  const auto document = json::parse(opsis_tool(with({"--json"})).out);
  EXPECT_EQ(document["kind"], "boxes");
  EXPECT_EQ(document["numbers"].size(), 12);
  EXPECT_NEAR(document["numbers"]["APmedium"].get<double>(), 1, 1e-12);
  ASSERT_EQ(document["categories"].size(), 2);
  EXPECT_EQ(document["categories"][0]["name"], "square");
  EXPECT_NEAR(document["categories"][0]["AP"].get<double>(), 1, 1e-12);
  EXPECT_EQ(document["categories"][1], (json{{"id", 4}, {"name", "circle"}, {"AP", 0.0}}));
  expect_wrong_usage(with({"--kind", "points"}), "--kind");
  expect_failure(with({"--kind", "masks"}), "coco_target: image 7: ");
  std::ofstream(at("results.json")) << R"([{"image_id": 9, "category_id": 1, "score": 0.9, "bbox": [2, 3, 40, 40]}])";
  expect_failure(command, "entry 0 is of image 9, which is not in the annotations");
}

}  // namespace
}  // namespace opsis::cli_tests
