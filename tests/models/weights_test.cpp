#include "opsis/models/weights.h"

#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "opsis/models/imagenet_categories.h"
#include "opsis/models/registry.h"
#include "opsis/models/resnet.h"
#include "opsis/tv_tensors/print.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

using models::ResNet50_Weights;

nlohmann::json described(const models::ImageClassificationOptions& preset) {
  return {{"kind", "ImageClassification"},
          {"crop_size", {preset.crop_size}},
          {"resize_size", {preset.resize_size}},
          {"mean", preset.mean},
          {"std", preset.std},
          {"interpolation", std::string(transforms::to_string(preset.interpolation))},
          {"antialias", preset.antialias}};
}

nlohmann::json described(const models::SemanticSegmentationOptions& preset) {
  return {{"kind", "SemanticSegmentation"},
          {"resize_size", {preset.resize_size.value()}},
          {"mean", preset.mean},
          {"std", preset.std},
          {"interpolation", std::string(transforms::to_string(preset.interpolation))},
          {"antialias", preset.antialias}};
}

nlohmann::json described(const models::VideoClassificationOptions& preset) {
  return {{"kind", "VideoClassification"},
          {"crop_size", {preset.crop_size.height, preset.crop_size.width}},
          {"resize_size", std::vector<int64_t>(preset.resize_size)},
          {"mean", preset.mean},
          {"std", preset.std},
          {"interpolation", std::string(transforms::to_string(preset.interpolation))}};
}

nlohmann::json described(const models::OpticalFlowOptions&) { return {{"kind", "OpticalFlow"}}; }
nlohmann::json described(const models::ObjectDetectionOptions&) { return {{"kind", "ObjectDetection"}}; }

// An entry as tests/oracle/models.py describes torchvision's.
nlohmann::json described(const models::Weights& weights) {
  auto metrics = nlohmann::json::array();
  for (const auto& metric : weights.metrics) {
    const auto value = std::isnan(metric.value) ? nlohmann::json() : nlohmann::json(metric.value);  // features have no accuracy
    metrics.push_back({metric.dataset, metric.name, value});
  }
  return {{"name", weights.name},
          {"url", weights.url},
          {"metrics", metrics},
          {"gflops", weights.gflops},
          {"file_size_mb", weights.file_size_mb},
          {"num_params", weights.num_params},
          {"min_size", {weights.min_size.height, weights.min_size.width}},
          {"min_temporal_size", weights.min_temporal_size},
          {"categories", std::vector<std::string>(weights.categories.begin(), weights.categories.end())},
          {"recipe", weights.recipe},
          {"license", weights.license},
          {"backend", weights.backend},
          {"unquantized", weights.unquantized ? weights.unquantized->name : ""},
          {"preset", std::visit([](const auto& preset) { return described(preset); }, weights.preset)}};
}

// A video is the photo and its mirror image, and so is a pair of images.
torch::Tensor prepared(const models::Weights& weights, const torch::Tensor& image) {
  const auto preset = weights.transforms();
  if (std::holds_alternative<models::VideoClassificationOptions>(weights.preset)) {
    return preset(torch::stack({image, image.flip(-1)}));
  }
  if (std::holds_alternative<models::OpticalFlowOptions>(weights.preset)) {
    const auto [first, second] = preset(Image(image), Image(image.flip(-1)));
    return torch::stack({first.data, second.data});
  }
  return preset(image);
}

TEST(Weights, EqualTorchvisionsFieldByField) {
  for (const auto& c : oracle::cases("models/weights")) {
    SCOPED_TRACE(c.name());
    const auto ours = models::get_model_weights(c.text("model"));
    EXPECT_EQ(ours.name, c.text("enum"));
    EXPECT_EQ(ours.DEFAULT.name, c.text("default"));
    auto theirs = nlohmann::json::parse(c.json("entries"));
    ASSERT_EQ(ours.entries.size(), theirs.size());
    for (size_t i = 0; i < theirs.size(); ++i) {
      SCOPED_TRACE(ours.entries[i]->name);
      theirs[i].erase("docs");  // TellApartInWords...
      EXPECT_EQ(nlohmann::json::diff(described(*ours.entries[i]), theirs[i]).dump(), "[]");
      EXPECT_FALSE(ours.entries[i]->docs.empty());
    }
  }
}

// What is special about an entry is told in words of our own: of two entries the same where torchvision's are, else others.
TEST(Weights, TellApartInWordsWhatTorchvisionTellsApart) {
  std::map<std::string, std::string> ours, theirs;
  for (const auto& c : oracle::cases("models/weights")) {
    for (const auto& entry : nlohmann::json::parse(c.json("entries"))) {
      const auto name = entry["name"].get<std::string>(), docs = entry["docs"].get<std::string>();
      SCOPED_TRACE(name);
      const std::string own(models::get_weight(name).docs);
      EXPECT_EQ(ours.emplace(docs, own).first->second, own) << docs;
      EXPECT_EQ(theirs.emplace(own, docs).first->second, docs) << own;
    }
  }
}

TEST(Weights, TransformsOfAllGiveTorchvisionsPixels) {
  size_t count = 0;
  for (const auto& c : oracle::cases("models/presets")) {
    const support::OneThread one_thread;
    const std::array images{c.tensor("wide"), c.tensor("tall")};
    const auto weights = c.texts("weights"), sizes = c.texts("sizes");
    const auto checksums = c.ints("checksums");
    for (size_t i = 0; i < weights.size(); ++i, ++count) {
      SCOPED_TRACE(weights[i]);
      const auto out = prepared(models::get_weight(weights[i]), images[i % 2]);
      EXPECT_EQ(opsis::detail::shape(out), sizes[i]);
      EXPECT_EQ(support::checksum(out), checksums[i]);  // every bit: the same ATen kernels on the same numbers
    }
  }
  EXPECT_EQ(count, 2 * models::list_weights().size());
}

TEST(Weights, RefuseAnotherTasksPreset) {
  const auto& weights = models::get_weight("LRASPP_MobileNet_V3_Large_Weights.DEFAULT");
  EXPECT_EQ(weights.preset_as<models::SemanticSegmentationOptions>().resize_size, 520);
  EXPECT_ERROR(weights.preset_as<models::ImageClassificationOptions>(), ValueError,
               "LRASPP_MobileNet_V3_Large_Weights.COCO_WITH_VOC_LABELS_V1: its preset is that of another task");
}

TEST(Weights, NameTheirParts) {
  EXPECT_EQ(ResNet50_Weights::IMAGENET1K_V2.enum_name(), "ResNet50_Weights");
  EXPECT_EQ(ResNet50_Weights::IMAGENET1K_V2.member_name(), "IMAGENET1K_V2");
  std::ostringstream out;
  out << ResNet50_Weights::DEFAULT;
  EXPECT_EQ(out.str(), "ResNet50_Weights.IMAGENET1K_V2");
}

// The weights of another model do not compile; these are the conversions that a call would need.
TEST(Weights, FitOnlyTheirModel) {
  using models::ResNet18_Weights;
  EXPECT_TRUE((std::is_convertible_v<const ResNet18_Weights&, std::optional<ResNet18_Weights>>));
  EXPECT_FALSE((std::is_convertible_v<const ResNet50_Weights&, std::optional<ResNet18_Weights>>));
  EXPECT_FALSE((std::is_convertible_v<const models::Weights&, std::optional<ResNet18_Weights>>));
}

TEST(Weights, AreConstantsThatCopiesReferTo) {
  static_assert(std::is_same_v<decltype(ResNet50_Weights::DEFAULT), const ResNet50_Weights&>);
  EXPECT_EQ(&ResNet50_Weights::DEFAULT, &ResNet50_Weights::IMAGENET1K_V2);
  const auto copy = ResNet50_Weights::IMAGENET1K_V2;
  EXPECT_EQ(copy, ResNet50_Weights::IMAGENET1K_V2);
  EXPECT_EQ(copy.categories.data(), &models::kImagenetCategories[0]);
}

}  // namespace
}  // namespace opsis
