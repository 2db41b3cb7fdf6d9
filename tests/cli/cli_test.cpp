// The tool itself, and what it says of models, weights and data sets.
#include <sstream>

#include "opsis/core/check.h"
#include "opsis/datasets/citations.h"
#include "opsis/hub/digest.h"
#include "opsis/models.h"
#include "tests/cli/tool.h"
#include "tests/support/download_server.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::cli_tests {
namespace {

// The names that a help lists below "Subcommands:", none when it has no such list.
std::vector<std::string> commands_of(const std::string& help) {
  std::vector<std::string> names;
  std::istringstream lines(help);
  std::string line;
  while (std::getline(lines, line) && line != "Subcommands:") continue;
  while (std::getline(lines, line) && !line.empty()) names.push_back(line.substr(2, line.find(' ', 2) - 2));
  return names;
}

TEST(Cli, TellsItsVersionAndHelp) {
  const auto version = opsis_tool({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.out, testing::MatchesRegex("opsis [0-9.]+ \\(LibTorch .*\\)\n"));
  const auto help = opsis_tool({"--help"});
  EXPECT_EQ(help.code, 0);
  const auto commands = commands_of(help.out);
  EXPECT_EQ(commands.size(), 16U);
  for (const auto& command : commands) {
    SCOPED_TRACE(command);
    const auto own = opsis_tool({command, "--help"});
    EXPECT_EQ(own.code, 0);
    EXPECT_THAT(own.out, testing::ContainsRegex("Examples:\n  opsis " + command + "[ \n]")) << own.err;
  }
}

TEST(Cli, HelpOfASubCommandHasTheExamplesOfItsCommand) {
  for (const std::string command : {"datasets", "weights"}) {
    const auto parts = commands_of(opsis_tool({command, "--help"}).out);
    EXPECT_GE(parts.size(), 4U);
    for (const auto& part : parts) {
      SCOPED_TRACE(command + " " + part);
      const auto own = opsis_tool({command, part, "--help"});
      EXPECT_EQ(own.code, 0);
      EXPECT_THAT(own.out, HasSubstr("Usage: opsis " + command + " " + part)) << own.err;
      EXPECT_THAT(own.out, HasSubstr("Examples:\n  opsis " + command + " "));
      EXPECT_THAT(own.out, testing::Not(HasSubstr("opsis predict")));
    }
  }
}

TEST(Cli, HelpTellsDefaults) {
  EXPECT_THAT(opsis_tool({"segment", "--help"}).out, HasSubstr("deeplabv3_mobilenet_v3_large, or that of a checkpoint"));
  const auto show = opsis_tool({"show", "--help"}).out;
  EXPECT_THAT(show, testing::ContainsRegex("--times [^\n]*3"));
  EXPECT_THAT(show, testing::ContainsRegex("--side [^\n]*192"));
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
  expect_wrong_usage({"modles", "models"}, "opsis models: no command \"modles\"; did you mean models?");
  expect_wrong_usage({"datasets", "shw"}, "opsis datasets: no command \"shw\"; did you mean show? (see opsis datasets --help)");
  expect_wrong_usage({"datasets", "show", "CIFAR10"},
                     "opsis datasets show: --out is required (see opsis datasets show --help)");
  expect_wrong_usage({"weights", "list", "--jsn"}, "opsis weights list: no option \"--jsn\"; did you mean --json?");
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
  EXPECT_EQ(json::parse(opsis_tool({"models", "ResNeXt*", "--json"}).out), document);
  // Without a classifier they have no accuracy.
  EXPECT_THAT(opsis_tool({"models", "vgg16", "--weights"}).out,
              testing::ContainsRegex("\nvgg16 +VGG16_Weights\\.IMAGENET1K_FEATURES +138\\.4 M +15\\.47\n"));
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
  for (const auto* part : {"CIFAR", "cifar"}) EXPECT_THAT(opsis_tool({"datasets", "list", part}).out, HasSubstr("CIFAR100"));
  expect_failure({"datasets", "list", "CIFARS"}, "no data set matches \"CIFARS\"; opsis datasets list names all");
  const auto told = json::parse(opsis_tool({"datasets", "info", "SEMEION", "--json"}).out);
  EXPECT_EQ(told.at("files").at(0).at("md5"), "cb545d371d2ce14ec121470795a77432");
  EXPECT_EQ(told.at("licence"), "CC BY 4.0");
  const auto& citation = *datasets::citation("SEMEION");
  EXPECT_EQ(told.at("citation"), (json{{"authors", citation.authors}, {"title", citation.title}, {"year", citation.year}}));
  EXPECT_THAT(opsis_tool({"datasets", "info", "SEMEION"}).out,
              HasSubstr(text("citation: {}: {}, {}\n", citation.authors, citation.title, citation.year)));
  EXPECT_THAT(told.at("files").at(0).at("sha256").get<std::string>(), testing::StartsWith("f43228ae3da5ea6a"));
  EXPECT_EQ(json::parse(opsis_tool({"datasets", "info", "FER2013", "--json"}).out).at("files").at(0).at("sha256"), "");
  const auto hashes = json::parse(opsis_tool({"datasets", "info", "KMNIST", "--json"}).out);
  EXPECT_THAT(hashes.at("files").at(0).at("sha256").get<std::string>(), testing::StartsWith("edd7a857845ad6bb"));
  const auto unstated = json::parse(opsis_tool({"datasets", "info", "CIFAR10", "--json"}).out);
  EXPECT_TRUE(unstated.at("licence").is_null());
  EXPECT_EQ(unstated.at("licence_url"), "https://www.cs.toronto.edu/~kriz/cifar.html");
  EXPECT_TRUE(json::parse(opsis_tool({"datasets", "info", "USPS", "--json"}).out).at("licence_url").is_null());
  EXPECT_THAT(opsis_tool({"datasets", "info", "FashionMNIST"}).out, HasSubstr("licence:  MIT (https://"));
  EXPECT_THAT(opsis_tool({"datasets", "info", "CIFAR10"}).out,
              HasSubstr("licence:  none that is known; ask its authors: https://www.cs.toronto.edu/~kriz/cifar.html\n"));
  EXPECT_THAT(opsis_tool({"datasets", "info", "USPS"}).out, HasSubstr("licence:  unknown; ask its authors\n"));
  expect_failure({"datasets", "info", "SEMEIN"}, "no data set is named \"SEMEIN\"; did you mean SEMEION?");

  // A mirror whose file is another one: it is refused, named and not kept; where it stands by hand, it is found damaged.
  const support::TemporaryFolder mirror, root;
  mirror.write("ml/machine-learning-databases/semeion/semeion.data", "1 2 3\n");
  {
    const support::Variable mirrored("OPSIS_HUB_MIRROR", mirror.path().string());
    expect_failure({"datasets", "download", "SEMEION", "--root", root.path()}, "its SHA-256 is ");
  }
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
  const support::Variable mirror("OPSIS_HUB_MIRROR", (folder.path() / "mirror").string());
  const support::Variable home("TORCH_HOME", (folder.path() / "home").string());
  const auto fetched = folder.path() / "home" / "hub" / "checkpoints" / "resnet18-f37072fd.pth";
  const auto list = opsis_tool({"weights", "list", "ResNet18_Weights"});
  EXPECT_THAT(list.out, HasSubstr("ResNet18_Weights.IMAGENET1K_V1  44.7 MB  no\n"));
  EXPECT_THAT(opsis_tool({"weights", "list", "resnet18"}).out, HasSubstr("\nResNet18_Weights.IMAGENET1K_V1 "));
  EXPECT_THAT(opsis_tool({"weights", "list", "quantized_resnet18"}).out, HasSubstr("\nResNet18_QuantizedWeights."));
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
  std::filesystem::remove(fetched);
  // Some text has the hash that the name of some weights promises; found by trying.
  folder.write("mirror/models/vit_h_14_lc_swag-c1eb923e.pth", "weights 35022503");
  const auto lucky = (fetched.parent_path() / "vit_h_14_lc_swag-c1eb923e.pth").string();
  EXPECT_EQ(opsis_tool({"weights", "fetch", "ViT_H_14_Weights.IMAGENET1K_SWAG_LINEAR_V1"}).out, lucky + "\n");
  EXPECT_EQ(opsis_tool({"weights", "verify"}).out, lucky + ": sound\n");
  expect_failure({"weights", "info", "resnet51"}, "did you mean resnet50");
  expect_wrong_usage({"weights"}, "subcommand");
}

TEST(CliWeights, SayWhatToDoWithoutANet) {
  const support::TemporaryFolder home;
  const support::Variable torch_home("TORCH_HOME", home.path().string()), mirror("OPSIS_HUB_MIRROR", "http://host.invalid"),
      direct("no_proxy", "host.invalid");
  const auto place = (home.path() / "hub" / "checkpoints" / "resnet18-f37072fd.pth").string();
  expect_failure({"weights", "fetch", "resnet18"},
                 "; bring it by other means and put it at " + place + " (or set OPSIS_HUB_MIRROR");
}

TEST(CliWeights, TellsAllAboutAnEntry) {
  const auto told = [](const std::string& name) { return json::parse(opsis_tool({"weights", "info", name, "--json"}).out)[0]; };
  const auto quantized = told("ResNet18_QuantizedWeights.IMAGENET1K_FBGEMM_V1");
  EXPECT_EQ(quantized["backend"], "fbgemm");
  EXPECT_EQ(quantized["unquantized"], "ResNet18_Weights.IMAGENET1K_V1");
  EXPECT_EQ(quantized["preset"],
            "ImageClassification(crop_size=[224], resize_size=[256], mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225], "
            "interpolation=InterpolationMode.BILINEAR)");
  EXPECT_EQ(told("RegNet_Y_128GF_Weights.IMAGENET1K_SWAG_E2E_V1")["license"],
            "https://github.com/facebookresearch/SWAG/blob/main/LICENSE");
  EXPECT_EQ(told("Raft_Large_Weights.C_T_V1")["preset"], "OpticalFlow()");
  const auto readable = opsis_tool({"weights", "info", "resnet18"});
  EXPECT_THAT(readable.out, HasSubstr("\npreset: ImageClassification(crop_size=[224], "));
  EXPECT_THAT(readable.out, testing::Not(HasSubstr("license")));
}

TEST(CliWeights, BringsAQuantizedModelFromAServerAndAsksIt) {
  const auto c = oracle::cases("models_official/without_hash").front();
  const support::DownloadServer server(oracle::folder() / "models_official");
  const support::TemporaryFolder home;
  const support::Variable torch_home("TORCH_HOME", home.path().string()), mirror("OPSIS_HUB_MIRROR", server.url("/file"));
  const auto file = (home.path() / "hub" / "checkpoints" / c.text("file")).string();
  const auto name = std::string("ResNet18_QuantizedWeights.IMAGENET1K_FBGEMM_V1");
  const auto fetched = opsis_tool({"weights", "fetch", name});
  EXPECT_EQ(fetched.out, file + "\n") << fetched.err;

  const support::Variable offline("OPSIS_OFFLINE", "1");
  const auto photo = (oracle::folder() / "models_official" / "photo.png").string();
  for (const auto& weights : {std::string(), name, std::string("IMAGENET1K_FBGEMM_V1")}) {
    SCOPED_TRACE(weights);
    std::vector<std::string> asked{"predict", photo, "--model", "quantized_resnet18", "--json"};
    if (!weights.empty()) asked.insert(asked.end(), {"--weights", weights});
    const auto run = opsis_tool(asked);
    ASSERT_EQ(run.code, 0) << run.err;
    const auto classes = json::parse(run.out)["predictions"][0]["classes"];
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(classes[i]["name"], c.texts("best")[i]);
      EXPECT_NEAR(classes[i]["probability"].get<double>(), c.numbers("probabilities")[i], 1e-6);
    }
  }

  // Its name tells no hash that PyTorch would check, and this file's is another: which is not to be sound.
  const auto digits = hub::digest_of_file(file, hub::DigestKind::Sha256).substr(0, 8);
  EXPECT_EQ(opsis_tool({"weights", "verify"}).out, file + ": can be read; its SHA-256 begins with " + digits +
                                                       ", and the digits in its name, which may be no hash, are 16fa66dd\n");
  home.write(file, "garbage");
  expect_failure({"weights", "verify", name}, c.text("file"));
}

TEST(CliPredict, TakesWhatAQuantizedModelWasWhileItTrained) {
  for (const auto& c : oracle::cases("models_official/quantized")) {
    if (c.text("model") != "quantized_mobilenet_v3_large") continue;
    const auto url = c.text("url");
    const auto file = oracle::folder() / "models_official" / "models" / "quantized" / url.substr(url.rfind('/') + 1);
    const auto photo = (oracle::folder() / "models_official" / "photo.png").string();  // the same in each case
    const auto run = opsis_tool({"predict", photo, "--model", c.text("model"), "--weights", file.string(), "--json"});
    ASSERT_EQ(run.code, 0) << run.err;
    const auto classes = json::parse(run.out)["predictions"][0]["classes"];
    for (size_t i = 0; i < 5; ++i) EXPECT_EQ(classes[i]["name"], c.texts("best")[i]);
  }
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

}  // namespace
}  // namespace opsis::cli_tests
