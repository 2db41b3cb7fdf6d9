#include "opsis/engine/segmentation.h"

#include <torch/torch.h>

#include <fstream>
#include <stop_token>

#include "opsis/models/resnet.h"
#include "opsis/models/segmentation/fcn.h"
#include "opsis/transforms.h"
#include "tests/data/generator_of.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::engine {
namespace {

using datasets::Segmented;
using models::segmentation::FCN;
using models::segmentation::FCNHead;

// As segmentation_training of tests/oracle/engine.py.
FCN small_segmenter(bool aux) {
  const models::ResNet network(models::ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1});
  models::ReturnLayers wanted{{"layer4", "out"}};
  if (aux) wanted.emplace_back("layer3", "aux");
  const models::IntermediateLayerGetter backbone(network->layers(), wanted);
  const auto aux_classifier = aux ? models::Layer(FCNHead(256, 4)) : models::Layer();
  return FCN(backbone, models::Layer(FCNHead(512, 4)), aux_classifier);
}

class GivenMasks final : public datasets::Dataset<Segmented> {
 public:
  explicit GivenMasks(std::vector<Segmented> examples) : examples_(std::move(examples)) {}
  size_t size() const override { return examples_.size(); }
  Segmented get(size_t index) const override { return examples_.at(index); }

 private:
  std::vector<Segmented> examples_;
};

GivenMasks examples_of(const torch::Tensor& images, const torch::Tensor& masks) {
  std::vector<Segmented> examples;
  for (int64_t i = 0; i < images.size(0); ++i) examples.push_back({.image = Image(images[i]), .mask = Mask(masks[i])});
  return GivenMasks(std::move(examples));
}

// Light pixels are of class 1.
GivenMasks light_and_dark(int64_t count, int64_t side = 64) {
  auto images = torch::zeros({count, 3, side, side});
  for (int64_t i = 0; i < count; ++i) images[i].narrow(1, i * 5 % 30, 30).narrow(2, i * 9 % 30, 30).fill_(1);
  return examples_of(images, images.slice(1, 0, 1).to(torch::kUInt8));
}

class FitSegmenter : public testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }
  support::TemporaryFolder folder_;
};

struct StopSegmenter {};

TEST_F(FitSegmenter, LosesWhatPythonLosesInEachStep) {
  for (const auto& c : oracle::cases("engine/segmentation_training")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(0);
    auto model = small_segmenter(c.boolean("aux"));
    SegmentationLoader loader(examples_of(c.tensor("images"), c.tensor("masks")), {.batch_size = 2, .seed = 1});
    std::vector<double> losses, rates;
    fit(*model, loader, nullptr, {.epochs = 2, .on_step = [&](const StepReport& step) {
                                    losses.push_back(step.loss);
                                    rates.push_back(step.learning_rate);
                                  }});
    const auto expected = c.numbers("losses"), expected_rates = c.numbers("rates");
    ASSERT_EQ(losses.size(), expected.size());
    for (size_t i = 0; i < losses.size(); ++i) {
      EXPECT_NEAR(losses[i], expected[i], 1e-4 * expected[i]) << "step " << i;
      EXPECT_NEAR(rates[i], expected_rates[i], 1e-12) << "step " << i;
    }
  }
}

TEST_F(FitSegmenter, LearnsAndResumesAsIfItHadNeverStopped) {
  const auto run = [&](int64_t stop_after, std::vector<SegmentationEpochReport>& history, const std::string& name) {
    torch::manual_seed(1);
    auto model = small_segmenter(true);
    const auto loader = [] {  // as a new process makes it: with a generator that is its own
      return SegmentationLoader(light_and_dark(8),
                                {.batch_size = 4, .shuffle = true, .num_workers = 1, .generator = generator_of(3)});
    };
    auto train = loader();
    SegmentationLoader held_out(light_and_dark(3), {.batch_size = 2});
    SegmentationFitOptions options{.epochs = 4,
                                   .optimizer = {.kind = OptimizerOptions::Kind::AdamW, .lr = 1e-3},
                                   .aux_lr_factor = 2,
                                   .checkpoint = folder_.path() / name};
    options.on_epoch = [&](const SegmentationEpochReport& epoch) {
      if (epoch.epoch + 1 == stop_after) throw StopSegmenter();
    };
    try {
      history = fit(*model, train, &held_out, options);
    } catch (const StopSegmenter&) {
      torch::manual_seed(999);
      model = small_segmenter(true);  // as a new process would
      options.resume = options.checkpoint;
      options.on_epoch = {};
      auto again = loader();
      history = fit(*model, again, &held_out, options);
    }
    return model;
  };
  std::vector<SegmentationEpochReport> whole, resumed;
  const auto a = run(-1, whole, "whole.pth");
  const auto b = run(2, resumed, "resumed.pth");
  support::expect_equal_state(*b, *a);
  ASSERT_EQ(resumed.size(), 4);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(resumed[i].loss, whole[i].loss);
    EXPECT_EQ(resumed[i].validation->images, 3);
    EXPECT_EQ(resumed[i].validation->mean_iou, whole[i].validation->mean_iou);
    EXPECT_EQ(resumed[i].validation->iou.size(), 4);
  }
  EXPECT_LT(whole.back().loss, 0.8 * whole.front().loss);
  EXPECT_FALSE(a->is_training());
}

TEST_F(FitSegmenter, KeepsTheEpochWhoseValidationWasStoppedBeforeItsFirstBatch) {
  std::stop_source source;
  source.request_stop();
  auto model = small_segmenter(false);
  SegmentationLoader train(light_and_dark(4), {.batch_size = 4});
  SegmentationLoader stopped(light_and_dark(2), {.batch_size = 2, .stop = source.get_token()});
  const auto history = fit(*model, train, &stopped, {.epochs = 2, .checkpoint = folder_.path() / "run.pth"});
  ASSERT_EQ(history.size(), 2);
  for (const auto& epoch : history) EXPECT_FALSE(epoch.validation);
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "run.pth"));
}

// Its mean is no number; Python goes on, for the gradient is 0.
TEST_F(FitSegmenter, GoesOnAfterABatchWithoutALabelledPixel) {
  auto model = small_segmenter(true);
  SegmentationLoader loader(examples_of(torch::rand({2, 3, 64, 64}), torch::full({2, 1, 64, 64}, 255, torch::kUInt8)),
                            {.batch_size = 2});
  std::vector<torch::Tensor> before;
  for (const auto& parameter : model->parameters()) before.push_back(parameter.detach().clone());
  const auto history = fit(*model, loader, nullptr, {.epochs = 1, .optimizer = {.lr = 1, .weight_decay = 0}});
  EXPECT_EQ(history.at(0).loss, 0);
  const auto after = model->parameters();
  for (size_t i = 0; i < after.size(); ++i) EXPECT_TENSOR_EQ(after[i], before[i]);
}

TEST_F(FitSegmenter, SaysWhatIsWrong) {
  auto model = small_segmenter(false);
  const auto images = torch::rand({2, 3, 64, 64});
  const auto refuses = [&](const torch::Tensor& masks, const std::string& what, size_t batch_size = 2) {
    SegmentationLoader loader(examples_of(images, masks), {.batch_size = batch_size});
    EXPECT_ERROR(fit(*model, loader), ValueError, what);
  };
  refuses(torch::full({2, 1, 64, 64}, 4, torch::kUInt8), "fit: a mask has the number 4, the model has 4 classes");
  refuses(torch::full({2, 1, 64, 64}, -1, torch::kInt64), "fit: a mask has the number -1");
  refuses(torch::zeros({2, 1, 64, 60}, torch::kUInt8), "fit: masks must be (N, 1, H, W) of the images' size");
  refuses(torch::zeros({2, 1, 64, 64}), "fit: masks must be whole numbers, got Float");
  SegmentationLoader none(GivenMasks({}), {.batch_size = 2});
  EXPECT_ERROR(fit(*model, none), ValueError, "fit: the training data set gives no batch (0 images)");
  EXPECT_ERROR(evaluate(*model, none), ValueError, "evaluate: the data set gives no batch (0 images)");
  SegmentationLoader one(light_and_dark(1, 32), {.batch_size = 1});
  EXPECT_ERROR(fit(*model, one), ValueError, "cannot train on a batch of one image");
  SegmentationLoader two(light_and_dark(2), {.batch_size = 2});
  EXPECT_ERROR(fit(*model, two, nullptr, {.aux_lr_factor = -1}), ValueError, "aux_lr_factor must not be negative, got -1");
}

TEST(EvaluateSegmenter, PassesOverPixelsOfNoClass) {
  // A model that finds what is light.
  struct Light final : models::SegmentationModel {
    Light() : models::SegmentationModel("Light") {}
    torch::Tensor forward(torch::Tensor images) override {
      const auto light = images.slice(1, 0, 1);
      return torch::cat({0.5 - light, light - 0.5}, 1);
    }
  };
  Light model;
  auto images = torch::zeros({2, 3, 4, 4}), masks = torch::zeros({2, 1, 4, 4}, torch::kUInt8);
  images[0].narrow(1, 0, 2).fill_(1);
  masks[0].narrow(1, 0, 1).fill_(1);
  masks[0].narrow(1, 1, 1).fill_(255);
  masks[1].narrow(1, 3, 1).fill_(1);
  SegmentationLoader loader(examples_of(images, masks));
  const auto evaluation = evaluate(model, loader);
  EXPECT_EQ(evaluation.images, 2);
  EXPECT_DOUBLE_EQ(evaluation.pixel_accuracy, 24. / 28);
  EXPECT_DOUBLE_EQ(evaluation.iou[1], 0.5);
  EXPECT_DOUBLE_EQ(evaluation.iou[0], 20. / 24);
  EXPECT_DOUBLE_EQ(evaluation.mean_iou, (0.5 + 20. / 24) / 2);
}

class OneExample final : public datasets::Dataset<datasets::Detected> {
 public:
  explicit OneExample(datasets::Detected example) : example_(std::move(example)) {}
  size_t size() const override { return 1; }
  datasets::Detected get(size_t) const override { return example_; }

 private:
  datasets::Detected example_;
};

TEST(SegmentedObjects, AreClassesOfPixelsAsInTheRecipe) {
  const auto c = oracle::cases("engine/segmented_objects").front();
  datasets::Detected example{.image = Image(torch::zeros({3, 9, 7})), .labels = c.tensor("labels")};
  const auto open = [&] { return SegmentedObjects(std::make_shared<OneExample>(example), coco_labels_of_voc()); };
  EXPECT_ERROR(open().get(0), ValueError, "SegmentedObjects: example 0 has 5 objects without masks");
  example.masks = Mask(c.tensor("masks"));
  const auto objects = open();
  EXPECT_EQ(objects.size(), 1);
  EXPECT_TENSOR_EQ(objects.get(0).mask.data, c.tensor("expected"));
  example.masks = Mask(torch::zeros({5, 9, 8}, torch::kUInt8));
  EXPECT_ERROR(open().get(0), ValueError, "has an image of (9, 7) and a mask of (9, 8)");
  EXPECT_ERROR(SegmentedObjects(std::make_shared<OneExample>(example), {}), ValueError, "there must be 1 to 255 labels, got 0");
}

TEST(ImagesWithArea, CoverMoreThanAThousandPixels) {
  const support::TemporaryFolder folder;
  const auto path = folder.path() / "instances.json";
  std::ofstream(path) << R"({"images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}], "annotations": [
      {"id": 1, "image_id": 1, "category_id": 5, "area": 1000}, {"id": 2, "image_id": 1, "category_id": 6, "area": 900},
      {"id": 3, "image_id": 2, "category_id": 5, "area": 600}, {"id": 4, "image_id": 2, "category_id": 5, "area": 600}]})";
  EXPECT_EQ(images_with_area(datasets::CocoFile(path), {0, 5}), std::vector<size_t>{1});
  EXPECT_EQ(images_with_area(datasets::CocoFile(path), {5, 6}), (std::vector<size_t>{0, 1}));
}

TEST(SegmentationAugmentation, PadsWhatIsTooSmallWithPixelsOfNoClass) {
  const auto augment = segmentation_augmentation({.base_size = 20, .crop_size = 48, .hflip_prob = 0});
  torch::manual_seed(0);
  const auto example = augment(Segmented{.image = Image(torch::full({3, 10, 20}, 255, torch::kUInt8)),
                                         .mask = Mask(torch::ones({1, 10, 20}, torch::kUInt8))});
  EXPECT_EQ(example.image.data.sizes(), (std::vector<int64_t>{3, 48, 48}));
  EXPECT_EQ(example.image.data.scalar_type(), torch::kFloat32);
  const auto& mask = example.mask.data;
  EXPECT_EQ(mask[0][0][0].item<int>(), 1);
  EXPECT_EQ(mask[0][47][47].item<int>(), 255);
  EXPECT_TRUE((mask.eq(1).logical_or(mask.eq(255))).all().item<bool>());
  // Black, as the network sees it, where there is no class.
  EXPECT_NEAR(example.image.data[0][47][47].item<float>(), -0.485F / 0.229F, 1e-6);
  EXPECT_ERROR(segmentation_augmentation({.crop_size = 0}), ValueError, "must be positive, got 520 and 0");
}

}  // namespace
}  // namespace opsis::engine
