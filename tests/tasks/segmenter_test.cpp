#include "opsis/tasks/segmenter.h"

#include <torch/torch.h>

#include <future>

#include "opsis/hub/safetensors.h"
#include "opsis/hub/state_dict.h"
#include "opsis/io/image.h"
#include "opsis/models/registry.h"
#include "opsis/models/voc_categories.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using models::SegmentationModel;
using tasks::Segmenter;

// Says of every pixel which of the colours is the strongest.
struct Strongest final : SegmentationModel {
  Strongest() : SegmentationModel("Strongest") {}
  torch::Tensor forward(torch::Tensor images) override {
    ++calls;
    return images;
  }
  std::atomic<int> calls = 0;
};

const transforms::SemanticSegmentationOptions plain_preset{.mean = {0, 0, 0}, .std = {1, 1, 1}};

// Three quarters red, a quarter blue.
Image flag(int64_t height = 8, int64_t width = 16) {
  auto pixels = torch::zeros({3, height, width}, torch::kUInt8);
  pixels[0].slice(1, 0, width * 3 / 4).fill_(200);
  pixels[2].slice(1, width * 3 / 4).fill_(200);
  return Image(pixels);
}

TEST(Segmenter, NamesTheClassesAndHowMuchTheyCover) {
  const Segmenter segmenter(std::make_shared<Strongest>(), plain_preset, {"red", "green"}, /*optimize=*/false);
  tasks::Timings timings{-1, -1, -1};
  const auto found = segmenter(flag(), &timings);
  EXPECT_EQ(found.classes.sizes(), (std::vector<int64_t>{8, 16}));
  ASSERT_EQ(found.shares.size(), 2);
  EXPECT_EQ(found.shares[0].name, "red");
  EXPECT_EQ(found.shares[0].share, 0.75);
  EXPECT_EQ(found.shares[1].index, 2);
  EXPECT_EQ(found.shares[1].name, "class 2");
  const auto masks = found.masks();
  EXPECT_EQ(masks.sizes(), (std::vector<int64_t>{2, 8, 16}));
  EXPECT_EQ(masks[1].sum().item<int64_t>(), 8 * 4);
  EXPECT_GE(timings.prepare_ms, 0);
  EXPECT_GE(timings.model_ms, 0);
  EXPECT_GE(timings.finish_ms, 0);
}

TEST(Segmenter, AnswersInThePicturesOwnPixels) {
  auto resized = plain_preset;
  resized.resize_size = 20;
  const Segmenter segmenter(std::make_shared<Strongest>(), resized, {}, /*optimize=*/false);
  EXPECT_EQ(segmenter(flag(9, 40)).classes.sizes(), (std::vector<int64_t>{9, 40}));
  EXPECT_EQ(segmenter(flag(1, 4)).classes.sizes(), (std::vector<int64_t>{1, 4}));
}

TEST(Segmenter, AnswersAsTorchvisionsPartsDoTogether) {
  const support::OneThread one_thread;
  for (const auto& c : oracle::cases("models_segmentation/segmenter")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(0);
    const auto model = models::get_model<SegmentationModel>("lraspp_mobilenet_v3_large", {.weights_backbone = ""});
    const Segmenter segmenter(model, {.resize_size = 64}, {}, /*optimize=*/false);
    EXPECT_TENSOR_EQ(segmenter(Image(c.tensor("image"))).classes, c.tensor("expected"));
  }
}

// Left red, right blue, all of one lightness.
TEST(Segmenter, TakesTheFramesThatCamerasGive) {
  const Segmenter segmenter(std::make_shared<Strongest>(), plain_preset, {}, /*optimize=*/false);
  auto expected = torch::zeros({4, 8}, torch::kInt64);
  expected.slice(1, 4).fill_(2);
  const std::vector<uint8_t> in_turn{90, 240, 90, 240, 240, 110, 240, 110};
  const std::vector<uint8_t> u{90, 90, 240, 240}, v{240, 240, 110, 110};
  for (const auto& [format, rows] : {std::pair{io::PixelFormat::NV12, std::vector{in_turn, in_turn}},
                                     std::pair{io::PixelFormat::I420, std::vector{u, u, v, v}}}) {
    std::vector<uint8_t> memory(32, 81);
    for (const auto& row : rows) memory.insert(memory.end(), row.begin(), row.end());
    EXPECT_TENSOR_EQ(segmenter(tasks::PixelBuffer{memory.data(), 4, 8, 8, format}).classes, expected);
  }
}

TEST(Segmenter, TakesSeveralPicturesAndThoseOfASizeTogether) {
  const auto model = std::make_shared<Strongest>();
  const Segmenter segmenter(model, plain_preset, {}, /*optimize=*/false);
  const std::vector<Image> images{flag(), flag(4, 8), flag()};
  const auto found = segmenter(images);
  EXPECT_EQ(model->calls, 2);
  ASSERT_EQ(found.size(), 3);
  for (size_t i = 0; i < found.size(); ++i) EXPECT_TENSOR_EQ(found[i].classes, segmenter(images[i]).classes);
}

TEST(Segmenter, TakesFilesAndBuffersTogether) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "flag.png";
  io::write_png(flag(), file);
  const auto rows = flag(4, 8).data.flip(0).permute({1, 2, 0}).contiguous();
  const tasks::PixelBuffer frame{rows.const_data_ptr<uint8_t>(), 4, 8, 24, io::PixelFormat::BGR};
  const Segmenter segmenter(std::make_shared<Strongest>(), plain_preset, {}, /*optimize=*/false);
  const auto found = segmenter(std::vector<tasks::Picture>{file, frame, flag()});
  ASSERT_EQ(found.size(), 3);
  EXPECT_TENSOR_EQ(found[0].classes, segmenter(flag()).classes);
  EXPECT_TENSOR_EQ(found[1].classes, segmenter(flag(4, 8)).classes);
  EXPECT_TENSOR_EQ(found[2].classes, found[0].classes);
  EXPECT_ERROR(segmenter(std::vector<tasks::Picture>{file, "missing.png"}), IoError,
               "Segmenter: inputs[1]: cannot open missing.png");
}

TEST(Segmenter, IsCalledFromManyThreads) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "lraspp.safetensors";
  const auto written = models::get_model<SegmentationModel>("lraspp_mobilenet_v3_large", {.weights_backbone = ""});
  hub::save_safetensors(file, hub::state_dict(*written));
  const Segmenter segmenter("lraspp_mobilenet_v3_large", {.weights_file = file});
  EXPECT_EQ(segmenter.categories().at(15), "person");
  EXPECT_EQ(segmenter.preprocessing().resize_size, 520);
  const Segmenter small(written, {.resize_size = 32}, segmenter.categories());
  small.warm_up({32, 48});
  const auto expected = small(flag());
  std::vector<std::future<tasks::Segmentation>> found;
  for (int i = 0; i < 4; ++i) found.push_back(std::async(std::launch::async, [&] { return small(flag()); }));
  for (auto& future : found) EXPECT_TENSOR_EQ(future.get().classes, expected.classes);
}

TEST(Segmenter, RefusesStripsThatResizingMakesTooLarge) {
  auto preset = plain_preset;
  preset.resize_size = 520;
  const Image strip(torch::zeros({3, 10'000, 20}, torch::kUInt8));
  const Segmenter usual(std::make_shared<Strongest>(), preset, {}, /*optimize=*/false);
  const auto refusal =
      "a picture of (10000, 20) would be resized to (260000, 520), more than resized_pixels, 33554432; raise it";
  EXPECT_ERROR(usual(strip), ValueError, std::string("Segmenter: ") + refusal);
  EXPECT_ERROR(usual(std::vector<Image>{flag(), strip}), ValueError, std::string("Segmenter: inputs[1]: ") + refusal);

  preset.resize_size = 20;
  const Segmenter tight(std::make_shared<Strongest>(), preset, {}, /*optimize=*/false, /*resized_pixels=*/20 * 1000 - 1);
  EXPECT_ERROR(tight(flag(2, 100)), ValueError, "more than resized_pixels, 19999");
  const Segmenter wide(std::make_shared<Strongest>(), preset, {}, /*optimize=*/false, /*resized_pixels=*/20 * 1000);
  EXPECT_EQ(wide(flag(2, 100)).classes.sizes(), (std::vector<int64_t>{2, 100}));
  const Segmenter unresized(std::make_shared<Strongest>(), plain_preset, {}, /*optimize=*/false, /*resized_pixels=*/1);
  EXPECT_EQ(unresized(strip).classes.sizes(), (std::vector<int64_t>{10'000, 20}));
}

TEST(Segmenter, RefusesOtherModelsAndShapes) {
  EXPECT_ERROR(Segmenter("resnet18"), ValueError, "ResNet18_Weights.IMAGENET1K_V1: its preset is that of another task");
  EXPECT_ERROR(Segmenter(std::shared_ptr<SegmentationModel>(), plain_preset, {}), ValueError, "Segmenter: there is no model");
  const Segmenter segmenter(std::make_shared<Strongest>(), plain_preset, {}, /*optimize=*/false);
  EXPECT_ERROR(segmenter(Image(torch::zeros({1, 4, 4}, torch::kUInt8))), ValueError,
               "Segmenter: the image must be (3, H, W), got (1, 4, 4)");
  EXPECT_ERROR(segmenter(Image(torch::zeros({3, 0, 4}, torch::kUInt8))), ValueError,
               "Segmenter: the image must have pixels, got (3, 0, 4)");
}

}  // namespace
}  // namespace opsis
