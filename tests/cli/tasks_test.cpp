// opsis segment, detect, keypoints and flow.
#include <optional>
#include <stdexcept>

#include "opsis/hub.h"
#include "opsis/io.h"
#include "opsis/models.h"
#include "opsis/tasks/segmenter.h"
#include "opsis/transforms.h"
#include "tests/cli/tool.h"
#include "tests/support/expect.h"
#include "tests/support/lively_detector.h"
#include "tests/support/temporary.h"

namespace opsis::cli_tests {
namespace {

// Which pixels are other than in the photo: (H, W).
torch::Tensor changed(const std::string& drawn, const std::string& photo) {
  const auto pixels = [](const std::string& file) { return io::decode_image(std::filesystem::path(file)).data; };
  return (pixels(drawn) != pixels(photo)).any(0);
}

// Boxes are drawn from their upper left corner on.
void expect_drawn(const json& found, const torch::Tensor& changed) {
  for (const auto& thing : found) {
    const auto x = static_cast<int64_t>(thing["box"][0].get<double>()), y = static_cast<int64_t>(thing["box"][1].get<double>());
    if (y < changed.size(0) && x < changed.size(1)) {
      EXPECT_TRUE(changed[y][x].item<bool>()) << thing;
    }
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
  expect_wrong_usage({"segment", file("photo.png"), "--alpha", "nan"}, "--alpha: must be a number from 0 to 1, got nan");
  expect_failure({"segment", file("photo.png"), "--model", "resnet18"},
                 "ResNet18_Weights.IMAGENET1K_V1: its preset is that of another task");
  // Before the model is built, let alone fetched.
  expect_wrong_usage({"segment", file("photo.png"), "--out", file("drawn.bmp")}, "--out must end in .avif, .gif, .jpg, ");
  expect_failure({"segment", file("photo.png"), "--out", file("nowhere/drawn.png")}, "nowhere/drawn.png: there is no folder");
}

// As opsis train-segmenter writes them.
TEST(Segment, TakesPicturesInTheSizeThatItsCheckpointTells) {
  const torch::NoGradGuard no_grad;
  const support::TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder.path() / name).string(); };
  const auto name = "lraspp_mobilenet_v3_large";
  torch::manual_seed(0);
  const auto model = models::get_model<models::SegmentationModel>(name, {.num_classes = 4, .weights_backbone = ""});
  const Image photo(torch::randint(0, 256, {3, 40, 60}, torch::kUInt8));
  io::write_png(photo, file("photo.png"));
  model->eval();
  const auto prepared = transforms::SemanticSegmentation({.resize_size = 24})(photo).data.unsqueeze(0);
  auto parameters = model->named_parameters();  // that no class wins everywhere
  parameters["classifier.high_classifier.bias"].sub_(model->forward(prepared).mean({0, 2, 3}));

  const auto shares = [&](std::optional<int64_t> base_size) {
    auto checkpoint = hub::Value::dict({{"model", hub::state_dict(*model)}, {"model_name", name}});
    checkpoint.set("categories", hub::Value::list(std::vector<hub::Value>(4, "thing")));
    if (base_size) checkpoint.set("base_size", *base_size);
    hub::save(file("own.pth"), checkpoint);
    const auto run = opsis_tool({"segment", file("photo.png"), "--weights", file("own.pth"), "--json"});
    if (run.code != 0) throw std::runtime_error(run.err);
    auto found = torch::zeros({4}, torch::kFloat64);
    const auto document = json::parse(run.out);
    for (const auto& entry : document["classes"]) found[entry["index"].get<int64_t>()] = entry["share"].get<double>();
    return found;
  };
  const auto expected = [&](int64_t size) {
    auto found = torch::zeros({4}, torch::kFloat64);
    const tasks::Segmenter segmenter(model, {.resize_size = size}, {}, /*optimize=*/false);
    for (const auto& share : segmenter(photo).shares) found[share.index] = share.share;
    return found;
  };
  EXPECT_TENSOR_NEAR(shares(24), expected(24), 0, 0.02);
  EXPECT_TENSOR_NEAR(shares({}), expected(520), 0, 0.02);
  EXPECT_FALSE(support::near(expected(24), expected(520), 0, 0.1));

  const auto run = opsis_tool({"segment", file("photo.png"), "--weights", file("own.pth"), "--out", file("drawn.png"), "--map",
                               file("map.png"), "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  const auto map = io::decode_image(std::filesystem::path(file("map.png"))).data;
  ASSERT_EQ(map.sizes(), (std::vector<int64_t>{1, 40, 60}));
  const auto document = json::parse(run.out);
  EXPECT_GT(document["classes"].size(), 1);
  for (const auto& entry : document["classes"]) {
    const auto share = (map == entry["index"].get<int64_t>()).to(torch::kFloat64).mean().item<double>();
    EXPECT_NEAR(share, entry["share"].get<double>(), 1e-9);
  }
  EXPECT_GT(changed(file("drawn.png"), file("photo.png")).to(torch::kFloat64).mean().item<double>(), 0.95);
  expect_wrong_usage({"segment", file("photo.png"), "--map", file("map.jpg")}, "--map must end in .png, got ");
  expect_failure({"segment", file("photo.png"), "--map", file("nowhere/map.png")}, "nowhere/map.png: there is no folder");
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
    EXPECT_FALSE(thing.contains("mask"));
  }
  EXPECT_EQ(io::decode_image(std::filesystem::path(file("drawn.png"))).data.sizes(), (std::vector<int64_t>{3, 40, 60}));
  expect_drawn(document["found"], changed(file("drawn.png"), file("photo.png")));
  EXPECT_EQ(json::parse(with({"--tile", "64", "--overlap", "8", "--json"}).out)["found"], document["found"]);
  const auto tiled = with({"--tile", "24", "--overlap", "8", "--json"});
  ASSERT_EQ(tiled.code, 0) << tiled.err;
  const auto in_tiles = json::parse(tiled.out);
  EXPECT_EQ(in_tiles["width"], 60);
  ASSERT_FALSE(in_tiles["found"].empty());
  EXPECT_NE(in_tiles["found"], document["found"]);
  EXPECT_EQ(opsis_tool({"detect", file("photo.png"), "--model", "ssdlite320_mobilenet_v3_large", "--weights",
                        file("ssdlite.safetensors"), "--score", "1"})
                .out,
            file("photo.png") + ": nothing found\n");
  expect_wrong_usage({"detect", file("photo.png"), "--tile", "32", "--overlap", "32"}, "--overlap must be less than --tile");
  expect_wrong_usage({"detect", file("photo.png"), "--score", "1.5"}, "--score: must be a number from 0 to 1, got 1.5");
  for (const auto* command : {"detect", "keypoints"}) {
    expect_wrong_usage({command, file("photo.png"), "--score", "nan"}, "--score: must be a number from 0 to 1, got nan");
  }
  expect_wrong_usage({"detect", file("photo.png"), "--out", file("drawn.bmp")}, "--out must end in .avif, .gif, .jpg, ");
  expect_failure({"detect", file("photo.png"), "--model", "resnet18"},
                 "ResNet18_Weights.IMAGENET1K_V1: its preset is that of another task");
}

// As opsis train-detector writes them; sure of every box, and that all of it is the thing.
TEST(CliDetect, TellsMasksAsRunLengthsAndDrawsThem) {
  const torch::NoGradGuard no_grad;
  const support::TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder.path() / name).string(); };
  const auto name = "maskrcnn_resnet50_fpn";
  torch::manual_seed(0);
  const auto model = models::get_model<models::DetectionModel>(name, {.num_classes = 2, .weights_backbone = ""});
  auto parameters = model->named_parameters();
  parameters["roi_heads.box_predictor.cls_score.bias"].copy_(torch::tensor({-9.F, 9.F}));
  parameters["roi_heads.mask_predictor.mask_fcn_logits.bias"].fill_(50);
  auto checkpoint = hub::Value::dict({{"model", hub::state_dict(*model)}, {"model_name", name}});
  checkpoint.set("categories", hub::Value::list(std::vector<hub::Value>{"__background__", "thing"}));
  checkpoint.set("image_size", int64_t{64});
  hub::save(file("own.pth"), checkpoint);
  io::write_png(Image(torch::randint(0, 256, {3, 40, 60}, torch::kUInt8)), file("photo.png"));
  for (const auto& more : {std::vector<std::string>{}, std::vector<std::string>{"--tile", "32", "--overlap", "8"}}) {
    std::vector<std::string> arguments{"detect", file("photo.png"), "--weights", file("own.pth"),
                                       "--out",  file("drawn.png"), "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto run = opsis_tool(arguments);
    ASSERT_EQ(run.code, 0) << run.err;
    const auto found = json::parse(run.out)["found"];
    ASSERT_FALSE(found.empty());
    auto inside = torch::zeros({40, 60}, torch::kBool);
    for (const auto& thing : found) {
      EXPECT_EQ(thing["mask"]["size"], (json{40, 60}));
      const auto runs = io::runs_of_text(thing["mask"]["counts"].get<std::string>(), {40, 60});
      inside = inside.logical_or(io::decode_masks({runs})[0] != 0);
    }
    const auto is_changed = changed(file("drawn.png"), file("photo.png"));
    expect_drawn(found, is_changed);
    EXPECT_GT(inside.sum().item<int64_t>(), 0);
    EXPECT_GT(is_changed.masked_select(inside).to(torch::kFloat64).mean().item<double>(), 0.95);
  }
}

// An optimized network folds its norms, which changes last bits from the second tile on.
TEST(CliDetect, OfOnePictureDoesNotOptimize) {
  const support::TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder.path() / name).string(); };
  hub::save_safetensors(file("ssdlite.safetensors"), hub::state_dict(*support::lively_detector()));
  const auto tile = torch::randint(0, 256, {3, 24, 24}, torch::kUInt8);
  io::write_png(Image(tile), file("one.png"));
  io::write_png(Image(torch::cat({tile, tile}, 2)), file("two.png"));
  const auto found = [&](const char* picture) {
    const auto run = opsis_tool({"detect", file(picture), "--model", "ssdlite320_mobilenet_v3_large", "--weights",
                                 file("ssdlite.safetensors"), "--score", "0.1", "--tile", "24", "--overlap", "0", "--json"});
    EXPECT_EQ(run.code, 0) << run.err;
    return run.code == 0 ? json::parse(run.out)["found"] : json::array();
  };
  std::vector<double> scores;
  for (const auto& thing : found("one.png")) scores.push_back(thing["score"].get<double>());
  size_t in_second = 0;
  for (const auto& thing : found("two.png")) {
    EXPECT_THAT(scores, testing::Contains(thing["score"].get<double>()));
    in_second += thing["box"][0].get<double>() >= 24;
  }
  EXPECT_GT(in_second, 0);
}

TEST(CliFlow, TellsHowFarPixelsMoveAndDrawsIt) {
  const support::TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder.path() / name).string(); };
  torch::manual_seed(0);
  hub::save_safetensors(file("raft.safetensors"), hub::state_dict(*models::get_model<models::FlowModel>("raft_small")));
  io::write_png(Image(torch::randint(0, 256, {3, 100, 60}, torch::kUInt8)), file("first.png"));
  io::write_png(Image(torch::randint(0, 256, {3, 100, 60}, torch::kUInt8)), file("second.png"));
  const auto to_tiff = opsis_tool({"flow", file("first.png"), file("second.png"), "--weights", file("raft.safetensors"),
                                   "--updates", "1", "--out", file("flow.tif")});
  EXPECT_EQ(to_tiff.code, 0) << to_tiff.err;
  EXPECT_TRUE(std::filesystem::exists(file("flow.tif")));
  const auto run = opsis_tool({"flow", file("first.png"), file("second.png"), "--weights", file("raft.safetensors"),
                               "--updates", "2", "--out", file("flow.png"), "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  const auto document = json::parse(run.out);
  EXPECT_EQ(document["height"], 100);
  EXPECT_EQ(document["width"], 60);
  EXPECT_GE(document["largest_length"].get<double>(), document["mean"]["length"].get<double>());
  EXPECT_EQ(io::decode_image(std::filesystem::path(file("flow.png"))).data.sizes(), (std::vector<int64_t>{3, 100, 60}));
  const auto plain = opsis_tool({"flow", file("first.png"), file("second.png"), "--weights", file("raft.safetensors"),
                                 "--updates", "2", "--out", file("colours.png"), "--alpha", "1"});
  ASSERT_EQ(plain.code, 0) << plain.err;
  const auto pixels = [&](const char* name) {
    return io::decode_image(std::filesystem::path(file(name))).data.to(torch::kFloat32);
  };
  EXPECT_TENSOR_NEAR(pixels("flow.png"), 0.4 * pixels("first.png") + 0.6 * pixels("colours.png"), 0, 1);
  EXPECT_FALSE(support::near(pixels("flow.png"), pixels("colours.png"), 0, 1));
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
  expect_wrong_usage({"keypoints", photo, "--out", "drawn"},
                     "--out must end in .avif, .gif, .jpg, .png, .tif or .webp, got drawn");
  expect_failure({"keypoints", photo, "--model", "resnet18"},
                 "ResNet18_Weights.IMAGENET1K_V1: its preset is that of another task");
  expect_failure({"keypoints", photo, "--model", "fcos_resnet50_fpn"},
                 "KeypointDetector: fcos_resnet50_fpn finds no key points; keypointrcnn_resnet50_fpn does");
}

}  // namespace
}  // namespace opsis::cli_tests
