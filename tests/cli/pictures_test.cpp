// opsis transform and show.
#include <fstream>

#include "opsis/io.h"
#include "tests/cli/tool.h"
#include "tests/support/download_server.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::cli_tests {
namespace {

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

TEST(CliTransform, TakesTheFilesOfAFolderEachWithTheNextSeed) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const auto ending = std::filesystem::path(photo).extension().string();
  const support::TemporaryFolder folder;
  const auto in = folder.path() / "in", out = folder.path() / "out", alone = folder.path() / ("alone" + ending);
  std::filesystem::create_directory(in);
  for (const auto* name : {"b", "a"}) std::filesystem::copy(photo, in / (name + ending));
  const auto run = opsis_tool({"transform", in.string(), out.string(), "RandomCrop(40)", "--seed", "8", "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  const auto results = json::parse(run.out)["results"];
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[1]["output"], (out / ("b" + ending)).string());
  EXPECT_EQ(results[1]["seed"], 9);
  ASSERT_EQ(opsis_tool({"transform", photo, alone.string(), "RandomCrop(40)", "--seed", "9"}).code, 0);
  EXPECT_TENSOR_EQ(io::decode_image(out / ("b" + ending)).data, io::decode_image(alone).data);
  std::filesystem::create_directory(folder.path() / "empty");
  expect_failure({"transform", (folder.path() / "empty").string(), out.string(), "CenterCrop(2)"}, "there is no picture in");
}

TEST(CliTransform, PassesOverWhatIsNoPictureAndGoesOnAfterABrokenOne) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const auto ending = std::filesystem::path(photo).extension().string();
  const support::TemporaryFolder folder;
  const auto in = folder.path() / "in", out = folder.path() / "out";
  folder.write("in/a.txt", "no picture");
  const auto broken = folder.write("in/b" + ending, "no picture either").string();
  std::filesystem::copy(photo, in / ("c" + ending));
  io::write_file(in / "d.gif", io::encode_gif(io::decode_image(std::filesystem::path(photo))));
  const std::vector<std::string> arguments{"transform", in.string(), out.string(), "CenterCrop(8)"};
  const auto run = opsis_tool(arguments);
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, StartsWith("opsis transform: "));
  EXPECT_THAT(run.err, HasSubstr(broken));
  EXPECT_THAT(run.out, StartsWith((out / ("c" + ending)).string() + ": 8 x 8 pixels"));
  EXPECT_TRUE(std::filesystem::exists(out / ("c" + ending)));
  EXPECT_TRUE(std::filesystem::exists(out / "d.gif"));
  EXPECT_FALSE(std::filesystem::exists(out / "a.txt"));
  EXPECT_FALSE(std::filesystem::exists(out / ("b" + ending)));

  auto as_document = arguments;
  as_document.push_back("--json");
  const auto results = json::parse(opsis_tool(as_document).out)["results"];
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0]["input"], broken);
  EXPECT_TRUE(results[0].contains("error"));
  EXPECT_EQ(results[1]["height"], 8);
}

TEST(CliTransform, SaysInPlainWordsThatThereIsNotEnoughMemory) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const support::TemporaryFolder folder;
  const support::Variable sanitizer("ASAN_OPTIONS", "allocator_may_return_null=1");  // else it ends the program
  const auto output = (folder.path() / "out.png").string();
  // 3.6 million GB, which no machine has.
  expect_failure({"transform", photo, output, "Resize(30000000)"}, "there is not enough memory for it (");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(CliTransform, SaysOfALimitThatItIsKept) {
  const support::TemporaryFolder folder;
  const auto wide = folder.write("wide.pgm", "P5 100000000 1 255\n").string();
  expect_failure({"transform", wide, (folder.path() / "out.png").string(), "CenterCrop(2)"},
                 wide +
                     ": decode_pnm: the image is 1 high and 100000000 wide, limits.side is 1000000; the tool keeps to this "
                     "limit\n");
}

TEST(CliTransform, SaysThatAFolderToWriteToIsMissing) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const support::TemporaryFolder folder;
  const auto none = (folder.path() / "none").string();
  expect_failure({"transform", photo, none + "/out.png", "CenterCrop(8)"}, "make the folder " + none + " first");
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
  const auto by_file = opsis_tool({"transform", c.text("photo"), other, "--pipeline", pipeline, "--seed", "5", "--json"});
  ASSERT_EQ(by_file.code, 0) << by_file.err;
  const auto told = json::parse(by_file.out);
  EXPECT_EQ(told["pipeline"], pipeline);
  EXPECT_FALSE(told.contains("steps"));
  EXPECT_TENSOR_EQ(io::decode_image(output).data, io::decode_image(other).data);
  expect_wrong_usage({"transform", c.text("photo"), output}, "transforms are needed");
  expect_wrong_usage({"transform", c.text("photo"), output, "Resize(3)", "--pipeline", pipeline}, "transforms are needed");
  expect_wrong_usage({"transform", c.text("photo"), output, "RandAugment(3)"}, "need their names");
  expect_wrong_usage({"transform", c.text("photo"), output, "RandAugment(num_op=3)"}, "num_ops");
  std::ofstream(pipeline) << R"([{"name": "Resise"}])";
  expect_wrong_usage({"transform", c.text("photo"), output, "--pipeline", pipeline}, "did you mean Resize?");
  expect_wrong_usage({"transform", c.text("photo"), output, "--pipeline", "absent.json"}, "cannot open absent.json");
  std::ofstream(pipeline) << "[{";
  expect_wrong_usage({"transform", c.text("photo"), output, "--pipeline", pipeline},
                     pipeline + ": Json: parse error at line 1");
}

TEST(CliTransform, TakesPresetsAsStepsAndInPipelines) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const support::TemporaryFolder folder;
  const auto by_step = folder.path() / "step.png", by_file = folder.path() / "file.png";
  const auto expect_same = [&](const std::string& step, const std::string& pipeline) {
    SCOPED_TRACE(step);
    const auto file = folder.write("pipeline.json", pipeline).string();
    const auto of_step = opsis_tool({"transform", photo, by_step.string(), step});
    ASSERT_EQ(of_step.code, 0) << of_step.err;
    const auto of_file = opsis_tool({"transform", photo, by_file.string(), "--pipeline", file});
    ASSERT_EQ(of_file.code, 0) << of_file.err;
    EXPECT_TENSOR_EQ(io::decode_image(by_file).data, io::decode_image(by_step).data);
  };
  expect_same("ImageClassification(crop_size=60, antialias=None)",
              R"({"name": "ImageClassification", "crop_size": 60, "antialias": null})");
  expect_same("SemanticSegmentation(resize_size=60, mean=[0, 0.5, 1])",
              R"([{"name": "SemanticSegmentation", "resize_size": 60, "mean": [0, 0.5, 1]}])");
  expect_same("OpticalFlow()", R"([{"name": "OpticalFlow"}])");
  expect_same("ObjectDetection()", R"({"name": "ObjectDetection"})");
  const auto output = by_step.string();
  expect_wrong_usage({"transform", photo, output, "ImageClassification(mean=[1, 2])"}, "mean must be three numbers");
  expect_wrong_usage({"transform", photo, output, "ImageClassification(crop_sise=2)"}, "did you mean crop_size");
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

TEST(CliShow, LaysTheCropsOfAResultSideBySide) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const support::TemporaryFolder folder;
  const auto shown = [&](const std::string& step, const std::string& times) {
    const auto sheet = folder.path() / "sheet.png";
    const auto run = opsis_tool({"show", photo, "--out", sheet.string(), "--step", step, "--times", times, "--json"});
    EXPECT_EQ(run.code, 0) << run.err;
    return std::pair(io::decode_image(sheet).data, json::parse(run.out)["results"]);
  };
  const auto [crops, results] = shown("FiveCrop(size=[100, 100])", "1");
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0]["pictures"], 5);
  EXPECT_EQ(results[0]["height"], 100);
  // The picture and five others: the last is the crop of the middle.
  const auto [middles, others] = shown("CenterCrop(100)", "5");
  EXPECT_EQ(others[4]["pictures"], 1);
  ASSERT_EQ(crops.size(2), middles.size(2));
  const auto column = [](const torch::Tensor& sheet, int64_t number) {  // above the captions
    return sheet.narrow(1, 0, 150).narrow(2, number * sheet.size(2) / 6, sheet.size(2) / 6);
  };
  EXPECT_TENSOR_EQ(column(crops, 5), column(middles, 5));
  EXPECT_FALSE(column(crops, 1).equal(column(middles, 1)));
  EXPECT_EQ(shown("TenCrop(size=[20, 20])", "2").second[1]["pictures"], 10);
}

TEST(CliShow, ShowsNormalisedResultsAndLargePictures) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const support::TemporaryFolder folder;
  const auto sheet = (folder.path() / "sheet.jpg").string();
  const auto run = opsis_tool(
      {"show", photo, "--out", sheet, "--step", "ImageClassification(crop_size=90)", "--times", "1", "--side", "40"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("sheet.jpg: 1 picture, 1 result each\n"));
  EXPECT_LT(io::decode_image(sheet).data.size(2), 400);
}

TEST(CliTransform, KnowsEveryTypeByName) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const support::TemporaryFolder folder;
  const auto output = folder.path() / "out.png";
  for (const auto* step : {"ToDtype(float64, scale=True)", "ToDtype(torch.float32, scale=True)", "ToDtype(dtype=uint8)"}) {
    const auto run = opsis_tool({"transform", photo, output.string(), "ToDtype(int16)", "ToDtype(uint8)", step});
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_TENSOR_EQ(io::decode_image(output).data, io::decode_image(std::filesystem::path(photo)).data);
  }
  expect_failure({"transform", photo, output.string(), "ToDtype(int32, scale=True)"}, "end with ToDtype(uint8)");
}

TEST(CliTransform, TellsTheSeedOfWhatDraws) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const support::TemporaryFolder folder;
  const auto output = (folder.path() / "out.png").string();
  const auto told = [&](const std::string& step) { return opsis_tool({"transform", photo, output, step, "--seed", "7"}).out; };
  EXPECT_EQ(told("CenterCrop(8)"), output + ": 8 x 8 pixels (width x height)\n");
  EXPECT_EQ(told("RandomCrop(8)"), output + ": 8 x 8 pixels (width x height), seed 7\n");
}

TEST(CliTransform, TellsTheSizeOfTheGridOfSeveralResults) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const support::TemporaryFolder folder;
  const auto output = (folder.path() / "out.png").string();
  const auto run = opsis_tool({"transform", photo, output, "FiveCrop(size=[4, 6])", "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  // Five of 4 x 6 with 2 pixels around each.
  EXPECT_EQ(io::decode_image(output).data.sizes(), (std::vector<int64_t>{3, 8, 42}));
  EXPECT_EQ(json::parse(run.out)["height"], 8);
  EXPECT_EQ(json::parse(run.out)["width"], 42);
  EXPECT_EQ(opsis_tool({"transform", photo, output, "FiveCrop(size=[4, 6])"}).out,
            output + ": 42 x 8 pixels (width x height)\n");
}

TEST(CliShow, TakesSeveralSteps) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const support::TemporaryFolder folder;
  const auto by_steps = folder.path() / "steps.png", by_file = folder.path() / "file.png";
  const auto pipeline =
      folder.write("pipeline.json", R"([{"name": "Resize", "size": [64]}, {"name": "RandomCrop", "size": [40, 40]}])");
  const auto show = [&](const std::filesystem::path& sheet, const std::vector<std::string>& transforms) {
    std::vector<std::string> arguments{"show", photo, "--out", sheet.string(), "--times", "2", "--seed", "3"};
    arguments.insert(arguments.end(), transforms.begin(), transforms.end());
    const auto run = opsis_tool(arguments);
    ASSERT_EQ(run.code, 0) << run.err;
  };
  show(by_steps, {"--step", "Resize(64)", "--step", "RandomCrop(40)"});
  show(by_file, {"--pipeline", pipeline.string()});
  EXPECT_TENSOR_EQ(io::decode_image(by_steps).data, io::decode_image(by_file).data);
  // A step takes no more than itself: what follows is a picture.
  const auto last = opsis_tool({"show", "--out", by_steps.string(), "--step", "Resize(64)", photo});
  EXPECT_EQ(last.code, 0) << last.err;
}

TEST(CliShow, SaysWhatIsWrong) {
  const auto photo = oracle::cases("cli/transform").front().text("photo");
  const support::TemporaryFolder folder;
  const auto sheet = (folder.path() / "sheet.png").string();
  expect_wrong_usage({"show", photo, "--out", sheet}, "transforms are needed");
  expect_wrong_usage({"show", photo, "--out", sheet, "--step", "Resise(3)"}, "did you mean Resize?");
  expect_wrong_usage({"show", photo, "--out", sheet, "--step", "Resize(3)", "--times", "0"}, "--times");
  expect_wrong_usage({"show", photo, "--out", sheet, "--step", "Resize(3)", "--side", "99999999"}, "--side");
  expect_wrong_usage({"show", photo, "--out", sheet, "--step", "Resize(3)", "--seed", "-1"}, "--seed");
  expect_failure({"show", "missing.png", "--out", sheet, "--step", "Resize(3)"}, "cannot open missing.png");
  expect_failure({"show", photo, "--out", sheet, "--step", "CenterCrop(0)"}, "cannot be shown");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
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
  refuses("Resize(2147483648)", "step Resize: size must be a number from -1e9 to 1e9, got 2147483648");
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
  refuses("CenterCrop([,])", "a value is missing");
  refuses("CenterCrop([1 2])", "a \",\" or \"]\" is missing");
  refuses("ToDtype(float3)", "step ToDtype: Json: no type is named \"float3\"; did you mean float32");
  refuses("GaussianBlur(kernel_size=[3, 3, 3])", "step GaussianBlur: kernel_size must have 1 or 2 numbers, got 3");
  refuses("RandomHorizontalFlip(p=2)", "step RandomHorizontalFlip: p must be in [0, 1], got 2");
  refuses("GaussianBlur(kernel_size=3, kernel_size=5)", "step GaussianBlur: kernel_size is given twice");
  refuses("RandomHorizontalFlip(p=None)", "step RandomHorizontalFlip: p must not be None");
  refuses("ImageClassification(crop_size=2.5)", "step ImageClassification: crop_size must be whole");
  expect_wrong_usage({"transform", photo, output, "--pipeline", folder.path().string()}, "it is a folder");
  expect_failure({"transform", "missing.png", output, "CenterCrop(2)"}, "cannot open missing.png");
  expect_failure({"transform", photo, output, "RandomCrop(10000)"},
                 "must not exceed the (padded) sample's, got (240, 320); give the step pad_if_needed=True\n");
  expect_wrong_usage({"transform", photo, (folder.path() / "out.bmp").string(), "CenterCrop(2)"},
                     "the output must end in .avif, .gif, .jpg, .png, .tif or .webp, got ");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace opsis::cli_tests
