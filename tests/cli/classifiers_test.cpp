// opsis train, evaluate, finetune and predict.
#include <cmath>
#include <map>
#include <set>

#include "opsis/hub.h"
#include "opsis/io.h"
#include "opsis/models.h"
#include "tests/cli/tool.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/small_disk.h"
#include "tests/support/temporary.h"

namespace opsis::cli_tests {
namespace {

TEST(CliPredict, NamesTorchvisionsFiveBest) {
  for (const auto& c : oracle::cases("cli/predict")) {
    SCOPED_TRACE(c.name());
    std::vector<std::string> arguments{"predict", c.text("photo"), "--weights", c.text("checkpoint"), "--json"};
    if (c.text("kind") == "official") arguments.insert(arguments.end(), {"--model", "resnet18"});
    const auto run = opsis_tool(arguments);
    ASSERT_EQ(run.code, 0) << run.err;
    const auto document = json::parse(run.out);
    EXPECT_EQ(document["model"], "resnet18");
    const auto classes = document["predictions"][0]["classes"];
    ASSERT_EQ(classes.size(), 5);
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(classes[i]["index"], c.ints("indices")[i]);
      EXPECT_EQ(classes[i]["name"], c.texts("names")[i]);
      // Two builds of the same convolutions, whose sums differ in order.
      EXPECT_NEAR(classes[i]["probability"].get<double>(), c.numbers("probabilities")[i], 1e-4);
    }
    arguments.erase(std::find(arguments.begin(), arguments.end(), "--json"));
    const auto readable = opsis_tool(arguments);
    EXPECT_THAT(readable.out, StartsWith(c.text("photo") + "\n"));
    EXPECT_THAT(readable.out, HasSubstr(" %  " + c.texts("names")[0] + "\n"));
  }
}

TEST(CliPredict, AnswersForTheGoodPicturesAmongBadOnes) {
  const auto c = oracle::cases("cli/predict").back();
  const support::TemporaryFolder folder;
  const auto broken = folder.write("broken.jpg", "no picture").string();
  const auto run = opsis_tool(
      {"predict", "missing.jpg", broken, c.text("photo"), "--weights", c.text("checkpoint"), "--top", "1", "--json"});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("opsis predict: cannot open missing.jpg: No such file or directory\n"));
  EXPECT_THAT(run.err, HasSubstr("broken.jpg"));
  const auto predictions = json::parse(run.out)["predictions"];
  ASSERT_EQ(predictions.size(), 3);
  EXPECT_TRUE(predictions[0].contains("error"));
  EXPECT_TRUE(predictions[1].contains("error"));
  EXPECT_EQ(predictions[2]["classes"].size(), 1);
}

TEST(CliPredict, TakesFoldersAndTheStandardInput) {
  const auto c = oracle::cases("cli/predict").back();
  const support::TemporaryFolder folder;
  const auto inside = folder.path() / "photos" / "more";
  std::filesystem::create_directories(inside);
  std::filesystem::copy_file(c.text("photo"), inside / "b.jpg");
  std::filesystem::copy_file(c.text("photo"), folder.path() / "photos" / "a.jpg");
  folder.write("photos/notes.txt", "no picture");
  const auto run = opsis_tool(
      {"predict", (folder.path() / "photos").string(), "-", "--checkpoint", c.text("checkpoint"), "--json"}, c.text("photo"));
  ASSERT_EQ(run.code, 0) << run.err;
  const auto predictions = json::parse(run.out)["predictions"];
  ASSERT_EQ(predictions.size(), 3);
  EXPECT_EQ(predictions[0]["file"], (folder.path() / "photos" / "a.jpg").string());
  EXPECT_EQ(predictions[1]["file"], (inside / "b.jpg").string());
  EXPECT_EQ(predictions[2]["file"], "-");
  for (const auto& prediction : predictions) EXPECT_EQ(prediction["classes"], predictions[0]["classes"]);
  std::filesystem::create_directories(folder.path() / "drawn");
  io::write_file(folder.path() / "drawn" / "a.GIF", io::encode_gif(io::decode_image(std::filesystem::path(c.text("photo")))));
  const auto drawn = opsis_tool({"predict", (folder.path() / "drawn").string(), "--checkpoint", c.text("checkpoint")});
  EXPECT_THAT(drawn.out, StartsWith((folder.path() / "drawn" / "a.GIF").string() + "\n")) << drawn.err;
  std::filesystem::create_directories(folder.path() / "empty");
  expect_failure({"predict", (folder.path() / "empty").string(), "--checkpoint", c.text("checkpoint")},
                 "there is no picture in");
  EXPECT_THAT(opsis_tool({"predict", "-", "--checkpoint", c.text("checkpoint")}).err, HasSubstr("the standard input is empty"));
  expect_wrong_usage({"predict", "-", "-", "--checkpoint", c.text("checkpoint")}, "the standard input can be read once");
}

TEST(CliPredict, SaysWhatIsWrong) {
  const auto c = oracle::cases("cli/predict").front();
  const auto photo = c.text("photo"), checkpoint = c.text("checkpoint");
  const support::TemporaryFolder folder;
  const auto garbage = folder.write("garbage.pth", "no checkpoint").string();
  expect_failure({"predict", photo, "--model", "resnet51"}, "\"resnet51\"; did you mean resnet50");
  expect_failure({"predict", photo, "--model", "resnet18", "--weights", "missing.pth"}, "missing.pth");
  expect_failure({"predict", photo, "--model", "resnet18", "--weights", garbage}, "garbage.pth");
  expect_failure({"predict", photo, "--model", "resnet50", "--weights", checkpoint}, "\n    layer1.0.conv3.weight\n");
  const auto unfit = opsis_tool({"predict", photo, "--model", "resnet50", "--weights", checkpoint}).err;
  EXPECT_LT(std::count(unfit.begin(), unfit.end(), '\n'), 70);  // there are hundreds
  EXPECT_THAT(unfit, HasSubstr("\n    ... and "));
  EXPECT_THAT(unfit,
              testing::EndsWith("\n  The file is for another model: pass the one that it is for (opsis models lists them).\n"));
  const auto described = oracle::cases("cli/predict").back().text("checkpoint");
  expect_failure({"predict", photo, "--model", "resnet50", "--weights", described},
                 " is for resnet18, not for resnet50; pass --model resnet18");
  expect_failure({"predict", photo, "--model", "fasterrcnn_resnet50_fpn"},
                 "another task: object detection (see opsis detect, keypoints and train-detector)");
  expect_failure({"predict", photo, "--model", "resnet18", "--weights", "IMAGENET1K_V7"}, "IMAGENET1K_V1");
  expect_wrong_usage({"predict", photo, "--weights", checkpoint}, "does not say which model it is for; pass --model");
}

TEST(CliPredict, SaysSoOfAModelThatGivesNoNumbers) {
  const auto photo = oracle::cases("cli/predict").front().text("photo");
  const support::TemporaryFolder folder;
  const auto checkpoint = (folder.path() / "nan.safetensors").string();
  auto state = hub::state_dict(*models::get_model("mnasnet0_5", {.num_classes = 1}));
  state.back().second.fill_(NAN);  // the bias of the head
  hub::save_safetensors(checkpoint, state);
  const std::vector<std::string> model{"--model", "mnasnet0_5", "--weights", checkpoint};

  std::vector<std::string> predict{"predict", photo};
  predict.insert(predict.end(), model.begin(), model.end());
  expect_failure(predict, photo + ": the model gives nan in place of probabilities");
  predict.push_back("--json");
  const auto run = opsis_tool(predict);
  EXPECT_EQ(run.code, 1);
  EXPECT_TRUE(json::parse(run.out)["predictions"][0].contains("error"));

  io::write_png(Image(torch::full({3, 40, 40}, 20, torch::kUInt8)), folder.write("data/dark/0.png", ""));
  std::vector<std::string> evaluate{"evaluate", (folder.path() / "data").string()};
  evaluate.insert(evaluate.end(), model.begin(), model.end());
  EXPECT_THAT(opsis_tool(evaluate).out, testing::EndsWith(", loss nan\n"));
}

TEST(CliTrain, TrainsResumesEvaluatesAndPredicts) {
  const support::TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  // Four coloured pictures of two classes, on 16 pixels: a run takes a second.
  for (const std::string part : {"train", "val"}) {
    for (const auto& [name, level] : {std::pair{"dark", 20}, {"light", 230}}) {
      for (const int i : {0, 1}) {
        const auto file = folder.path() / "data" / part / name / (std::to_string(i) + ".png");
        std::filesystem::create_directories(file.parent_path());
        io::write_png(Image(torch::full({3, 24, 24}, level + i, torch::kUInt8)), file);
      }
    }
  }
  const std::vector<std::string> command{"train", at("data"), "--size",          "16", "--batch-size", "2",
                                         "--lr",  "0.01",     "--warmup-epochs", "0",  "--json"};
  const auto train = [&](std::vector<std::string> more) {
    more.insert(more.begin(), command.begin(), command.end());
    const auto run = opsis_tool(more);
    EXPECT_EQ(run.code, 0) << run.err;
    return json::parse(run.out);
  };
  const auto whole = train({"--epochs", "2", "--schedule", "constant", "--out", at("whole.pth")});
  ASSERT_EQ(whole["epochs"].size(), 2);
  EXPECT_EQ(whole["classes"], (json{"dark", "light"}));
  EXPECT_EQ(whole["epochs"][1]["validation"]["images"], 4);

  train({"--epochs", "1", "--schedule", "constant", "--out", at("half.pth")});
  const auto resumed = train({"--epochs", "2", "--schedule", "constant", "--resume", at("half.pth"), "--out", at("rest.pth")});
  EXPECT_EQ(resumed["epochs"][1]["loss"], whole["epochs"][1]["loss"]);

  const auto evaluated = opsis_tool({"evaluate", at("data"), "--weights", at("whole.pth"), "--json"});
  ASSERT_EQ(evaluated.code, 0) << evaluated.err;
  const auto result = json::parse(evaluated.out);
  EXPECT_EQ(result["model"], "resnet18");
  EXPECT_EQ(result["images"], 4);
  EXPECT_NEAR(result["acc@1"].get<double>(), whole["epochs"][1]["validation"]["acc@1"].get<double>(), 1e-9);

  // Three pictures in batches of two leave one alone, on which batch normalisation cannot train: it is left out.
  std::filesystem::remove(at("data/train/light/1.png"));
  EXPECT_EQ(train({"--epochs", "1", "--out", at("three.pth")})["epochs"].size(), 1);
  auto alone = command;
  alone[5] = "1";
  alone.insert(alone.end(), {"--epochs", "1", "--out", at("alone.pth")});
  expect_failure(alone, "cannot train on a batch of one image; set drop_last, or another batch_size");

  // The model that goes on must be the one that began.
  auto other_model = command;
  other_model.insert(other_model.end(),
                     {"--epochs", "2", "--model", "resnet34", "--resume", at("half.pth"), "--out", at("x.pth")});
  expect_failure(other_model, "half.pth is for resnet18, not for resnet34; pass --model resnet18");

  // So must the optimizer.
  auto other = command;
  other.insert(other.end(), {"--epochs", "2", "--optimizer", "adamw", "--resume", at("half.pth"), "--out", at("other.pth")});
  expect_failure(other, "the optimizer is AdamW, what was saved is not (it has no \"betas\")");

  // Labels of other folders would mean something else.
  std::filesystem::rename(at("data/val/dark"), at("data/val/zebra"));
  expect_failure({"evaluate", at("data"), "--weights", at("whole.pth")}, "class 0 is \"light\" in the data and \"dark\"");
  auto parted = command;
  parted.insert(parted.end(), {"--epochs", "1", "--out", at("parted.pth")});
  expect_failure(parted, "class 0 is \"dark\" in the training data and \"light\" in the validation data");
  std::filesystem::rename(at("data/val/zebra"), at("data/val/dark"));

  const auto predicted = opsis_tool({"predict", at("data/val/dark/0.png"), "--weights", at("whole.pth"), "--json"});
  ASSERT_EQ(predicted.code, 0) << predicted.err;
  EXPECT_EQ(json::parse(predicted.out)["predictions"][0]["classes"].size(), 2);
}

TEST(CliTrain, LearnsTheDigitsThatShipWithOpsis) {
  const support::TemporaryFolder folder;
  const auto checkpoint = (folder.path() / "digits.pth").string();
  const auto trained = opsis_tool({"train", "digits", "--model", "shufflenet_v2_x0_5", "--epochs", "1", "--out", checkpoint});
  ASSERT_EQ(trained.code, 0) << trained.err;
  const auto evaluated = opsis_tool({"evaluate", "digits", "--weights", checkpoint, "--json"});
  ASSERT_EQ(evaluated.code, 0) << evaluated.err;
  EXPECT_EQ(json::parse(evaluated.out)["images"], 360);
}

TEST(CliFinetune, WritesACheckpointThatPredictNeedsNothingBesides) {
  const support::TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  for (const auto& [name, level] : {std::pair{"dark", 20}, {"light", 230}}) {
    for (const int i : {0, 1, 2, 3, 4}) {
      const auto file = folder.path() / "data" / name / (std::to_string(i) + ".png");
      std::filesystem::create_directories(file.parent_path());
      io::write_png(Image(torch::full({3, 40, 40}, level + i, torch::kUInt8)), file);
    }
  }
  torch::manual_seed(0);
  const auto pretrained = models::get_model("mnasnet0_5");
  hub::save_safetensors(at("pretrained.safetensors"), hub::state_dict(*pretrained));
  const std::vector<std::string> command{
      "finetune", at("data"), "--model",      "mnasnet0_5", "--weights", at("pretrained.safetensors"),
      "--size",   "32",       "--batch-size", "4",          "--json"};
  const auto finetune = [&](std::vector<std::string> more) {
    more.insert(more.begin(), command.begin(), command.end());
    const auto run = opsis_tool(more);
    EXPECT_EQ(run.code, 0) << run.err;
    return json::parse(run.out);
  };
  const auto head = finetune({"--epochs", "0", "--head-epochs", "1", "--out", at("head.pth")});
  EXPECT_EQ(head["classes"], (json{"dark", "light"}));
  EXPECT_EQ(head["images"], (json{{"train", 8}, {"validation", 2}}));
  ASSERT_EQ(head["epochs"].size(), 1);
  EXPECT_EQ(head["epochs"][0]["phase"], "head");
  // Only the head has learnt: all else, running statistics too, is as it was.
  std::map<std::string, torch::Tensor> before;
  for (auto& [name, tensor] : hub::state_dict(*pretrained)) before.emplace(name, tensor);
  for (const auto& [name, tensor] : hub::load_state_dict_file(at("head.pth"))) {
    if (name.starts_with("classifier.1.")) {
      EXPECT_EQ(tensor.size(0), 2);
    } else {
      EXPECT_TENSOR_EQ(tensor, before.at(name));
    }
  }

  const auto whole = finetune({"--epochs", "1", "--hold-out", "0", "--out", at("whole.pth")});
  ASSERT_EQ(whole["epochs"].size(), 2);
  EXPECT_EQ(whole["epochs"][1]["phase"], "all");
  EXPECT_EQ(whole["images"]["validation"], 0);
  for (const auto& [name, tensor] : hub::load_state_dict_file(at("whole.pth"))) {
    if (name == "layers.0.weight") {
      EXPECT_FALSE(torch::equal(tensor, before.at(name)));
    }
  }
  const auto about = hub::load(at("whole.pth"));
  EXPECT_EQ(about.get<std::vector<std::string>>("categories"), (std::vector<std::string>{"dark", "light"}));
  EXPECT_EQ(about.get<int64_t>("preprocessing", "crop_size"), 32);    // by --size; that of the model's weights is 224
  EXPECT_EQ(about.get<int64_t>("preprocessing", "resize_size"), 37);  // 256 * 32 / 224; that of the model's weights is 256

  const auto run = opsis_tool({"predict", at("data"), "--checkpoint", at("whole.pth"), "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  const auto predicted = json::parse(run.out);
  EXPECT_EQ(predicted["model"], "mnasnet0_5");
  ASSERT_EQ(predicted["predictions"].size(), 10);
  for (const auto& prediction : predicted["predictions"]) {
    std::set<std::string> told;
    for (const auto& one : prediction["classes"]) told.insert(one["name"]);
    EXPECT_EQ(told, (std::set<std::string>{"dark", "light"}));
  }
  // And one can go on from it.
  EXPECT_EQ(opsis_tool({"finetune", at("data"), "--model", "mnasnet0_5", "--weights", at("whole.pth"), "--epochs", "0", "--out",
                        at("again.pth")})
                .code,
            0);
}

TEST(CliFinetune, GoesOnFromAGoogLeNetWhoseAuxiliaryHeadsAreGone) {
  const support::TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  for (const auto& [name, level] : {std::pair{"dark", 20}, {"light", 230}}) {
    const auto file = folder.path() / "data" / name / "0.png";
    std::filesystem::create_directories(file.parent_path());
    io::write_png(Image(torch::full({3, 40, 40}, level, torch::kUInt8)), file);
  }
  const auto pretrained = models::googlenet({}, {.num_classes = 5, .aux_logits = false, .init_weights = false});
  hub::save_safetensors(at("pretrained.safetensors"), hub::state_dict(*pretrained));
  const auto finetune = [&](const std::string& from, const std::string& to) {
    const auto run = opsis_tool({"finetune", at("data"), "--model", "googlenet", "--weights", from, "--size", "32", "--epochs",
                                 "0", "--hold-out", "0", "--out", to});
    EXPECT_EQ(run.code, 0) << run.err;
    return hub::load_state_dict_file(to);
  };
  const auto first = finetune(at("pretrained.safetensors"), at("first.pth"));
  const auto second = finetune(at("first.pth"), at("second.pth"));
  ASSERT_EQ(first.size(), second.size());
  // The second time the classes are those that the checkpoint was trained on: its head stays, and learns on.
  const auto distance = (first.back().second - second.back().second).abs().max().item<double>();
  EXPECT_GT(distance, 0);
  EXPECT_LT(distance, 0.01);
}

TEST(CliFinetune, SaysWhatIsWrong) {
  const support::TemporaryFolder folder;
  const auto nowhere = (folder.path() / "nowhere").string();
  expect_failure({"finetune", nowhere}, "no data \"" + nowhere);
  expect_wrong_usage({"finetune", "digits"}, "there is opsis train");
  expect_wrong_usage({"finetune", nowhere, "--epochs", "0", "--head-epochs", "0"}, "nothing would be learnt");
  expect_wrong_usage({"finetune", nowhere, "--out", ""}, "--out must name a file");
  expect_wrong_usage({"finetune", nowhere, "--hold-out", "1"}, "--hold-out");
  expect_wrong_usage({"finetune", nowhere, "--hold-out", "nan"}, "--hold-out: must be a number from 0 to 0.9, got nan");
  expect_wrong_usage({"finetune", nowhere, "--lr", "-1"}, "--lr: must be a number from 0 on, got -1");
  expect_wrong_usage({"finetune", nowhere, "--head-lr", "inf"}, "--head-lr: must be a number from 0 on, got inf");
}

TEST(CliTrain, SaysWhatIsWrong) {
  const support::TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "cat");
  expect_failure({"train", folder.path().string()}, "; put pictures into their folders, or remove those\n");
  expect_failure({"train", "digitz"}, "no data \"digitz\"");
  expect_failure({"train", "digits", "--model", "resnet51"}, "did you mean resnet50");
  expect_failure({"train", "digits", "--model", "lraspp_mobilenet_v3_large"},
                 "another task than the one asked for: semantic segmentation (see opsis segment and train-segmenter)");
  expect_failure({"train", "digits", "--out", "/nowhere/at/all.pth"}, "/nowhere/at/all.pth");
  expect_wrong_usage({"train", "digits", "--lr", "-1"}, "--lr: must be a number from 0 on, got -1");
  expect_wrong_usage({"train", "digits", "--lr", "nan"}, "--lr: must be a number from 0 on, got nan");
  expect_wrong_usage({"train", "digits", "--label-smoothing", "2"}, "--label-smoothing: must be a number from 0 to 1, got 2");
  expect_wrong_usage({"train", "digits", "--warmup-epochs", "-1"}, "--warmup-epochs: must be a number from 0 on, got -1");
  expect_wrong_usage({"train", "digits", "--seed", "-1"}, "--seed: must be a whole number from 0 on, got -1");
  expect_wrong_usage({"train", "digits", "--workers", "-1"}, "--workers");
  expect_wrong_usage({"train", "digits", "--out", ""}, "--out must name a file");
  expect_failure({"evaluate", "digits", "--weights", "missing.pth"}, "missing.pth");
  const auto thousand = (folder.path() / "thousand.safetensors").string();
  hub::save_safetensors(thousand, hub::state_dict(*models::get_model("mnasnet0_5")));
  expect_failure({"evaluate", "digits", "--model", "mnasnet0_5", "--weights", thousand},
                 "the data has 10 classes, " + thousand + " tells 1000 apart: give the data a folder for each");
}

TEST(CliTrain, KeepsTheOldCheckpointWhereTheDiskIsFull) {
  const support::TemporaryFolder folder;
  const support::SmallDisk disk(folder.path() / "disk", 1000);
  if (!disk) GTEST_SKIP() << "mounting a small disk needs root";
  const auto checkpoint = std::string(folder.write("disk/digits.pth", "the old one"));
  const auto run = opsis_tool({"train", "digits", "--model", "shufflenet_v2_x0_5", "--epochs", "1", "--out", checkpoint});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, testing::HasSubstr(checkpoint));
  EXPECT_THAT(run.err, testing::HasSubstr("No space left on device"));
  EXPECT_EQ(io::read_file(checkpoint).numel(), 11);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(disk.path()), std::filesystem::directory_iterator()),
            1);  // nothing half-written
}

}  // namespace
}  // namespace opsis::cli_tests
