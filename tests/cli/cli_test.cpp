// The tool as a user meets it: a process with arguments, an exit code and two streams.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "opsis/hub.h"
#include "opsis/io.h"
#include "opsis/models.h"
#include "tests/support/expect.h"
#include "tests/support/lively_detector.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

extern char** environ;

namespace opsis {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

struct Finished {
  int code = -1;
  std::string out, err;
};

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Finished opsis_tool(std::vector<std::string> arguments, const std::string& input = "/dev/null") {
  const support::TemporaryFolder folder;
  const auto out = (folder.path() / "out").string(), err = (folder.path() / "err").string();
  const auto binary = std::string(std::getenv("OPSIS_BINARY_DIR")) + "/opsis";
  arguments.insert(arguments.begin(), binary);
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, input.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t child = 0;
  const int failure = posix_spawn(&child, binary.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) throw std::runtime_error("cannot start " + binary);
  int status = 0;
  waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(out), content(err)};
}

// Wrong usage: 2, nothing on stdout, one line on stderr that says what.
void expect_wrong_usage(const std::vector<std::string>& arguments, const std::string& what) {
  const auto run = opsis_tool(arguments);
  EXPECT_EQ(run.code, 2) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr(what));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
}

// Work that failed: 1, nothing on stdout, on stderr a line that says what and, indented, its details.
void expect_failure(const std::vector<std::string>& arguments, const std::string& what) {
  const auto run = opsis_tool(arguments);
  EXPECT_EQ(run.code, 1) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, StartsWith("opsis " + arguments[0] + ": "));
  EXPECT_THAT(run.err, HasSubstr(what));
  EXPECT_THAT(run.err, testing::Not(testing::ContainsRegex("\n[^ ]")));
}

TEST(Cli, TellsItsVersionAndHelp) {
  const auto version = opsis_tool({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.out, testing::MatchesRegex("opsis [0-9.]+ \\(LibTorch .*\\)\n"));
  const auto help = opsis_tool({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const std::string command : {"train", "finetune", "evaluate", "predict", "detect", "segment", "keypoints", "flow",
                                    "models", "transform", "show", "weights"}) {
    EXPECT_THAT(help.out, HasSubstr(command));
    const auto own = opsis_tool({command, "--help"});
    EXPECT_EQ(own.code, 0);
    EXPECT_THAT(own.out, HasSubstr("Examples:\n  opsis " + command)) << own.err;
  }
}

TEST(Cli, RefusesWrongUsageWithTwo) {
  expect_wrong_usage({"predikt", "photo.jpg"}, "opsis: no command \"predikt\"; did you mean predict?");
  expect_wrong_usage({"--verison"}, "opsis: no option \"--verison\"; did you mean --version?");
  expect_wrong_usage({"predict", "photo.jpg", "--modle", "resnet18"},
                     "opsis predict: no option \"--modle\"; did you mean --model?");
  expect_wrong_usage({"predict"}, "images is required");
  expect_wrong_usage({"predict", "photo.jpg"}, "pass --model");
  expect_wrong_usage({"predict", "photo.jpg", "--top", "none"}, "--top");
  expect_wrong_usage({"predict", "photo.jpg", "--top", "0"}, "--top: must be a whole number from 1 on, got 0");
  expect_wrong_usage({"models", "a", "b"}, "too many arguments, at \"b\"");
  expect_wrong_usage({"train", "digits", "--optimizer", "sdg"}, "--optimizer");
  const auto nothing = opsis_tool({});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_THAT(nothing.err, HasSubstr("Usage:"));
}

TEST(CliModels, ListsAndFilters) {
  const auto all = opsis_tool({"models"});
  EXPECT_EQ(all.code, 0);
  EXPECT_THAT(all.out, testing::ContainsRegex("\nresnet50 +25\\.6 M +4\\.09 +80\\.86\n"));
  const auto entries = opsis_tool({"models", "resnet50", "--weights"});
  EXPECT_THAT(entries.out, HasSubstr("ResNet50_Weights.IMAGENET1K_V2 (default)"));
  const auto document = json::parse(opsis_tool({"models", "resnext*", "--json"}).out);
  ASSERT_EQ(document.size(), 3);
  EXPECT_EQ(document[0]["name"], "resnext101_32x8d");
  EXPECT_EQ(document[0]["weights"].size(), 2);
  expect_failure({"models", "resnet51"}, "no model matches \"resnet51\"; did you mean resnet50");
}

TEST(CliModels, FiltersByPatternsAndModuleAndSorts) {
  const auto names = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"models", "--json"});
    std::vector<std::string> out;
    for (const auto& model : json::parse(opsis_tool(more).out)) out.push_back(model["name"]);
    return out;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names({"--include", "resnet*", "--include", "vgg11", "--exclude", "*1*"}), (Names{"resnet34", "resnet50"}));
  EXPECT_EQ(names({"--include", "resnet*", "--sort", "accuracy", "--module", "models"}),
            (Names{"resnet152", "resnet101", "resnet50", "resnet34", "resnet18"}));
  EXPECT_EQ(names({"--include", "squeezenet*", "--include", "mnasnet0_5", "--sort", "params"}),
            (Names{"squeezenet1_1", "squeezenet1_0", "mnasnet0_5"}));
  EXPECT_EQ(names({"--include", "squeezenet*", "--include", "mnasnet0_5", "--sort", "gflops"}),
            (Names{"mnasnet0_5", "squeezenet1_1", "squeezenet1_0"}));
  expect_failure({"models", "--module", "models::nothing"}, "no model matches --include, --exclude and --module");
  expect_wrong_usage({"models", "--sort", "speed"}, "--sort");
}

TEST(CliDatasets, ListsTellsFetchesAndVerifies) {
  EXPECT_THAT(opsis_tool({"datasets", "list", "CIFAR"}).out, HasSubstr("CIFAR100"));
  const auto told = json::parse(opsis_tool({"datasets", "info", "SEMEION", "--json"}).out);
  EXPECT_EQ(told.at(0).at("md5"), "cb545d371d2ce14ec121470795a77432");
  expect_failure({"datasets", "info", "SEMEIN"}, "no data set is named \"SEMEIN\"; did you mean SEMEION?");

  // A mirror whose file is another one: it is refused, named and not kept; where it stands by hand, it is found damaged.
  const support::TemporaryFolder mirror, root;
  mirror.write("ml/machine-learning-databases/semeion/semeion.data", "1 2 3\n");
  setenv("OPSIS_HUB_MIRROR", mirror.path().c_str(), 1);
  expect_failure({"datasets", "download", "SEMEION", "--root", root.path()}, "its MD5 is ");
  unsetenv("OPSIS_HUB_MIRROR");
  EXPECT_FALSE(std::filesystem::exists(root.path() / "semeion.data"));
  expect_failure({"datasets", "verify", "SEMEION", "--root", root.path()}, "no file of SEMEION with a known hash is below");
  root.write("semeion.data", "1 2 3\n");
  const auto checked = opsis_tool({"datasets", "verify", "SEMEION", "--root", root.path()});
  EXPECT_EQ(checked.code, 1);
  EXPECT_THAT(checked.out, HasSubstr("damaged"));
  expect_wrong_usage({"datasets", "download", "SEMEION", "--split", "test", "--root", root.path()}, "has no --split");
  expect_failure({"datasets", "verify", "SEMEION", "--root", root.path() / "none"}, "there is no folder");
  expect_failure({"datasets", "download", "Digits"}, "Digits has no files to download");
}

TEST(CliWeights, ListsFetchesAndVerifies) {
  const support::TemporaryFolder folder;
  // A mirror in a folder, whose file is not what its name promises.
  folder.write("mirror/models/resnet18-f37072fd.pth", "no weights");
  setenv("OPSIS_HUB_MIRROR", (folder.path() / "mirror").c_str(), 1);
  setenv("TORCH_HOME", (folder.path() / "home").c_str(), 1);
  const auto fetched = folder.path() / "home" / "hub" / "checkpoints" / "resnet18-f37072fd.pth";
  const auto list = opsis_tool({"weights", "list", "ResNet18_Weights"});
  EXPECT_THAT(list.out, HasSubstr("ResNet18_Weights.IMAGENET1K_V1  44.7 MB  no\n"));
  const auto info = json::parse(opsis_tool({"weights", "info", "resnet18", "--json"}).out);
  EXPECT_EQ(info[0]["url"], "https://download.pytorch.org/models/resnet18-f37072fd.pth");
  EXPECT_EQ(info[0]["file"], fetched.string());
  expect_failure({"weights", "fetch", "resnet18"}, "expected one that begins with f37072fd");
  EXPECT_FALSE(std::filesystem::exists(fetched));
  folder.write(fetched, "no weights");
  const auto verified = opsis_tool({"weights", "verify"});
  EXPECT_EQ(verified.code, 1);
  EXPECT_THAT(verified.err, HasSubstr("resnet18-f37072fd.pth is not what it should be"));
  const auto there = opsis_tool({"weights", "fetch", "resnet18"});
  EXPECT_EQ(there.out, fetched.string() + "\n");
  unsetenv("OPSIS_HUB_MIRROR");
  unsetenv("TORCH_HOME");
  expect_failure({"weights", "info", "resnet51"}, "did you mean resnet50");
  expect_wrong_usage({"weights"}, "subcommand");
}

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

TEST(Segment, TellsWhatThePixelsBelongToAndDrawsIt) {
  const support::TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder.path() / name).string(); };
  torch::manual_seed(0);
  const auto model = models::get_model<models::SegmentationModel>("lraspp_mobilenet_v3_large", {.weights_backbone = ""});
  hub::save_safetensors(file("lraspp.safetensors"), hub::state_dict(*model));
  io::write_png(Image(torch::randint(0, 256, {3, 40, 60}, torch::kUInt8)), file("photo.png"));
  const auto run = opsis_tool({"segment", file("photo.png"), "--model", "lraspp_mobilenet_v3_large", "--weights",
                               file("lraspp.safetensors"), "--out", file("drawn.png"), "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  const auto document = json::parse(run.out);
  EXPECT_EQ(document["height"], 40);
  EXPECT_EQ(document["width"], 60);
  double sum = 0;
  for (const auto& entry : document["classes"]) sum += entry["share"].get<double>();
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_EQ(io::decode_image(std::filesystem::path(file("drawn.png"))).data.sizes(), (std::vector<int64_t>{3, 40, 60}));
  // A file is a file, whatever its name is like.
  std::filesystem::copy(file("lraspp.safetensors"), file("my_Weights.v1"));
  EXPECT_EQ(
      opsis_tool({"segment", file("photo.png"), "--model", "lraspp_mobilenet_v3_large", "--weights", file("my_Weights.v1")})
          .code,
      0);
  io::write_gif(Image(torch::randint(0, 256, {3, 3, 20, 20}, torch::kUInt8)), file("moving.gif"));
  expect_failure(
      {"segment", file("moving.gif"), "--model", "lraspp_mobilenet_v3_large", "--weights", file("lraspp.safetensors")},
      "moving.gif has 3 pictures; a single one is needed");
  expect_wrong_usage({"segment", file("photo.png"), "--alpha", "nan"}, "--alpha must be from 0 to 1");
  expect_failure({"segment", file("photo.png"), "--model", "resnet18"},
                 "ResNet18_Weights.IMAGENET1K_V1: its preset is that of another task");
  // Before the model is built, let alone fetched.
  expect_wrong_usage({"segment", file("photo.png"), "--out", file("drawn.tiff")}, "--out must end in .png or .jpg, got ");
  expect_failure({"segment", file("photo.png"), "--out", file("nowhere/drawn.png")}, "nowhere/drawn.png: there is no folder");
}

TEST(CliDetect, TellsWhatThereIsAndDrawsIt) {
  const support::TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder.path() / name).string(); };
  const auto model = support::lively_detector();
  hub::save_safetensors(file("ssdlite.safetensors"), hub::state_dict(*model));
  io::write_png(Image(torch::randint(0, 256, {3, 40, 60}, torch::kUInt8)), file("photo.png"));
  const std::vector<std::string> arguments{"detect",    file("photo.png"),           "--model", "ssdlite320_mobilenet_v3_large",
                                           "--weights", file("ssdlite.safetensors"), "--score", "0.1"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), arguments.begin(), arguments.end());
    return opsis_tool(more);
  };
  const auto run = with({"--out", file("drawn.png"), "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  const auto document = json::parse(run.out);
  EXPECT_EQ(document["height"], 40);
  EXPECT_EQ(document["width"], 60);
  ASSERT_FALSE(document["found"].empty());
  for (const auto& thing : document["found"]) {
    EXPECT_GE(thing["score"].get<double>(), 0.1);
    ASSERT_EQ(thing["box"].size(), 4);
    EXPECT_LE(thing["box"][2].get<double>(), 60);
    EXPECT_FALSE(thing["name"].get<std::string>().empty());
  }
  EXPECT_EQ(io::decode_image(std::filesystem::path(file("drawn.png"))).data.sizes(), (std::vector<int64_t>{3, 40, 60}));
  EXPECT_EQ(json::parse(with({"--tile", "64", "--overlap", "8", "--json"}).out)["found"], document["found"]);
  EXPECT_EQ(opsis_tool({"detect", file("photo.png"), "--model", "ssdlite320_mobilenet_v3_large", "--weights",
                        file("ssdlite.safetensors"), "--score", "1"})
                .out,
            file("photo.png") + ": nothing found\n");
  expect_wrong_usage({"detect", file("photo.png"), "--tile", "32", "--overlap", "32"}, "--overlap must be less than --tile");
  expect_wrong_usage({"detect", file("photo.png"), "--score", "1.5"}, "--score");
  expect_wrong_usage({"detect", file("photo.png"), "--out", file("drawn.bmp")}, "--out must end in .png or .jpg, got ");
  expect_failure({"detect", file("photo.png"), "--model", "resnet18"},
                 "ResNet18_Weights.IMAGENET1K_V1: its preset is that of another task");
}

TEST(CliFlow, TellsHowFarPixelsMoveAndDrawsIt) {
  const support::TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder.path() / name).string(); };
  torch::manual_seed(0);
  hub::save_safetensors(file("raft.safetensors"), hub::state_dict(*models::get_model<models::FlowModel>("raft_small")));
  io::write_png(Image(torch::randint(0, 256, {3, 100, 60}, torch::kUInt8)), file("first.png"));
  io::write_png(Image(torch::randint(0, 256, {3, 100, 60}, torch::kUInt8)), file("second.png"));
  const auto run = opsis_tool({"flow", file("first.png"), file("second.png"), "--weights", file("raft.safetensors"),
                               "--updates", "2", "--out", file("flow.png"), "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  const auto document = json::parse(run.out);
  EXPECT_EQ(document["height"], 100);
  EXPECT_EQ(document["width"], 60);
  EXPECT_GE(document["largest_length"].get<double>(), document["mean"]["length"].get<double>());
  EXPECT_EQ(io::decode_image(std::filesystem::path(file("flow.png"))).data.sizes(), (std::vector<int64_t>{3, 100, 60}));
  io::write_png(Image(torch::randint(0, 256, {3, 100, 61}, torch::kUInt8)), file("other.png"));
  expect_failure({"flow", file("first.png"), file("other.png"), "--weights", file("raft.safetensors")},
                 "FlowEstimator: both images must be alike, got (3, 100, 60) and (3, 100, 61)");
  expect_wrong_usage({"flow", file("first.png"), file("second.png"), "--updates", "0"}, "--updates");
  expect_wrong_usage({"flow", file("first.png")}, "second is required");
}

TEST(CliKeypoints, RefusesBeforeTheModelIsFetched) {
  const support::TemporaryFolder folder;
  const auto photo = (folder.path() / "photo.png").string();
  io::write_png(Image(torch::randint(0, 256, {3, 20, 30}, torch::kUInt8)), photo);
  expect_wrong_usage({"keypoints", photo, "--out", "drawn"}, "--out must end in .png or .jpg, got drawn");
  expect_failure({"keypoints", photo, "--model", "resnet18"},
                 "ResNet18_Weights.IMAGENET1K_V1: its preset is that of another task");
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
  expect_failure({"predict", photo, "--model", "resnet50", "--weights", checkpoint}, "layer1.0");
  expect_failure({"predict", photo, "--model", "resnet18", "--weights", "IMAGENET1K_V7"}, "IMAGENET1K_V1");
  expect_wrong_usage({"predict", photo, "--weights", checkpoint}, "does not say which model it is for; pass --model");
}

TEST(CliTransform, WritesTorchvisionsPixels) {
  const support::TemporaryFolder folder;
  const auto output = folder.path() / "out.png";
  for (const auto& c : oracle::cases("cli/transform")) {
    SCOPED_TRACE(c.name());
    std::vector<std::string> arguments{"transform", c.text("photo"), output.string(), "--seed", "7", "--json"};
    for (const auto& step : c.texts("steps")) arguments.push_back(step);
    const auto run = opsis_tool(arguments);
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(json::parse(run.out)["height"], c.tensor("expected").size(1));
    EXPECT_TENSOR_EQ(io::decode_image(output).data, c.tensor("expected"));
  }
}

TEST(CliTransform, TakesTheHighByteOf16BitPngs) {
  const support::TemporaryFolder folder;
  const auto input = folder.path() / "in.png", output = folder.path() / "out.png";
  std::system(("\"" + std::string(std::getenv("OPSIS_PYTHON")) +
               "\" -c \"from PIL import Image; Image.new('I;16', (5, 4), 0x1234).save('" + input.string() + "')\"")
                  .c_str());
  ASSERT_TRUE(std::filesystem::exists(input));
  const auto run = opsis_tool({"transform", input.string(), output.string(), "CenterCrop(2)"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_TENSOR_EQ(io::decode_image(output).data, torch::full({3, 2, 2}, 0x12, torch::kUInt8));
}

TEST(CliTransform, TakesEveryTransformByNameAndPipelinesAsJson) {
  const auto c = oracle::cases("cli/transform").front();
  const support::TemporaryFolder folder;
  const auto output = (folder.path() / "out.png").string(), other = (folder.path() / "other.png").string();
  const auto pipeline = (folder.path() / "pipeline.json").string();
  std::ofstream(pipeline) << R"([{"name": "Resize", "size": [64]}, {"name": "RandAugment", "num_ops": 3}])";
  const auto by_steps = opsis_tool(
      {"transform", c.text("photo"), output, "Resize(64)", "RandAugment(num_ops=3, interpolation=nearest)", "--seed", "5"});
  ASSERT_EQ(by_steps.code, 0) << by_steps.err;
  const auto by_file = opsis_tool({"transform", c.text("photo"), other, "--pipeline", pipeline, "--seed", "5"});
  ASSERT_EQ(by_file.code, 0) << by_file.err;
  EXPECT_TENSOR_EQ(io::decode_image(output).data, io::decode_image(other).data);
  expect_wrong_usage({"transform", c.text("photo"), output}, "transforms are needed");
  expect_wrong_usage({"transform", c.text("photo"), output, "Resize(3)", "--pipeline", pipeline}, "transforms are needed");
  expect_wrong_usage({"transform", c.text("photo"), output, "RandAugment(3)"}, "need their names");
  expect_wrong_usage({"transform", c.text("photo"), output, "RandAugment(num_op=3)"}, "num_ops");
  std::ofstream(pipeline) << R"([{"name": "Resise"}])";
  expect_wrong_usage({"transform", c.text("photo"), output, "--pipeline", pipeline}, "did you mean Resize?");
  expect_wrong_usage({"transform", c.text("photo"), output, "--pipeline", "absent.json"}, "cannot open absent.json");
}

TEST(CliShow, WritesASheetOfBeforeAndAfter) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const support::TemporaryFolder folder;
  const auto sheet = folder.path() / "sheet.png", alone = folder.path() / "alone.png";
  const std::vector<std::string> arguments{"show",    photo, photo,    "--out", sheet.string(), "--step", "RandomCrop(100)",
                                           "--times", "2",   "--seed", "7",     "--json"};
  const auto run = opsis_tool(arguments);
  ASSERT_EQ(run.code, 0) << run.err;
  const auto results = json::parse(run.out)["results"];
  ASSERT_EQ(results.size(), 4U);
  EXPECT_EQ(results[1]["seed"], 8);
  EXPECT_EQ(results[1]["height"], 100);
  // The second result of the first picture stands on the sheet as opsis transform writes it.
  ASSERT_EQ(opsis_tool({"transform", photo, alone.string(), "RandomCrop(100)", "--seed", "8"}).code, 0);
  const auto all = io::decode_image(sheet).data.to(torch::kInt32), one = io::decode_image(alone).data.to(torch::kInt32);
  bool found = false;
  for (int64_t y = 0; y + 100 <= all.size(1) && !found; ++y) {
    for (int64_t x = all.size(2) / 2; x + 100 <= all.size(2) && !found; ++x) {
      if (!all.select(1, y).select(1, x).equal(one.select(1, 0).select(1, 0))) continue;
      found = all.narrow(1, y, 100).narrow(2, x, 100).equal(one);
    }
  }
  EXPECT_TRUE(found);
}

TEST(CliShow, ShowsNormalisedResultsAndLargePictures) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const support::TemporaryFolder folder;
  const auto sheet = (folder.path() / "sheet.jpg").string();
  const auto run = opsis_tool(
      {"show", photo, "--out", sheet, "--step", "ImageClassification(crop_size=90)", "--times", "1", "--side", "40"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("1 pictures, 1 results each"));
  EXPECT_LT(io::decode_image(sheet).data.size(2), 400);
}

TEST(CliShow, SaysWhatIsWrong) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const support::TemporaryFolder folder;
  const auto sheet = (folder.path() / "sheet.png").string();
  expect_wrong_usage({"show", photo, "--out", sheet}, "transforms are needed");
  expect_wrong_usage({"show", photo, "--out", sheet, "--step", "Resise(3)"}, "did you mean Resize?");
  expect_wrong_usage({"show", photo, "--out", sheet, "--step", "Resize(3)", "--times", "0"}, "--times");
  expect_failure({"show", "missing.png", "--out", sheet, "--step", "Resize(3)"}, "cannot open missing.png");
  expect_failure({"show", photo, "--out", sheet, "--step", "CenterCrop(0)"}, "cannot be shown");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Cli, ReadsAFileThatIsNamedLikeACommand) {
  const auto c = oracle::cases("cli/predict").front();
  const support::TemporaryFolder folder;
  std::filesystem::copy_file(c.text("photo"), folder.path() / "models");
  const auto checkpoint = std::filesystem::absolute(c.text("checkpoint")).string();
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const auto run = opsis_tool({"predict", "models", "--model", "resnet18", "--weights", checkpoint});
  std::filesystem::current_path(before);
  EXPECT_EQ(run.code, 0) << run.err;
}

TEST(CliTransform, NamesTheStepThatIsWrong) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const support::TemporaryFolder folder;
  const auto output = (folder.path() / "out.png").string();
  const auto refuses = [&](const std::string& step, const std::string& what) {
    SCOPED_TRACE(step);
    expect_wrong_usage({"transform", photo, output, step}, what);
  };
  refuses("Resise(256)", "there is no step \"Resise\"; did you mean Resize?");
  refuses("Resize(256, antialis=False)", "step Resize: it has no argument \"antialis\"; did you mean antialias?");
  refuses("Resize(big)", "step Resize: size must be a number, got \"big\"");
  refuses("Resize(1, bilinear, None, True, 5)", "step Resize: it takes 4 values, got 5");
  refuses("Resize([1, 2, 3])", "step Resize: ");
  refuses("Resize(20, size=30)", "size is given twice");
  refuses("CenterCrop", "step CenterCrop: size is missing");
  refuses("CenterCrop(2.5)", "size must be whole");
  refuses("CenterCrop(224", "a \",\" or \")\" is missing");
  refuses("CenterCrop([1, 2)", "a \",\" or \"]\" is missing");
  refuses("CenterCrop(1) x", "there is \"x\" after it");
  refuses("CenterCrop(,)", "a value is missing");
  refuses("", "a step begins with the name");
  refuses("RandomHorizontalFlip(p=2)", "step RandomHorizontalFlip: p must be in [0, 1], got 2");
  expect_failure({"transform", "missing.png", output, "CenterCrop(2)"}, "cannot open missing.png");
  expect_failure({"transform", photo, (folder.path() / "out.bmp").string(), "CenterCrop(2)"}, "got \"bmp\"");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
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

  // The optimizer that goes on must be the one that began.
  auto other = command;
  other.insert(other.end(), {"--epochs", "2", "--optimizer", "adamw", "--resume", at("half.pth"), "--out", at("other.pth")});
  expect_failure(other, "the optimizer is AdamW, what was saved is not (it has no \"betas\")");

  // Labels of other folders would mean something else.
  std::filesystem::rename(at("data/val/dark"), at("data/val/zebra"));
  expect_failure({"evaluate", at("data"), "--weights", at("whole.pth")}, "class 0 is \"light\" in the data and \"dark\"");
  std::filesystem::rename(at("data/val/zebra"), at("data/val/dark"));

  const auto predicted = opsis_tool({"predict", at("data/val/dark/0.png"), "--weights", at("whole.pth"), "--json"});
  ASSERT_EQ(predicted.code, 0) << predicted.err;
  EXPECT_EQ(json::parse(predicted.out)["predictions"][0]["classes"].size(), 2);
}

TEST(CliTrainDetector, TrainsResumesAndDetects) {
  const support::TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  // Pictures with a light square each, wide ones and tall ones; the last one of each part has none.
  for (const std::string part : {"train", "val"}) {
    std::filesystem::create_directories(folder.path() / "data" / part);
    std::filesystem::create_directories(folder.path() / "data" / "annotations");
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
      io::write_png(Image(picture), folder.path() / "data" / part / name);
    }
    std::ofstream(folder.path() / "data" / "annotations" / ("instances_" + part + ".json")) << file;
  }
  const auto train = [&](std::vector<std::string> more) {
    std::vector<std::string> command{"train-detector",     at("data"), "--model", "ssdlite320_mobilenet_v3_large",
                                     "--weights-backbone", "none",     "--json"};
    command.insert(command.end(), more.begin(), more.end());
    const auto run = opsis_tool(command);
    EXPECT_EQ(run.code, 0) << run.err;
    return json::parse(run.out);
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
  expect_wrong_usage({"detect", at("data/val/0.png"), "--weights", at("whole.pth"), "--model", "fcos_resnet50_fpn"},
                     "is for ssdlite320_mobilenet_v3_large, not for fcos_resnet50_fpn; leave out --model");
}

TEST(CliTrainDetector, SaysWhatIsWrong) {
  const support::TemporaryFolder folder;
  const auto out = (folder.path() / "out.pth").string();
  expect_failure({"train-detector", folder.path().string(), "--out", out}, "there is neither annotations/instances_train.json");
  expect_wrong_usage({"train-detector", "data", "--out", ""}, "--out must name a file, got nothing");
  expect_wrong_usage({"train-detector", "data", "--augmentation", "all"}, "--augmentation");
  expect_wrong_usage({"train-detector", "data", "--weights", "DEFAULT", "--weights-backbone", "none"},
                     "leave out --weights-backbone");
  const auto annotations = folder.path() / "annotations" / "instances_train.json";
  std::filesystem::create_directories(annotations.parent_path());
  std::ofstream(annotations) << R"({"images": [{"id": 1, "file_name": "a.png"}], "annotations": []})";
  expect_failure({"train-detector", folder.path().string(), "--out", out}, "no image of the training data has a box");
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

  const auto run = opsis_tool({"predict", at("data"), "--checkpoint", at("whole.pth"), "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  const auto predicted = json::parse(run.out);
  EXPECT_EQ(predicted["model"], "mnasnet0_5");
  ASSERT_EQ(predicted["predictions"].size(), 10);
  EXPECT_EQ(predicted["predictions"][0]["classes"].size(), 2);
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
  expect_wrong_usage({"finetune", nowhere, "--hold-out", "nan"}, "--hold-out");
  expect_wrong_usage({"finetune", nowhere, "--lr", "-1"}, "must be numbers from 0 on, got -1");
  expect_wrong_usage({"finetune", nowhere, "--lr", "inf"}, "must be numbers from 0 on, got inf");
}

TEST(CliTrain, SaysWhatIsWrong) {
  expect_failure({"train", "digitz"}, "no data \"digitz\"");
  expect_failure({"train", "digits", "--model", "resnet51"}, "did you mean resnet50");
  expect_failure({"train", "digits", "--out", "/nowhere/at/all.pth"}, "/nowhere/at/all.pth");
  expect_failure({"train", "digits", "--lr", "-1"}, "lr must be a number from 0 on, got -1");
  expect_failure({"train", "digits", "--lr", "nan"}, "lr must be a number from 0 on, got nan");
  expect_wrong_usage({"train", "digits", "--seed", "-1"}, "--seed: must be a whole number from 0 on, got -1");
  expect_wrong_usage({"train", "digits", "--workers", "-1"}, "--workers");
  expect_wrong_usage({"train", "digits", "--out", ""}, "--out must name a file");
  expect_failure({"evaluate", "digits", "--weights", "missing.pth"}, "missing.pth");
}

}  // namespace
}  // namespace opsis
