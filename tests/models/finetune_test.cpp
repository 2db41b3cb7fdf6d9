// Pretrained models for other images and other classes: new heads, other channels, frozen parts, another image size.
#include <torch/torch.h>

#include <map>

#include "opsis/hub.h"
#include "opsis/models.h"
#include "tests/support/expect.h"
#include "tests/support/families.h"
#include "tests/support/meta_device.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"
#include "tests/support/table_draws.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using models::ResNet;

std::map<std::string, torch::Tensor> by_name(const torch::nn::Module& model) {
  const auto state = hub::state_dict(model);
  return {state.begin(), state.end()};
}

// A model of every family, from a checkpoint that stands for the official one.
class PretrainedFamily : public ::testing::TestWithParam<support::Family> {
 protected:
  static oracle::Case heads() {
    for (const auto& c : oracle::cases("models_finetune/heads")) {
      if (c.text("model") == GetParam().smallest) return c;
    }
    throw std::runtime_error("no case for " + GetParam().smallest);
  }
};
INSTANTIATE_TEST_SUITE_P(, PretrainedFamily, ::testing::ValuesIn(support::families()),
                         [](const auto& info) { return info.param.name; });

TEST_P(PretrainedFamily, TakesANewHeadAndOtherChannels) {
  const auto c = heads();
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "pretrained.safetensors";
  const auto original = models::get_model(GetParam().smallest);
  support::wake(*original);
  const auto pretrained = by_name(*original);
  hub::save_safetensors(file, hub::state_dict(*original));
  torch::manual_seed(1);
  const auto model = models::get_model(GetParam().smallest, {.weights = "DEFAULT", .weights_file = file, .num_classes = 7});
  EXPECT_EQ(models::head(*model).name, c.texts("heads").front());
  const auto state = by_name(*model);
  const auto names = c.texts("names");
  // As torchvision's begin from the same seed.
  for (size_t i = 0; i < names.size(); ++i) {
    if (const auto found = state.find(names[i]); found != state.end()) {  // without auxiliary heads, as with weights
      EXPECT_EQ(support::checksum(found->second), c.ints("checksums")[i]) << names[i];
    }
  }
  for (const auto& [name, tensor] : state) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      EXPECT_TENSOR_EQ(tensor, pretrained.at(name));
    }
  }

  {
    const torch::NoGradGuard no_grad;
    const support::OneThread one_thread;
    const int64_t side = GetParam().name == "vision_transformer" ? 224 : GetParam().size;  // a whole ViT takes no other
    const auto gray = torch::rand({1, 1, side, side});
    original->eval();
    const auto expected = original->forward(gray.expand({1, 3, side, side}));
    for (const int64_t channels : {1, 5}) {
      SCOPED_TRACE(channels);
      const models::SkipInitialisation skip;
      const auto adapted =
          models::get_model(GetParam().smallest, {.weights = "DEFAULT", .weights_file = file, .in_channels = channels});
      adapted->eval();
      // The sums of the first convolution are taken in another order, and a deep network follows.
      EXPECT_TENSOR_NEAR(adapted->forward(gray.expand({1, channels, side, side})), expected, 1e-4, 0);
    }
  }

  // Channels change the first convolution and nothing else; Pretrained says how its filters are adapted.
  const support::MetaDevice meta;
  int changed = 0;
  for (const auto& [name, tensor] : by_name(*models::get_model(GetParam().smallest, {.in_channels = 5}))) {
    if (tensor.sizes() == pretrained.at(name).sizes()) continue;
    ++changed;
    EXPECT_EQ(tensor.size(1), 5) << name;
  }
  EXPECT_EQ(changed, 1);
}

// That they are loaded is tested above, of one builder a family, and in built_for_weights_test.cpp; here, what they become.
TEST(Builders, AllTakeClassesAndChannelsAlsoWithWeights) {
  const support::MetaDevice meta;
  for (const auto& name : models::list_models({.module = "models"})) {
    SCOPED_TRACE(name);
    const auto given = by_name(*models::get_model(name));
    const auto model = models::get_model(name, {.num_classes = 7, .in_channels = 5});
    const auto head = models::head(*model).name;
    int channels = 0;
    for (const auto& [key, tensor] : by_name(*model)) {
      if (tensor.sizes() == given.at(key).sizes()) continue;
      // Auxiliary heads answer with as many classes.
      const bool of_classes = key.starts_with(head + ".") || key.starts_with("aux") || key.starts_with("AuxLogits");
      EXPECT_EQ(tensor.size(of_classes ? 0 : 1), of_classes ? 7 : 5) << key;
      channels += !of_classes;
    }
    EXPECT_EQ(channels, 1);
    models::ModelOptions options{.weights = "DEFAULT", .weights_file = "/nowhere/x.pth", .num_classes = 7, .in_channels = 5};
    EXPECT_ERROR(models::get_model(name, options), NotFoundError, "/nowhere/x.pth");
  }
}

// Float weights in a model that can be quantized.
template <class Model, class W, class Options>
void expect_adapted(const std::string& name, Model (*builder)(std::reference_wrapper<const W>, Options)) {
  SCOPED_TRACE(name);
  const torch::NoGradGuard no_grad;
  const support::OneThread one_thread;
  const support::TableDraws draws;
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "pretrained.safetensors";
  hub::save_safetensors(file, hub::state_dict(*models::get_model(name)));
  const auto url = "file://" + file.string();
  W weights = W::DEFAULT;
  weights.url = url;
  const auto build = [&](std::optional<int64_t> classes, int64_t channels) {
    Options options;
    options.num_classes = classes;
    options.in_channels = channels;
    if constexpr (requires { options.transform_input; }) options.transform_input = false;
    if constexpr (requires { options.init_weights; }) options.init_weights = false;
    auto model = builder(weights, options);
    model->eval();
    return model;
  };

  const auto gray = torch::rand({2, 1, 75, 75});
  auto original = build({}, 3), adapted = build({}, 1), other = build(7, 1);
  EXPECT_TENSOR_NEAR(adapted->forward(gray), original->forward(gray.expand({2, 3, 75, 75})), 1e-4, 0);
  const auto head = models::head(*original).name;
  EXPECT_EQ(models::head(*other).name, head);
  const auto kept = by_name(*adapted);
  for (const auto& [key, tensor] : by_name(*other)) {
    if (key.starts_with(head + ".")) {
      EXPECT_EQ(tensor.size(0), 7);
    } else {
      EXPECT_TENSOR_EQ(tensor, kept.at(key));
    }
  }
  models::quantization::quantize(*other, [&](models::ImageClassifier& m) { m.forward(gray); });
  EXPECT_EQ(other->forward(gray).sizes(), (std::vector<int64_t>{2, 7}));
}

TEST(PretrainedQuantizable, TakesANewHeadAndOtherChannelsWithFloatWeights) {
  namespace quantization = models::quantization;
  expect_adapted("googlenet", &quantization::googlenet);
  expect_adapted("inception_v3", &quantization::inception_v3);
  expect_adapted("mobilenet_v2", &quantization::mobilenet_v2);
  expect_adapted("mobilenet_v3_large", &quantization::mobilenet_v3_large);
  expect_adapted("resnet18", &quantization::resnet18);
  expect_adapted("shufflenet_v2_x0_5", &quantization::shufflenet_v2_x0_5);
}

TEST(PretrainedQuantizable, SaysThatIntegersFitOneHeadAndThreeChannels) {
  for (const auto& name : models::list_models({.module = "models::quantization"})) {
    SCOPED_TRACE(name);
    EXPECT_ERROR(models::get_model(name, {.weights = "DEFAULT", .num_classes = 10, .quantize = true}), ValueError,
                 ": num_classes must be 1000, got 10: the scales were measured with it; give ");
    EXPECT_ERROR(models::get_model(name, {.weights = "DEFAULT", .quantize = true, .in_channels = 1}), ValueError,
                 ": in_channels must be 3, got 1");
  }
}

// A checkpoint in place of resnet18's official one.
class Pretrained : public ::testing::Test {
 protected:
  Pretrained() : original(models::resnet18()), file(folder.path() / "resnet18.safetensors") {
    hub::save_safetensors(file, hub::state_dict(*original));
    url = "file://" + file.string();
    weights.url = url;
  }

  support::TemporaryFolder folder;
  ResNet original;
  std::filesystem::path file;
  std::string url;
  models::ResNet18_Weights weights = models::ResNet18_Weights::IMAGENET1K_V1;
};

TEST_F(Pretrained, KeepsItsHeadUnlessAnotherNumberOfClassesIsAskedFor) {
  EXPECT_TENSOR_EQ(models::resnet18(weights)->fc->weight, original->fc->weight);
  EXPECT_TENSOR_EQ(models::resnet18(weights, {.num_classes = 1000})->fc->weight, original->fc->weight);
  const auto model = models::resnet18(weights, {.num_classes = 10});
  EXPECT_EQ(model->fc->weight.sizes(), (std::vector<int64_t>{10, 512}));
  EXPECT_TENSOR_EQ(model->conv1->weight, original->conv1->weight);
}

TEST_F(Pretrained, IsRefusedWhereMoreThanTheHeadDiffers) {
  EXPECT_ERROR(
      models::resnet18(weights, {.num_classes = 10, .norm_layer = [](int64_t c) { return torch::nn::GroupNorm(8, c); }}),
      ValueError, "bn1.running_mean");
  models::ResNet34_Weights other{models::ResNet34_Weights::IMAGENET1K_V1};
  other.url = url;
  EXPECT_ERROR(models::resnet34(other, {.num_classes = 10}), ValueError, "layer3.5.bn2.weight");
}

TEST_F(Pretrained, IsStrictWhenLoadedByHand) {
  ResNet model = models::resnet18({}, {.num_classes = 10, .in_channels = 4});
  EXPECT_ERROR(models::load_weights(*model, file), ValueError, "fc.weight: (10, 512) in the model, (1000, 512)");
  EXPECT_ERROR(models::load_weights(*model, file, {.new_head = true}), ValueError, "conv1.weight: (64, 4, 7, 7) in the model");
  const auto head = model->fc->weight.detach().clone();
  models::load_weights(*model, file, {.new_head = true, .adapt_input = true});
  EXPECT_TENSOR_EQ(model->fc->weight.detach(), head);
  EXPECT_TENSOR_EQ(model->layer4->parameters()[0].detach(), original->layer4->parameters()[0].detach());
}

TEST_F(Pretrained, AnswersAGrayImageAsBeforeWhateverTheChannels) {
  const torch::NoGradGuard no_grad;
  const auto gray = torch::rand({2, 1, 48, 48});
  original->eval();
  const auto expected = original(gray.expand({2, 3, 48, 48}));
  for (const int64_t channels : {1, 2, 4, 5, 6, 7}) {
    SCOPED_TRACE(channels);
    auto model = models::resnet18(weights, {.in_channels = channels});
    model->eval();
    // The sums of the first convolution are taken in another order, and a deep network follows.
    EXPECT_TENSOR_NEAR(model(gray.expand({2, channels, 48, 48})), expected, 1e-4, 0);
  }
}

TEST(AdaptFilters, SumsOrRepeatsThem) {
  const auto filters = torch::tensor({1.0, 2.0, 4.0}).view({1, 3, 1, 1});
  const auto adapted = [&](int64_t channels) { return models::adapt_filters(filters, channels).flatten(); };
  EXPECT_TENSOR_EQ(adapted(1), torch::tensor({7.0}));
  EXPECT_TENSOR_EQ(adapted(2), torch::tensor({3.5, 3.5}));
  EXPECT_TENSOR_EQ(adapted(3), torch::tensor({1.0, 2.0, 4.0}));
  EXPECT_TENSOR_EQ(adapted(4), torch::tensor({0.5, 2.0, 4.0, 0.5}));
  EXPECT_TENSOR_EQ(adapted(6), torch::tensor({0.5, 1.0, 2.0, 0.5, 1.0, 2.0}));
  EXPECT_TENSOR_EQ(models::adapt_filters(filters.unsqueeze(2), 4), models::adapt_filters(filters, 4).unsqueeze(2));
  EXPECT_ERROR(models::adapt_filters(filters, 0), ValueError, "adapt_filters: channels must be positive, got 0");
  EXPECT_ERROR(models::adapt_filters(torch::rand({3}), 1), ValueError,
               "filters must be (out, channels, kH, kW) or (out, channels, kT, kH, kW), got (3,)");
}

TEST(InChannels, MustBePositiveAndFitTransformInput) {
  EXPECT_ERROR(models::resnet18({}, {.in_channels = 0}), ValueError, "ResNet: in_channels must be positive, got 0");
  EXPECT_ERROR(models::googlenet({}, {.transform_input = true, .in_channels = 1}), ValueError,
               "GoogLeNet: transform_input is for 3 channels, got in_channels 1");
}

TEST(Freeze, StopsGradientsAndStatisticsBelowAName) {
  ResNet model(models::ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1}, models::ResNetOptions{.num_classes = 5});
  models::freeze(*model, "layer1");
  models::freeze(*model, "conv1");
  models::freeze(*model, "fc.bias");
  model->train();
  const auto before = by_name(*model);
  std::map<std::string, torch::Tensor> copies;
  for (const auto& [name, tensor] : before) copies.emplace(name, tensor.clone());
  model(torch::rand({2, 3, 32, 32})).sum().backward();
  for (const auto& parameter : model->named_parameters()) {
    const bool frozen =
        parameter.key().starts_with("layer1.") || parameter.key() == "conv1.weight" || parameter.key() == "fc.bias";
    EXPECT_EQ(parameter.value().grad().defined(), !frozen) << parameter.key();
  }
  for (const auto& [name, tensor] : before) {
    if (name.ends_with("running_mean")) {
      EXPECT_EQ(torch::equal(tensor, copies.at(name)), name.starts_with("layer1.")) << name;
    }
  }
  EXPECT_FALSE(model->layer1->is_training() && model->named_modules()["layer1.0.bn1"]->is_training());
}

TEST(Freeze, IsTakenBackByUnfreeze) {
  ResNet model(models::ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1});
  models::freeze(*model);
  for (const auto& parameter : model->parameters()) EXPECT_FALSE(parameter.requires_grad());
  models::unfreeze(*model, models::head(*model).name);
  EXPECT_TRUE(model->fc->weight.requires_grad());
  EXPECT_FALSE(model->conv1->weight.requires_grad());
  models::unfreeze(*model);
  for (const auto& parameter : model->parameters()) EXPECT_TRUE(parameter.requires_grad());
  for (const auto& module : model->modules()) EXPECT_TRUE(module->is_training()) << module->name();
}

TEST(Freeze, OffersTheNearestName) {
  ResNet model(models::ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1});
  EXPECT_ERROR(models::freeze(*model, "layer5"), NotFoundError,
               "freeze: ResNet has no module or parameter \"layer5\"; did you mean layer1");
  EXPECT_ERROR(models::unfreeze(*model, "layer"), NotFoundError, "unfreeze: ResNet has no module or parameter \"layer\"");
}

TEST(Head, IsTheLayerOfTheLogits) {
  ResNet model(models::ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1});
  EXPECT_EQ(models::head(*model).name, "fc");
  EXPECT_EQ(models::head(*model).module, model->fc.ptr());
  const auto googlenet = models::googlenet({}, {.num_classes = 5, .init_weights = false});
  EXPECT_EQ(googlenet->heads(), (std::vector<std::string>{"fc", "aux1.fc2", "aux2.fc2"}));
}

TEST(InceptionV3, CanBeWithoutItsAuxiliaryHead) {
  const models::SkipInitialisation skip;
  auto whole = models::inception_v3({}, {.num_classes = 5, .init_weights = false});
  EXPECT_EQ(whole->heads(), (std::vector<std::string>{"fc", "AuxLogits.fc"}));
  whole->remove_aux();
  EXPECT_FALSE(whole->aux_logits());
  EXPECT_EQ(whole->heads(), (std::vector<std::string>{"fc"}));
  const auto without = models::inception_v3({}, {.num_classes = 5, .aux_logits = false, .init_weights = false});
  EXPECT_EQ(whole->named_parameters().keys(), without->named_parameters().keys());
}

TEST(VisionTransformer, TakesPretrainedWeightsAtAnyImageSize) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "vit.safetensors";
  const auto url = "file://" + file.string();
  auto original = models::vit_b_32();
  hub::save_safetensors(file, hub::state_dict(*original));
  auto weights = models::ViT_B_32_Weights::IMAGENET1K_V1;
  weights.url = url;
  auto model = models::vit_b_32(weights, {.num_classes = 3, .image_size = 96});
  const auto expected = models::interpolate_embeddings(96, 32, hub::state_dict(*original));
  const auto state = by_name(*model);
  for (const auto& [name, tensor] : expected) {
    if (name == "encoder.pos_embedding" || name == "class_token") {
      EXPECT_TENSOR_EQ(state.at(name), tensor);
    }
  }
  model->eval();
  EXPECT_EQ(model(torch::rand({1, 3, 96, 96})).sizes(), (std::vector<int64_t>{1, 3}));
  // Only a builder that was asked for another size resamples.
  auto by_hand = models::VisionTransformer(models::VisionTransformerSize{32, 12, 12, 768, 3072},
                                           models::VisionTransformerOptions{.image_size = 96});
  EXPECT_ERROR(models::load_weights(*by_hand, file), ValueError, "encoder.pos_embedding");
}

}  // namespace
}  // namespace opsis
