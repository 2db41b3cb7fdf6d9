#include "opsis/tasks/detector.h"

#include <torch/torch.h>

#include <future>

#include "opsis/hub/safetensors.h"
#include "opsis/hub/state_dict.h"
#include "opsis/io/image.h"
#include "opsis/models/optimize.h"
#include "opsis/tasks/keypoint_detector.h"
#include "opsis/utils.h"
#include "tests/support/expect.h"
#include "tests/support/lively_detector.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using models::Detection;
using models::DetectionModel;
using tasks::Detector;
using tasks::KeypointDetector;

constexpr int64_t kHalf = 4;  // of a mark's box

// Finds marks: a pixel that is all red is the middle of a box of 8 x 8, its green how sure that is, its blue the class. What
// lies over the image's edge is cut, and less sure.
struct Marks final : DetectionModel {
  explicit Marks(bool extras = false) : DetectionModel("Marks"), extras_(extras) {}
  std::vector<Detection> detect(const std::vector<torch::Tensor>& images, const Network&) override {
    std::vector<Detection> found;
    for (const auto& image : images) {
      ++looked;
      const auto places = (image[0] == 1).nonzero();
      const auto n = places.size(0), height = image.size(1), width = image.size(2);
      const auto y = places.select(1, 0), x = places.select(1, 1);
      const auto boxes = torch::stack({(x - kHalf).clamp_min(0), (y - kHalf).clamp_min(0), (x + kHalf).clamp_max(width),
                                       (y + kHalf).clamp_max(height)},
                                      1)
                             .to(torch::kFloat32);
      const auto order = image[1].index({y, x}).argsort(0, /*descending=*/true);
      Detection one{boxes, image[1].index({y, x}), (image[2].index({y, x}) * 255).round().to(torch::kInt64)};
      if (extras_) {
        one.masks = torch::zeros({n, 1, height, width});
        for (int64_t i = 0; i < n; ++i) {
          const auto b = boxes[i].to(torch::kInt64);
          one.masks[i][0]
              .slice(0, b[1].item<int64_t>(), b[3].item<int64_t>())
              .slice(1, b[0].item<int64_t>(), b[2].item<int64_t>())
              .fill_(0.75);
        }
        one.keypoints = torch::stack({x, y, torch::ones_like(x)}, 1).to(torch::kFloat32).unsqueeze(1);
        one.keypoints_scores = torch::stack({one.scores - 0.7}, 1);
      }
      const auto pick = [&](torch::Tensor& t) {
        if (t.defined()) t = t.index_select(0, order);
      };
      for (auto* t : {&one.boxes, &one.scores, &one.labels, &one.masks, &one.keypoints, &one.keypoints_scores}) pick(*t);
      found.push_back(std::move(one));
    }
    return found;
  }
  models::DetectionLosses learn(const std::vector<torch::Tensor>&, const std::vector<models::DetectionTarget>&) override {
    return {};
  }
  std::atomic<int> looked = 0;

 private:
  bool extras_;
};

struct Mark {
  int64_t y, x, sureness, label;  // of 255
};

Image picture(int64_t height, int64_t width, const std::vector<Mark>& marks) {
  auto pixels = torch::zeros({3, height, width}, torch::kUInt8);
  for (const auto& mark : marks) {
    pixels[0][mark.y][mark.x] = 255;
    pixels[1][mark.y][mark.x] = mark.sureness;
    pixels[2][mark.y][mark.x] = mark.label;
  }
  return Image(pixels);
}

TEST(Detector, NamesWhatItIsSureOf) {
  const Detector detector(std::make_shared<Marks>(), {"nothing", "cat"}, 0.5);
  tasks::Timings timings{-1, -1, -1};
  const auto found = detector(picture(20, 30, {{10, 8, 200, 1}, {9, 20, 250, 2}, {4, 4, 100, 1}}), &timings);
  ASSERT_EQ(found.size(), 2);
  EXPECT_EQ(found.names, (std::vector<std::string>{"class 2", "cat"}));
  EXPECT_TENSOR_EQ(found.boxes.data, torch::tensor({{16.f, 5.f, 24.f, 13.f}, {4.f, 6.f, 12.f, 14.f}}));
  EXPECT_EQ(found.boxes.canvas_size, (Size{20, 30}));
  EXPECT_TENSOR_EQ(found.labels, torch::tensor({2, 1}));
  EXPECT_FALSE(found.masks.defined());
  EXPECT_GE(timings.prepare_ms, 0);
  EXPECT_GE(timings.model_ms, 0);
  EXPECT_GE(timings.finish_ms, 0);
  const std::vector<Image> several{picture(9, 9, {{4, 4, 255, 1}}), picture(20, 40, {})};
  const auto answers = detector(several);
  ASSERT_EQ(answers.size(), 2);
  EXPECT_EQ(answers[0].names, (std::vector<std::string>{"cat"}));
  EXPECT_EQ(answers[1].size(), 0);
  EXPECT_TRUE(detector(std::vector<Image>()).empty());
}

TEST(Detector, FindsWhatIsInAStripe) {
  const Detector detector(std::make_shared<Marks>(), {"nothing", "cat"}, 0.5);
  const auto stripe = picture(10'000, 20, {{9'000, 8, 200, 1}, {5'003, 10, 150, 1}});
  const auto found = detector(stripe);
  EXPECT_TENSOR_EQ(found.boxes.data, torch::tensor({{4.F, 8996.F, 12.F, 9004.F}, {6.F, 4999.F, 14.F, 5007.F}}));
  EXPECT_EQ(found.boxes.canvas_size, (Size{10'000, 20}));
  EXPECT_TENSOR_EQ(detector.tiled(stripe, {.tile_size = {512, 512}, .overlap = 64}).boxes.data, found.boxes.data);
  // And what a network of LibTorch's layers makes of it.
  const auto model = support::lively_detector();
  const auto image = torch::rand({3, 20, 10'000});
  const auto boxes = Detector(model, {}, 0)(Image(image)).boxes;
  const torch::NoGradGuard no_grad;
  EXPECT_TENSOR_NEAR(boxes.data, model->forward({image})[0].boxes, 1e-5, 0);
  EXPECT_GT(boxes.data.size(0), 0);
}

TEST(Detector, TakesFilesAndBuffersTogether) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "marks.png";
  const auto image = picture(20, 30, {{10, 8, 200, 1}, {9, 20, 250, 2}});
  io::write_png(image, file);
  const auto rows = picture(9, 9, {{4, 4, 255, 1}}).data.permute({1, 2, 0}).contiguous();
  const tasks::PixelBuffer frame{rows.const_data_ptr<uint8_t>(), 9, 9, 27};
  const Detector detector(std::make_shared<Marks>(), {"nothing", "cat"}, 0.5);
  const auto found = detector(std::vector<tasks::Picture>{image, frame, file});
  ASSERT_EQ(found.size(), 3);
  EXPECT_EQ(found[1].boxes.canvas_size, (Size{9, 9}));
  EXPECT_EQ(found[1].names, (std::vector<std::string>{"cat"}));
  EXPECT_TENSOR_EQ(found[2].boxes.data, found[0].boxes.data);
  EXPECT_TENSOR_EQ(detector.tiled(file, {.tile_size = {16, 16}, .overlap = 10}).boxes.data, found[0].boxes.data);
  EXPECT_ERROR(detector(std::vector<tasks::Picture>{file, "missing.png"}), IoError,
               "Detector: inputs[1]: cannot open missing.png");
  const KeypointDetector of_points(std::make_shared<Marks>(true), {"middle"}, 0.5);
  const auto points = of_points(std::vector<tasks::Picture>{frame, file});
  ASSERT_EQ(points.size(), 2);
  EXPECT_TENSOR_EQ(points[0].points, torch::tensor({4.f, 4.f}).view({1, 1, 2}));
  EXPECT_TENSOR_EQ(points[1].points, of_points(image).points);
}

TEST(Detector, MasksAreOfPixelsAndAreDrawn) {
  const Detector detector(std::make_shared<Marks>(true), {}, 0.5);
  const auto image = picture(20, 30, {{10, 8, 200, 1}});
  const auto found = detector(image);
  EXPECT_EQ(found.masks.scalar_type(), torch::kBool);
  EXPECT_EQ(found.masks.sizes(), (std::vector<int64_t>{1, 20, 30}));
  EXPECT_EQ(found.masks.sum().item<int64_t>(), 64);
  EXPECT_EQ(Detector(std::make_shared<Marks>(true), {}, 0.5, 0.8)(image).masks.sum().item<int64_t>(), 0);
  const auto drawn = utils::draw_segmentation_masks(utils::draw_bounding_boxes(image, found.boxes), found.masks);
  EXPECT_EQ(drawn.data.sizes(), image.data.sizes());
}

TEST(Detector, TiledIsThePlainCallWhenThePictureFits) {
  const auto model = std::make_shared<Marks>(true);
  const Detector detector(model, {}, 0.5);
  const auto image = picture(40, 50, {{10, 8, 200, 1}, {12, 8, 210, 1}});  // nms would take one of them
  const auto plain = detector(image), tiled = detector.tiled(image, {.tile_size = {40, 60}, .overlap = 0});
  EXPECT_EQ(model->looked, 2);
  EXPECT_TENSOR_EQ(tiled.boxes.data, plain.boxes.data);
  EXPECT_TENSOR_EQ(tiled.scores, plain.scores);
  EXPECT_TENSOR_EQ(tiled.masks, plain.masks);
  EXPECT_EQ(tiled.size(), 2);
}

TEST(Detector, TiledFindsEverythingOnceAndWhole) {
  const auto model = std::make_shared<Marks>(true);
  const Detector detector(model, {}, 0.5);
  std::vector<Mark> marks;
  for (int64_t y = 6; y < 90; y += 13) {
    for (int64_t x = 5; x < 130; x += 11) marks.push_back({y, x, 130 + static_cast<int64_t>(marks.size()), 1 + (x + y) % 3});
  }
  marks.push_back({50, 70, 255, 7});  // of another class than its neighbours
  const auto image = picture(97, 135, marks);
  const auto plain = detector(image);
  const auto tiled = detector.tiled(image, {.tile_size = {40, 48}, .overlap = 16});
  EXPECT_EQ(model->looked, 1 + 4 * 4);
  ASSERT_EQ(tiled.size(), marks.size());
  EXPECT_TENSOR_EQ(tiled.boxes.data, plain.boxes.data);
  EXPECT_TENSOR_EQ(tiled.scores, plain.scores);
  EXPECT_TENSOR_EQ(tiled.labels, plain.labels);
  EXPECT_TENSOR_EQ(tiled.masks, plain.masks);
  EXPECT_EQ(tiled.boxes.canvas_size, (Size{97, 135}));
  EXPECT_EQ(detector.tiled(picture(97, 135, {}), {.tile_size = {40, 48}, .overlap = 16}).size(), 0);
}

TEST(Detector, TiledMakesNoMoreMasksThanItMay) {
  const Detector detector(std::make_shared<Marks>(true), {}, 0.5);
  const auto image = picture(60, 90, {{10, 8, 200, 1}, {40, 70, 210, 1}, {12, 50, 250, 2}});
  const auto plain = detector(image);
  const auto tiled = [&](bool masks, int64_t mask_bytes) {
    return detector.tiled(image, {.tile_size = {40, 48}, .overlap = 16, .masks = masks, .mask_bytes = mask_bytes});
  };
  constexpr int64_t kBytes = int64_t{3} * 60 * 90;
  EXPECT_TENSOR_EQ(tiled(true, kBytes).masks, plain.masks);
  EXPECT_ERROR(
      tiled(true, kBytes - 1), ValueError,
      "Detector: masks of 3 things in a picture of (60, 90) are 16200 bytes, more than mask_bytes, 16199; raise it or");
  const auto without = tiled(false, 0);
  EXPECT_FALSE(without.masks.defined());
  EXPECT_TENSOR_EQ(without.boxes.data, plain.boxes.data);
  EXPECT_FALSE(detector.tiled(image, {.masks = false}).masks.defined());  // where the picture fits into a tile
}

TEST(Detector, RunsModelsByNameFromManyThreads) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "ssdlite.safetensors";
  const auto written = support::lively_detector();
  hub::save_safetensors(file, hub::state_dict(*written));
  const Detector detector("ssdlite320_mobilenet_v3_large", {.weights_file = file, .score_threshold = 0.1});
  EXPECT_EQ(detector.categories().at(1), "person");
  const Image image(torch::randint(0, 256, {3, 50, 70}, torch::kUInt8));
  written->eval();
  const auto all = written->forward({image.data.to(torch::kFloat32).div(255)});
  const auto expected = detector(image);
  const auto sure = static_cast<int64_t>(expected.size());
  ASSERT_GT(sure, 0);
  EXPECT_EQ(sure, (all[0].scores >= 0.1).sum().item<int64_t>());
  EXPECT_TENSOR_NEAR(expected.boxes.data, all[0].boxes.slice(0, 0, sure), 1e-5, 0);
  std::vector<std::future<tasks::Detections>> found;
  for (int i = 0; i < 2; ++i) found.push_back(std::async(std::launch::async, [&] { return detector(image); }));
  for (auto& future : found) EXPECT_TENSOR_NEAR(future.get().boxes.data, expected.boxes.data, 1e-5, 0);
}

TEST(Detector, RefusesOtherModelsShapesAndTiles) {
  EXPECT_ERROR(Detector("resnet18"), ValueError,
               "ResNet18_Weights.IMAGENET1K_V1: its preset is that of another task: image classification");
  EXPECT_ERROR(Detector(std::shared_ptr<DetectionModel>(), {}), ValueError, "Detector: there is no model");
  EXPECT_ERROR(Detector(std::make_shared<Marks>(), {}, 1.5), ValueError,
               "Detector: score_threshold must be in [0, 1], got 1.5");
  const Detector detector(std::make_shared<Marks>(), {});
  EXPECT_ERROR(detector(Image(torch::zeros({1, 4, 4}, torch::kUInt8))), ValueError,
               "Detector: the image must be (3, H, W), got (1, 4, 4)");
  EXPECT_ERROR(detector(Image(torch::zeros({3, 0, 4}, torch::kUInt8))), ValueError,
               "Detector: the image must have pixels, got (3, 0, 4)");
  EXPECT_ERROR(detector.warm_up({-1, 4}), ValueError, "warm_up: the size must be positive, got (-1, 4)");
  EXPECT_ERROR(detector.tiled(picture(9, 9, {}), {.tile_size = {8, 8}, .overlap = 8}), ValueError,
               "Detector: overlap must be less than the sides of tiles, (8, 8), and not negative, got 8");
  EXPECT_ERROR(detector.tiled(picture(9, 9, {}), {.tile_size = {0, 8}}), ValueError,
               "Detector: tile_size must be positive, got (0, 8)");
  EXPECT_ERROR(detector.tiled(picture(9, 9, {}), {.tile_size = {8, 8}, .overlap = 2, .nms_threshold = NAN}), ValueError,
               "Detector: nms_threshold must be in [0, 1], got nan");
}

TEST(KeypointDetector, GivesPointsAndHowSureTheyAre) {
  const KeypointDetector detector(std::make_shared<Marks>(true), {"middle"}, 0.5);
  const auto image = picture(20, 30, {{10, 8, 160, 1}, {9, 20, 250, 1}, {4, 4, 100, 1}});
  const auto found = detector(image);
  ASSERT_EQ(found.size(), 2);
  EXPECT_TENSOR_EQ(found.points, torch::tensor({20.f, 9.f, 8.f, 10.f}).view({2, 1, 2}));
  EXPECT_TENSOR_EQ(found.visible(), torch::tensor({true, false}).view({2, 1}));
  EXPECT_EQ(found.boxes.canvas_size, (Size{20, 30}));
  std::vector<std::future<tasks::KeypointDetections>> others;
  for (int i = 0; i < 3; ++i) others.push_back(std::async(std::launch::async, [&] { return detector(image); }));
  for (auto& other : others) EXPECT_TENSOR_EQ(other.get().points, found.points);
  EXPECT_TRUE(detector.skeleton().empty());
  const KeypointDetector of_people(std::make_shared<Marks>(true));
  EXPECT_EQ(of_people.keypoints().at(0), "nose");
  EXPECT_EQ(of_people.skeleton().size(), 19);
  const auto without = std::make_shared<Marks>();
  EXPECT_ERROR(KeypointDetector(without)(image), ValueError, "KeypointDetector: Marks gives no key points");
  EXPECT_ERROR(KeypointDetector(models::optimize(without))(image), ValueError, "KeypointDetector: Marks gives no key points");
}

}  // namespace
}  // namespace opsis
