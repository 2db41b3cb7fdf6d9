#include "opsis/tasks/classifier.h"

#include <torch/torch.h>

#include <atomic>
#include <future>

#include "opsis/core/check.h"
#include "opsis/hub/safetensors.h"
#include "opsis/hub/state_dict.h"
#include "opsis/io/image.h"
#include "opsis/models/registry.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using models::ImageClassifier;
using tasks::Classifier;

// How much there is of each colour.
struct Colours final : ImageClassifier {
  Colours() : ImageClassifier("Colours") {}
  torch::Tensor forward(torch::Tensor images) override {
    ++calls;
    return images.mean({2, 3}) * 10;
  }
  std::atomic<int> calls = 0;
};

const transforms::ImageClassificationOptions as_it_is{.crop_size = 8, .resize_size = 8, .mean = {0, 0, 0}, .std = {1, 1, 1}};

Image colour(int64_t channel, int64_t value) {
  auto pixels = torch::zeros({3, 8, 12}, torch::kUInt8);
  pixels[channel].fill_(value);
  return Image(pixels);
}

TEST(Classifier, NamesTheLikeliestClasses) {
  const auto model = std::make_shared<Colours>();
  const Classifier classifier(model, as_it_is, {"red", "green"}, /*optimize=*/false);
  tasks::Timings timings{-1, -1, -1};
  const auto found = classifier(colour(2, 255), 2, &timings);
  ASSERT_EQ(found.best.size(), 2);
  EXPECT_EQ(found.best[0].name, "class 2");
  EXPECT_EQ(found.best[0].index, 2);
  EXPECT_NEAR(found.best[0].probability, 1 / (1 + 2 * std::exp(-10.0)), 1e-6);
  EXPECT_EQ(found.probabilities.sizes(), (std::vector<int64_t>{3}));
  EXPECT_GE(timings.model_ms, 0);
  EXPECT_EQ(classifier(colour(0, 255), 9).best.size(), 3);
  const std::vector<Image> several{colour(0, 200), colour(1, 200), colour(2, 200)};
  model->calls = 0;
  const auto answers = classifier(several, 1);
  EXPECT_EQ(model->calls, 1);
  for (size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i].best.at(0).index, i);
}

TEST(Classifier, TakesFilesBytesAndBuffersTogether) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "green.png";
  const auto green = colour(1, 200);
  io::write_png(green, file);
  const auto encoded = io::encode_png(colour(2, 200));
  const io::Bytes bytes(encoded.const_data_ptr<uint8_t>(), static_cast<size_t>(encoded.numel()));
  const auto red = colour(0, 200).data.permute({1, 2, 0}).contiguous();
  const tasks::PixelBuffer frame{red.const_data_ptr<uint8_t>(), 8, 12, 36};
  const auto model = std::make_shared<Colours>();
  const Classifier classifier(model, as_it_is, {"red", "green", "blue"}, /*optimize=*/false);
  EXPECT_EQ(classifier(file).best[0].name, "green");
  EXPECT_EQ(classifier(file.c_str()).best[0].name, "green");
  EXPECT_EQ(classifier(bytes).best[0].name, "blue");
  EXPECT_EQ(classifier(frame).best[0].name, "red");
  model->calls = 0;
  const auto found = classifier(std::vector<tasks::Picture>{file, frame, bytes, green, file.string()});
  EXPECT_EQ(model->calls, 1);
  std::vector<std::string> names;
  for (const auto& one : found) names.push_back(one.best[0].name);
  EXPECT_EQ(names, (std::vector<std::string>{"green", "red", "blue", "green", "green"}));
  const std::vector<std::filesystem::path> files{file, file};
  EXPECT_EQ(classifier(files).size(), 2);

  const auto broken = folder.write("broken.png", "\x89PNG\r\n\x1a\n and no more");
  EXPECT_ERROR(classifier(std::vector<tasks::Picture>{file, frame, broken}), DecodeError,
               text("Classifier: inputs[2]: {}: decode_png", broken.string()));
  EXPECT_ERROR(classifier(std::vector<tasks::Picture>{green, "missing.png"}), IoError,
               "Classifier: inputs[1]: cannot open missing.png");
  EXPECT_ERROR(classifier("missing.png"), IoError, "cannot open missing.png");
  EXPECT_ERROR(classifier(std::vector<tasks::Picture>{tasks::PixelBuffer{}, file}), ValueError,
               "Classifier: inputs[0]: from_pixels: there must be pixels");
  EXPECT_ERROR(classifier(std::vector<tasks::Picture>{Image(torch::zeros({1, 4, 4})), "missing.png"}), ValueError,
               "Classifier: inputs[0]: the image must be (3, H, W), got (1, 4, 4)");
}

TEST(Classifier, AnswersAsItsModelDoes) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "shufflenet.safetensors";
  const auto written = models::get_model("shufflenet_v2_x0_5");
  hub::save_safetensors(file, hub::state_dict(*written));
  const Classifier classifier("shufflenet_v2_x0_5", {.weights_file = file});
  classifier.warm_up();
  const Image image(torch::randint(0, 256, {3, 240, 260}, torch::kUInt8));
  const auto found = classifier(image);
  written->eval();
  const auto ready = transforms::ImageClassification(classifier.preprocessing())(image).data.unsqueeze(0);
  const auto expected = written->forward(ready).detach()[0].softmax(0);
  EXPECT_TENSOR_NEAR(found.probabilities, expected, 1e-4, 0);  // sums in another order, folded weights
  ASSERT_EQ(found.best.size(), 5);
  EXPECT_EQ(found.best[0].name, classifier.categories()[static_cast<size_t>(found.best[0].index)]);
}

TEST(Classifier, IsCalledFromManyThreads) {
  torch::manual_seed(0);
  const Classifier classifier(models::get_model("shufflenet_v2_x0_5"), as_it_is, {});  // whose program is made by the first
  std::vector<std::future<torch::Tensor>> found;
  for (int64_t i = 0; i < 4; ++i) {
    found.push_back(std::async(std::launch::async, [&, i] { return classifier(colour(i % 3, 200)).probabilities; }));
  }
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_TENSOR_NEAR(found[static_cast<size_t>(i)].get(), classifier(colour(i % 3, 200)).probabilities, 1e-5, 0);
  }
}

// 1 x 1,000,000 would become 256 x 256,000,000.
TEST(Classifier, RefusesStripsThatResizingMakesTooLarge) {
  const Classifier classifier(std::make_shared<Colours>(), {}, {}, /*optimize=*/false);
  EXPECT_EQ(classifier(Image(torch::zeros({3, 20, 10'000}, torch::kUInt8))).best.size(), 3);
  EXPECT_ERROR(
      classifier(Image(torch::zeros({3, 1, 1'000'000}, torch::kUInt8))), ValueError,
      "Classifier: a picture of (1, 1000000) would be resized to (256, 256000000), more than resized_pixels, 33554432");
  const Classifier tight(std::make_shared<Colours>(), as_it_is, {}, /*optimize=*/false, /*resized_pixels=*/8 * 12 - 1);
  EXPECT_ERROR(tight(colour(0, 1)), ValueError, "raise it, or cut the picture into parts");
}

TEST(Classifier, RefusesOtherModelsAndShapes) {
  EXPECT_ERROR(Classifier("raft_small"), ValueError, "its preset is that of another task: optical flow");
  const Classifier classifier(std::make_shared<Colours>(), as_it_is, {}, /*optimize=*/false);
  EXPECT_ERROR(classifier(Image(torch::zeros({1, 4, 4}, torch::kUInt8))), ValueError,
               "Classifier: the image must be (3, H, W), got (1, 4, 4)");
  EXPECT_ERROR(classifier(colour(0, 1), -1), ValueError, "Classifier: top must not be negative, got -1");
}

}  // namespace
}  // namespace opsis
