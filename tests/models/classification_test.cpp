// All classification models together; what is peculiar to a family stands in its own test.
#include <torch/torch.h>

#include <map>
#include <set>

#include "opsis/hub/checkpoint.h"
#include "opsis/hub/safetensors.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models.h"
#include "opsis/ops.h"
#include "tests/support/expect.h"
#include "tests/support/families.h"
#include "tests/support/meta_device.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"
#include "tests/support/table_draws.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using models::ImageClassifier;
using models::NormLayer;

// GoogLeNet and Inception give more than logits in training.
support::TrainOutputs all_outputs(ImageClassifier& model) {
  if (auto* googlenet = dynamic_cast<models::GoogLeNetImpl*>(&model); googlenet && googlenet->aux_logits()) {
    return [googlenet](torch::Tensor images) {
      const auto out = googlenet->outputs(std::move(images));
      return std::vector<torch::Tensor>{out.logits, out.aux_logits2, out.aux_logits1};
    };
  }
  if (auto* inception = dynamic_cast<models::Inception3Impl*>(&model); inception && inception->AuxLogits) {
    return [inception](torch::Tensor images) {
      const auto out = inception->outputs(std::move(images));
      return std::vector<torch::Tensor>{out.logits, out.aux_logits};
    };
  }
  return {};
}

TEST(Models, StateAndModulesHaveTorchvisionsNamesShapesAndOrder) {
  for (const auto& c : oracle::cases("models/state_dict")) {
    SCOPED_TRACE(c.name());
    // SSD's run once while they are built, to see how many channels their maps have; LibTorch has no convolutions without memory.
    std::optional<support::MetaDevice> meta;
    std::optional<support::TableDraws> draws;
    if (c.text("model").starts_with("ssd")) {
      draws.emplace();
    } else {
      meta.emplace();
    }
    models::ModelOptions options;
    for (const auto* module : {"models::segmentation", "models::detection"}) {
      const auto around = models::list_models({.module = module});
      if (std::find(around.begin(), around.end(), c.text("model")) != around.end()) options.weights_backbone = "";
    }
    support::expect_same_structure(*models::get_model<models::Model>(c.text("model"), options), c);
  }
}

// A test a family, so that they can run side by side.
class ClassificationFamily : public ::testing::TestWithParam<support::Family> {};
INSTANTIATE_TEST_SUITE_P(, ClassificationFamily, ::testing::ValuesIn(support::families()),
                         [](const auto& info) { return info.param.name; });

// Every model of the family that the oracle's table has.
void expect_torchvisions(const std::string& table, const std::string& family) {
  for (const auto& c : oracle::cases(table)) {
    if (c.text("family") != family) continue;
    SCOPED_TRACE(c.name());
    const auto model = support::drawn_as(c, [&] { return support::model_for(c.text("model"), c.integer("size")); });
    support::expect_same_computed(*model, c, all_outputs(*model));
  }
}

TEST_P(ClassificationFamily, FromTheSameSeedIsTorchvisionsAndComputesTheSame) {
  expect_torchvisions("models_classification/computed", GetParam().name);
}

TEST_P(ClassificationFamily, IsTorchvisionsAndComputesTheSameWhenLarge) {
  expect_torchvisions("models_large/computed", GetParam().name);
}

TEST(Classification, EveryModelIsOfAFamilyThatIsTested) {
  std::set<std::string> known, models;
  for (const auto& family : support::families()) known.insert(family.name);
  for (const auto* table : {"models_classification/computed", "models_large/computed"}) {
    for (const auto& c : oracle::cases(table)) {
      EXPECT_TRUE(known.contains(c.text("family"))) << c.name();
      models.insert(c.text("model"));
    }
  }
  for (const auto& giant : {"regnet_y_128gf", "vit_h_14"}) models.insert(giant);  // a block of each: EveryOptionDoes...
  const auto listed = models::list_models({.module = "models"});
  EXPECT_EQ(std::vector<std::string>(models.begin(), models.end()), listed);
}

TEST_P(ClassificationFamily, WorksInChannelsLastInBfloat16AndUnderAutocast) {
  const support::OneThread one_thread;
  support::expect_same_in_channels_last_and_bfloat16(*support::smallest_of(GetParam()), GetParam().size);
}

// The same kernels on the same numbers, in bfloat16: of all, or where autocast says so.
TEST_P(ClassificationFamily, TrainsInBfloat16AsInPython) {
  const support::OneThread one_thread;
  int tried = 0;
  for (const auto& c : oracle::cases("models_classification/in_bfloat16")) {
    if (c.text("family") != GetParam().name) continue;
    SCOPED_TRACE(c.name());
    ++tried;
    std::optional<support::TableDraws> draws(std::in_place);
    const auto model = support::model_for(c.text("model"), c.integer("size"));
    support::wake(*model);
    draws.reset();
    const auto outputs = all_outputs(*model);
    const auto mode = c.text("mode");
    auto images = c.tensor("images");
    if (mode == "whole") {
      model->to(torch::kBFloat16);
      images = images.to(torch::kBFloat16);
    } else if (mode == "autocast, channels last") {
      support::lay_channels_last(*model);
      images = images.contiguous(torch::MemoryFormat::ChannelsLast);
    }
    torch::manual_seed(0);
    torch::Tensor loss = torch::zeros({});
    {
      std::optional<support::Autocast> autocast;
      if (mode != "whole") autocast.emplace();
      for (const auto& out : outputs ? outputs(images) : std::vector{model->forward(images)}) {
        loss = loss + out.to(torch::kFloat32).square().mean();
      }
    }
    EXPECT_TENSOR_NEAR(loss.detach(), c.tensor("loss"), 1e-4, 0);
    loss.backward();
    std::vector<torch::Tensor> norms;
    for (const auto& parameter : model->parameters()) norms.push_back(parameter.grad().to(torch::kFloat64).norm());
    EXPECT_TENSOR_NEAR(torch::stack(norms), c.tensor("gradient_norms"), 1e-4, 1e-9);
  }
  EXPECT_GT(tried, 0);
}

TEST_P(ClassificationFamily, HasTheSameGradientsInChannelsLast) {
  const support::OneThread one_thread;
  const auto model = support::smallest_of(GetParam());
  torch::manual_seed(1);
  const auto images = torch::randn({2, 3, GetParam().size, GetParam().size});
  const auto gradients = [&](const torch::Tensor& input) {
    model->zero_grad();
    model->forward(input).square().mean().backward();
    std::vector<torch::Tensor> out;
    for (const auto& parameter : model->parameters()) {  // those of auxiliary heads have none
      if (parameter.grad().defined()) out.push_back(parameter.grad().norm());
    }
    return torch::stack(out);
  };
  const auto expected = gradients(images);
  EXPECT_TENSOR_NEAR(gradients(images.contiguous(torch::MemoryFormat::ChannelsLast)), expected, 1e-3, 1e-9);
  support::lay_channels_last(*model);
  EXPECT_TENSOR_NEAR(gradients(images), expected, 1e-3, 1e-9);
}

NormLayer group_norm(int64_t groups) {
  return [groups](int64_t channels) { return torch::nn::GroupNorm(groups, channels); };
}
NormLayer batch_norm() {
  return [](int64_t channels) { return torch::nn::BatchNorm2d(channels); };
}
NormLayer coarse_layer_norm() {
  return [](int64_t channels) { return torch::nn::LayerNorm(torch::nn::LayerNormOptions({channels}).eps(1e-3)); };
}

using ops::Layer;

// A block as somebody else may write it.
Layer plain(int64_t in, int64_t out, int64_t stride = 1, const NormLayer& norm = batch_norm()) {
  const auto conv = torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).stride(stride).padding(1).bias(false));
  return ops::Sequential(std::vector<Layer>{conv, norm(out), ops::relu(false)});
}

Layer plain_head(int64_t channels, int64_t num_classes, double dropout = 0) {
  return ops::Sequential(std::vector<Layer>{torch::nn::AdaptiveAvgPool2d(1), torch::nn::Flatten(), torch::nn::Dropout(dropout),
                                            torch::nn::Linear(channels, num_classes)});
}

Layer pointwise(int64_t in, int64_t out, int64_t stride = 1, int64_t padding = 0) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 1).stride(stride).padding(padding));
}

class PlainResidualImpl : public torch::nn::Module {
 public:
  explicit PlainResidualImpl(const models::ResNetBlockShape& shape)
      : conv(register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(shape.in, 2 * shape.planes, 3)
                                                           .stride(shape.stride)
                                                           .padding(shape.dilation)
                                                           .dilation(shape.dilation)
                                                           .groups(shape.groups * shape.base_width / 32)
                                                           .bias(false)))),
        norm(ops::register_layer(*this, "norm", shape.norm_layer(2 * shape.planes))),
        downsample(shape.downsample) {
    if (downsample) ops::register_layer(*this, "downsample", downsample);
  }
  torch::Tensor forward(torch::Tensor x) { return torch::relu(norm(conv(x)) + (downsample ? downsample(x) : x)); }

 private:
  torch::nn::Conv2d conv;
  Layer norm, downsample;
};
TORCH_MODULE(PlainResidual);

const models::VisionTransformerSize small_vit{8, 2, 2, 32, 48};
const models::SwinTransformerSize small_swin{{4, 2}, 16, {2, 2}, {2, 4}, {4, 3}, models::SwinVersion::V1};
const models::SwinTransformerSize small_swin_v2{{4, 2}, 16, {2, 2}, {2, 4}, {4, 3}, models::SwinVersion::V2};
const models::MaxVitSize small_maxvit{8, 4, {16, 32}, {2, 1}, 8, 0.5};

using Builder = std::function<std::shared_ptr<ImageClassifier>()>;

template <class Build>
Builder builder(Build build) {
  return [build] { return std::shared_ptr<ImageClassifier>(build().ptr()); };
}

// The same as in tests/oracle/models_classification.py.
const std::map<std::string, Builder>& variants() {
  using namespace models;  // NOLINT
  static const std::map<std::string, Builder> all{
      {"alexnet", builder([] { return alexnet({}, {.num_classes = 7, .dropout = 0.1}); })},
      {"convnext", builder([] {
         return ConvNeXt(std::vector<CNBlockConfig>{{16, 32, 2}, {32, 24, 2}},
                         ConvNeXtOptions{.num_classes = 7, .stochastic_depth_prob = 0.5, .layer_scale = 0.1});
       })},
      {"convnext_block", builder([] {
         return ConvNeXt(std::vector<CNBlockConfig>{{16, 32, 2}, {32, 24, 2}},
                         ConvNeXtOptions{.num_classes = 7,
                                         .stochastic_depth_prob = 0.5,
                                         .layer_scale = 0.1,
                                         .block = [](int64_t channels, double, double) { return plain(channels, channels); }});
       })},
      {"convnext_norm", builder([] {
         return ConvNeXt(std::vector<CNBlockConfig>{{16, 32, 2}, {32, std::nullopt, 2}},
                         ConvNeXtOptions{.num_classes = 7, .stochastic_depth_prob = 0.9, .norm_layer = batch_norm()});
       })},
      {"densenet", builder([] {
         return DenseNet(8, std::array<int64_t, 4>{2, 2, 2, 2}, 16,
                         DenseNetOptions{.num_classes = 7, .bn_size = 2, .drop_rate = 0.3});
       })},
      {"densenet_memory_efficient", builder([] {
         return DenseNet(8, std::array<int64_t, 4>{2, 2, 2, 2}, 16,
                         DenseNetOptions{.num_classes = 7, .memory_efficient = true});
       })},
      {"efficientnet", builder([] {
         return EfficientNet(std::vector<MBConvConfig>{{6, 3, 1, 16, 24, 3}, {6, 5, 2, 24, 40, 2}}, std::nullopt,
                             EfficientNetOptions{.num_classes = 7, .dropout = 0.5, .stochastic_depth_prob = 0.9});
       })},
      {"efficientnet_block", builder([] {
         MBConvConfig first{6, 3, 2, 16, 24, 3};
         first.block = [](const MBConvConfig& config, double, const NormLayer& norm) {
           return plain(config.input_channels, config.out_channels, config.stride, norm);
         };
         return EfficientNet(std::vector<MBConvConfig>{first, {6, 5, 2, 24, 40, 2}}, std::nullopt,
                             EfficientNetOptions{.num_classes = 7, .dropout = 0.5, .stochastic_depth_prob = 0.9});
       })},
      {"efficientnet_norm", builder([] {
         return EfficientNet(
             std::vector<MBConvConfig>{{1, 3, 1, 16, 16, 1, true}, {4, 3, 2, 16, 24, 2, true}, {4, 5, 2, 24, 32, 2}}, 64,
             EfficientNetOptions{.dropout = 0.1, .norm_layer = group_norm(8)});
       })},
      {"googlenet", builder([] {
         return googlenet(
             {}, {.num_classes = 7, .aux_logits = false, .transform_input = true, .init_weights = false, .dropout = 0.6});
       })},
      {"googlenet_aux", builder([] { return googlenet({}, {.num_classes = 7, .init_weights = false, .dropout_aux = 0.1}); })},
      {"googlenet_blocks", builder([] {
         GoogLeNetOptions options{.num_classes = 7, .init_weights = false, .dropout_aux = 0.1};
         options.blocks = {
             .conv = [](const torch::nn::Conv2dOptions& o) { return torch::nn::Conv2d(o); },
             .inception = [](int64_t in,
                             const InceptionWidths& w) { return plain(in, w.out_1x1 + w.out_3x3 + w.out_5x5 + w.out_pool); },
             .aux = plain_head};
         return googlenet({}, options);
       })},
      {"inception", builder([] {
         return inception_v3(
             {}, {.num_classes = 7, .aux_logits = false, .transform_input = true, .init_weights = false, .dropout = 0.1});
       })},
      {"inception_aux", builder([] { return inception_v3({}, {.num_classes = 7, .init_weights = false}); })},
      {"inception_blocks", builder([] {
         Inception3Options options{.num_classes = 7, .init_weights = false};
         options.inception_blocks = {
             .conv = [](const torch::nn::Conv2dOptions& o) { return torch::nn::Conv2d(o); },
             .a = [](int64_t in, int64_t pool_features) { return pointwise(in, 224 + pool_features); },
             .b = [](int64_t in) { return pointwise(in, 768, 2); },
             .c = [](int64_t in, int64_t channels_7x7) { return pointwise(in, 768, 1, channels_7x7 / 128 - 1); },
             .d = [](int64_t in) { return pointwise(in, 1280, 2); },
             .e = [](int64_t in) { return pointwise(in, 2048); },
             .aux = [](int64_t in, int64_t num_classes) { return plain_head(in, num_classes); }};
         return inception_v3({}, options);
       })},
      {"maxvit", builder([] {
         return MaxVit(
             small_maxvit,
             MaxVitOptions{.num_classes = 7, .input_size = Size{64, 64}, .mlp_dropout = 0.2, .attention_dropout = 0.3});
       })},
      {"maxvit_layers", builder([] {
         return MaxVit(small_maxvit, MaxVitOptions{.input_size = Size{64, 64},
                                                   .norm_layer = group_norm(4),
                                                   .activation_layer = [] { return ops::relu(false); },
                                                   .squeeze_ratio = 0.5,
                                                   .expansion_ratio = 2,
                                                   .mlp_ratio = 3});
       })},
      {"mnasnet", builder([] { return mnasnet0_5({}, {.num_classes = 7, .dropout = 0.7}); })},
      {"mobilenet_v2",
       builder([] { return mobilenet_v2({}, {.num_classes = 7, .width_mult = 0.35, .round_nearest = 4, .dropout = 0.6}); })},
      {"mobilenet_v2_block", builder([] {
         return mobilenet_v2({}, {.num_classes = 7,
                                  .width_mult = 0.35,
                                  .block = [](int64_t in, int64_t out, int64_t stride, int64_t, const NormLayer& norm) {
                                    return plain(in, out, stride, norm);
                                  }});
       })},
      {"mobilenet_v2_setting", builder([] {
         return mobilenet_v2({}, {.inverted_residual_setting = {{1, 16, 1, 1}, {4, 24, 2, 2}}, .norm_layer = group_norm(8)});
       })},
      {"mobilenet_v3", builder([] {
         return mobilenet_v3_small(
             {}, {.num_classes = 7, .dropout = 0.6, .width_mult = 0.75, .reduced_tail = true, .dilated = true});
       })},
      {"mobilenet_v3_block", builder([] {
         return mobilenet_v3_small({}, {.num_classes = 7, .block = [](const MobileNetV3Block& block, const NormLayer& norm) {
                                          return plain(block.input_channels, block.out_channels, block.stride, norm);
                                        }});
       })},
      {"mobilenet_v3_norm",
       builder([] { return mobilenet_v3_large({}, {.norm_layer = group_norm(8), .reduced_tail = true}); })},
      {"regnet", builder([] {
         return RegNet(RegNetBlockParams::from_init_params(6, 24, 16.5, 2.3, 8, 2.0, 0.3),
                       RegNetOptions{.num_classes = 7, .stem_width = 16, .activation = [] { return ops::silu(); }});
       })},
      {"regnet_in_order", builder([] {
         return RegNet(RegNetBlockParams{{1, 2}, {24, 40}, {8, 8}, {1, 2}, {2, 1}, 0.25}, RegNetOptions{.num_classes = 7});
       })},
      {"regnet_norm", builder([] { return regnet_x_400mf({}, {.norm_layer = group_norm(8)}); })},
      {"regnet_types", builder([] {
         RegNetOptions options{.num_classes = 7, .stem_width = 16};
         options.stem_type = [](int64_t in, int64_t out, const NormLayer& norm, const ops::ActivationLayer& activation) {
           const auto conv = torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 5).stride(4));
           return ops::Sequential(std::vector<Layer>{conv, norm(out), activation()});
         };
         options.block_type = [](const RegNetBlock& block) {
           return plain(block.width_in, block.width_out, block.stride, block.norm_layer);
         };
         return RegNet(RegNetBlockParams::from_init_params(6, 24, 16.5, 2.3, 8, 1.0, 0.3), options);
       })},
      {"resnet_block", builder([] {
         const ResNetBlockType plain_residual{.expansion = 2, .make = [](const auto& shape) { return PlainResidual(shape); }};
         return ResNet(plain_residual, std::array<int64_t, 4>{1, 2, 1, 1}, ResNetOptions{.num_classes = 7, .groups = 2});
       })},
      {"shufflenet_block", builder([] {
         ShuffleNetV2Options options{.num_classes = 7};
         options.inverted_residual = [](int64_t in, int64_t out, int64_t stride) { return plain(in, out, stride); };
         return ShuffleNetV2(std::array<int64_t, 3>{1, 2, 1}, std::array<int64_t, 5>{24, 48, 96, 192, 64}, options);
       })},
      {"squeezenet", builder([] { return squeezenet1_1({}, {.num_classes = 7, .dropout = 0.1}); })},
      {"swin", builder([] {
         return SwinTransformer(
             small_swin,
             SwinTransformerOptions{
                 .num_classes = 7, .mlp_ratio = 3.5, .dropout = 0.3, .attention_dropout = 0.2, .stochastic_depth_prob = 0.6});
       })},
      {"swin_block", builder([] {
         return SwinTransformer(small_swin, SwinTransformerOptions{.num_classes = 7, .block = swin_transformer_block_v2});
       })},
      {"swin_downsample", builder([] {
         return SwinTransformer(small_swin, SwinTransformerOptions{.num_classes = 7, .downsample_layer = patch_merging_v2});
       })},
      {"swin_v2", builder([] {
         return SwinTransformer(
             small_swin_v2,
             SwinTransformerOptions{.dropout = 0.3, .attention_dropout = 0.2, .norm_layer = coarse_layer_norm()});
       })},
      {"vgg", builder([] { return vgg11({}, {.num_classes = 7, .init_weights = false, .dropout = 0.1}); })},
      {"vgg_features", builder([] {
         const auto conv = torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 512, 3).stride(4));
         return VGG(ops::Sequential(std::vector<Layer>{conv}), VGGOptions{.num_classes = 7, .dropout = 0.8});
       })},
      {"vit", builder([] {
         return VisionTransformer(
             small_vit, VisionTransformerOptions{.num_classes = 7, .image_size = 32, .dropout = 0.3, .attention_dropout = 0.2});
       })},
      {"vit_representation", builder([] {
         return VisionTransformer(
             small_vit,
             VisionTransformerOptions{.image_size = 32, .representation_size = 12, .norm_layer = coarse_layer_norm()});
       })},
      {"vit_conv_stem", builder([] {
         return VisionTransformer(small_vit,
                                  VisionTransformerOptions{.image_size = 32, .conv_stem_configs = {{8, 3, 2}, {12, 3, 4}}});
       })},
      {"vit_h_14_block", builder([] {
         return VisionTransformer(VisionTransformerSize{14, 1, 16, 1280, 5120}, VisionTransformerOptions{.image_size = 56});
       })},
      {"regnet_y_128gf_stages", builder([] {
         auto sizes = RegNetBlockParams::from_init_params(27, 456, 160.83, 2.52, 264, 1.0, 0.25);
         sizes.depths = {1, 1, 1, 1};
         return RegNet(sizes, RegNetOptions{});
       })},
  };
  return all;
}

TEST(Classification, EveryOptionDoesWhatTorchvisionsDoes) {
  for (const auto& c : oracle::cases("models_classification/options")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(0);
    const auto model = variants().at(c.text("options"))();
    support::expect_same_computed(*model, c, all_outputs(*model));
  }
}

TEST(Classification, ADenseNetIsDenseNet121ByDefault) {
  const models::SkipInitialisation skip;
  const auto ours = models::DenseNet()->named_parameters(), theirs = models::densenet121()->named_parameters();
  ASSERT_EQ(ours.size(), theirs.size());
  for (const auto& parameter : theirs) {
    SCOPED_TRACE(parameter.key());
    ASSERT_NE(ours.find(parameter.key()), nullptr);
    EXPECT_EQ(ours[parameter.key()].sizes(), parameter.value().sizes());
  }
}

TEST(Classification, BuildersWhoseBlocksAreTheirOwnTakeNoOthers) {
  EXPECT_ERROR(models::swin_v2_t({}, {.block = models::swin_transformer_block}), ValueError,
               "swin_v2: block and downsample_layer are those of the second version");
  models::quantization::QuantizableMobileNetV2Options options;
  options.block = [](auto...) { return Layer(); };
  EXPECT_ERROR(models::quantization::mobilenet_v2({}, options), ValueError,
               "QuantizableMobileNetV2: it is put together from blocks that can be quantized");
}

TEST(Classification, VGGTakesOtherFeatures) {
  const support::MetaDevice meta;
  const ops::Sequential features(std::vector<Layer>{torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 512, 3).stride(4))});
  models::VGG model(features, models::VGGOptions{.num_classes = 7});
  EXPECT_EQ(model->features.get(), features.get());
  EXPECT_EQ(hub::state_dict(*model).front().first, "features.0.weight");
}

std::filesystem::path mnasnet_of_the_first_version(double alpha) {
  return oracle::folder() / "models_classification" /
         (alpha == 1 ? "mnasnet_first_version_1.0.pth" : "mnasnet_first_version_0.5.pth");
}

// The model, filled by either way, gives the logits of the case.
void expect_loaded(const oracle::Case& c, const Builder& build, const std::filesystem::path& file) {
  const torch::NoGradGuard no_grad;
  for (const bool in_memory : {false, true}) {
    SCOPED_TRACE(in_memory ? "a state dict" : "a file");
    const auto model = build();
    if (in_memory) {
      EXPECT_TRUE(models::load_state_dict(*model, hub::load_state_dict_file(file)).ok());
    } else {
      models::load_weights(*model, file);
    }
    model->eval();
    EXPECT_TENSOR_NEAR(model->forward(c.tensor("images")), c.tensor("logits"), 1e-5, 1e-6);
  }
}

TEST(MNASNet, LoadsCheckpointsOfTheFirstVersion) {
  for (const auto& c : oracle::cases("models_classification/mnasnet_first_version")) {
    SCOPED_TRACE(c.name());
    const auto alpha = c.number("alpha");
    const auto build = [&] { return models::MNASNet(alpha, models::MNASNetOptions{.num_classes = 7}).ptr(); };
    expect_loaded(c, build, mnasnet_of_the_first_version(alpha));
  }
}

TEST(LoadWeights, TakesOldNamesOfDenseNetAndViT) {
  const support::OneThread one_thread;
  const support::TemporaryFolder folder;
  for (const auto& c : oracle::cases("models_classification/old_names")) {
    SCOPED_TRACE(c.name());
    const auto& build = variants().at(c.text("model"));
    const auto file = oracle::folder() / "models_classification" / (c.text("model") + "_old_names.pth");
    expect_loaded(c, build, file);
    // Also where nothing but the names tells how old it is.
    const auto state = hub::load_state_dict_file(file);
    hub::save_safetensors(folder.path() / "old_names.safetensors", state);
    expect_loaded(c, build, folder.path() / "old_names.safetensors");
    EXPECT_ERROR(hub::load_state_dict(*build(), state), hub::StateDictError, "not in the model");
  }
}

TEST(LoadStateDict, OfModelsChangesNothingWhenItDoesNotFitAndReportsWhenItMay) {
  auto state = hub::load_state_dict_file(mnasnet_of_the_first_version(0.5));
  state.pop_back();
  models::MNASNet model(0.5, models::MNASNetOptions{.num_classes = 7});
  const auto before = hub::state_dict(*model);
  EXPECT_ERROR(models::load_state_dict(*model, state), hub::StateDictError,
               "missing from the state dict (1):\n    classifier.1.bias");
  const auto after = hub::state_dict(*model);
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < after.size(); ++i) EXPECT_TENSOR_EQ(after[i].second, before[i].second);
  EXPECT_EQ(models::load_state_dict(*model, state, /*strict=*/false).missing, std::vector<std::string>{"classifier.1.bias"});
  EXPECT_EQ(model->named_parameters()["layers.0.weight"].size(0), 32);  // the stem is that of the first version
}

TEST(MNASNet, GivesAStemOfTheFirstVersionTheStateOfTheOneBefore) {
  models::MNASNet model(0.5, models::MNASNetOptions{.num_classes = 7});
  model->eval();
  model->to(torch::kFloat64);
  models::freeze(*model.ptr());
  models::load_weights(*model, mnasnet_of_the_first_version(0.5));
  for (const auto& module : model->modules()) EXPECT_FALSE(module->is_training());
  for (const auto& parameter : model->parameters()) {
    EXPECT_FALSE(parameter.requires_grad());
    EXPECT_EQ(parameter.scalar_type(), torch::kFloat64);
  }
}

// Of a network in training: all of it is, but the norms that are frozen.
void expect_frozen_norms(const torch::nn::Module& model) {
  int norms = 0;
  for (const auto& module : model.modules(/*include_self=*/false)) {
    const bool is_norm = module->as<torch::nn::BatchNorm2d>() != nullptr;
    EXPECT_EQ(module->is_training(), !is_norm) << module->name();
    norms += is_norm;
  }
  EXPECT_EQ(norms, 52);
}

TEST(MNASNet, KeepsNormsFrozenInAStemOfTheFirstVersion) {
  models::MNASNet model(0.5, models::MNASNetOptions{.num_classes = 7});
  models::freeze(*model.ptr());
  models::load_weights(*model, mnasnet_of_the_first_version(0.5));
  expect_frozen_norms(*model);
  model->train();
  expect_frozen_norms(*model);
  models::unfreeze(*model.ptr());
  for (const auto& module : model->modules()) EXPECT_TRUE(module->is_training()) << module->name();
}

TEST(MNASNet, IsLeftAsItWasByACheckpointOfTheFirstVersionThatDoesNotFit) {
  for (const double alpha : {0.5, 1.0}) {
    SCOPED_TRACE(alpha);
    models::MNASNet model(0.5, models::MNASNetOptions{.num_classes = 5});
    models::freeze(*model.ptr());
    const auto before = hub::state_dict(*model);
    EXPECT_THROW(models::load_weights(*model, mnasnet_of_the_first_version(alpha)), ValueError);
    const auto after = hub::state_dict(*model);
    ASSERT_EQ(after.size(), before.size());
    for (size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(after[i].second.is_same_size(before[i].second));
    model->train();
    expect_frozen_norms(*model);
  }
}

TEST(VisionTransformer, InterpolatesEmbeddingsAsTorchvisionDoes) {
  torch::manual_seed(0);
  const models::VisionTransformer model(small_vit, models::VisionTransformerOptions{.image_size = 32});
  for (const auto& c : oracle::cases("models_classification/interpolate_embeddings")) {
    SCOPED_TRACE(c.name());
    auto state = hub::state_dict(*model);
    for (auto& [name, tensor] : state) {
      if (name == "encoder.pos_embedding") tensor = c.tensor("position");
    }
    const auto mode =
        c.text("mode") == "bicubic" ? transforms::InterpolationMode::BICUBIC : transforms::InterpolationMode::BILINEAR;
    const auto found = models::interpolate_embeddings(c.integer("image_size"), 8, state, mode, c.boolean("reset_heads"));
    std::vector<std::string> names;
    for (const auto& [name, tensor] : found) {
      names.push_back(name);
      if (name == "encoder.pos_embedding") {
        EXPECT_TENSOR_EQ(tensor, c.tensor("expected"));
      }
    }
    EXPECT_EQ(names, c.texts("names"));
  }
}

}  // namespace
}  // namespace opsis
