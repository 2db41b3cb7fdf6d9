#include <torch/torch.h>

#include <map>

#include "opsis/hub/state_dict.h"
#include "opsis/models.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"
#include "tests/support/table_draws.h"

namespace opsis {
namespace {

using models::VideoClassifier;
namespace video = models::video;

support::Outputs clip_logits(VideoClassifier& model, const torch::Tensor& clips) {
  return [&model, clips] { return std::vector<torch::Tensor>{model.forward(clips)}; };
}

// A test a model, so that they can run side by side.
class VideoModel : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, VideoModel, ::testing::ValuesIn(models::list_models({.module = "models::video"})),
                         [](const auto& info) { return info.param; });

// MViTs are made for one size of clips: a smaller one than theirs.
std::shared_ptr<VideoClassifier> small_video(const std::string& name) {
  const video::MViTOptions options{.spatial_size = Size{64, 64}, .temporal_size = 4};
  if (name == "mvit_v1_b") return video::mvit_v1_b({}, options).ptr();
  if (name == "mvit_v2_s") return video::mvit_v2_s({}, options).ptr();
  return models::get_model<VideoClassifier>(name);
}

TEST_P(VideoModel, FromTheSameSeedIsTorchvisionsAndComputesTheSame) {
  const auto c = support::case_of("models_video/computed", GetParam());
  const auto model = support::drawn_as(c, [&] { return small_video(GetParam()); });
  support::expect_same_computed(*model, c, clip_logits(*model, c.tensor("clips")));
}

models::NormLayer coarse_norm_of_clips() {
  return [](int64_t channels) { return torch::nn::LayerNorm(torch::nn::LayerNormOptions({channels}).eps(1e-3)); };
}

const std::vector<video::MSBlockConfig> few_mvit_blocks{{1, 8, 16, {3, 3, 3}, {3, 3, 3}, {1, 1, 1}, {1, 2, 2}},
                                                        {2, 16, 16, {}, {1, 3, 3}, {}, {1, 1, 1}},
                                                        {2, 16, 24, {3, 3, 3}, {3, 3, 3}, {1, 2, 2}, {1, 1, 1}}};
const video::SwinTransformer3dSize small_swin3d{{2, 4, 2}, 16, {2, 2}, {2, 4}, {2, 3, 2}};

using VideoBuilder = std::function<std::shared_ptr<VideoClassifier>()>;

template <class Build>
VideoBuilder video_builder(Build build) {
  return [build] { return std::shared_ptr<VideoClassifier>(build().ptr()); };
}

// The same as in tests/oracle/models_video.py.
const std::map<std::string, VideoBuilder>& video_variants() {
  static const std::map<std::string, VideoBuilder> all{
      {"mvit", video_builder([] {
         return video::MViT(video::MViTSize{.blocks = few_mvit_blocks}, video::MViTOptions{.num_classes = 7,
                                                                                           .spatial_size = Size{24, 32},
                                                                                           .temporal_size = 6,
                                                                                           .dropout = 0.3,
                                                                                           .attention_dropout = 0.2,
                                                                                           .stochastic_depth_prob = 0.6});
       })},
      {"mvit_relative", video_builder([] {
         return video::MViT(video::MViTSize{few_mvit_blocks, true, true, true, true},
                            video::MViTOptions{.num_classes = 7,
                                               .spatial_size = Size{24, 32},
                                               .temporal_size = 6,
                                               .norm_layer = coarse_norm_of_clips(),
                                               .patch_embed_kernel = {1, 4, 4},
                                               .patch_embed_stride = {1, 4, 4},
                                               .patch_embed_padding = {0, 0, 0}});
       })},
      {"mvit_frame", video_builder([] {
         return video::MViT(video::MViTSize{few_mvit_blocks, true, false, true, false},
                            video::MViTOptions{.num_classes = 7, .spatial_size = Size{24, 32}, .temporal_size = 2});
       })},
      {"resnet", video_builder([] { return video::r2plus1d_18({}, {.num_classes = 7, .zero_init_residual = true}); })},
      {"resnet_bottleneck", video_builder([] {
         return video::VideoResNet(video::VideoResNetBlock::BOTTLENECK,
                                   std::array{video::VideoConv::NO_TEMPORAL, video::VideoConv::TWO_PLUS_ONE,
                                              video::VideoConv::SIMPLE, video::VideoConv::TWO_PLUS_ONE},
                                   std::array<int64_t, 4>{1, 2, 1, 1}, video::VideoStem::BASIC,
                                   video::VideoResNetOptions{.num_classes = 7});
       })},
      {"swin", video_builder([] {
         return video::SwinTransformer3d(
             small_swin3d,
             video::SwinTransformer3dOptions{
                 .num_classes = 7, .mlp_ratio = 3.5, .dropout = 0.3, .attention_dropout = 0.2, .stochastic_depth_prob = 0.6});
       })},
      {"swin_norm", video_builder([] {
         return video::SwinTransformer3d(
             small_swin3d, video::SwinTransformer3dOptions{.num_classes = 7, .norm_layer = coarse_norm_of_clips()});
       })},
  };
  return all;
}

TEST(VideoClassifier, LoadsWhatPythonSaved) {
  support::each_saved_by_python<VideoClassifier>("models_video/checkpoint", [](VideoClassifier& model, const auto& c) {
    EXPECT_TENSOR_NEAR(model.forward(c.tensor("clips")), c.tensor("expected"), 1e-5, 0);
  });
}

TEST(VideoClassifier, EveryOptionDoesWhatTorchvisionsDoes) {
  for (const auto& c : oracle::cases("models_video/options")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(0);
    const auto model = video_variants().at(c.text("options"))();
    support::expect_same_computed(*model, c, clip_logits(*model, c.tensor("clips")));
  }
}

TEST(S3D, OptionsDoWhatTorchvisionsDo) {
  const auto c = oracle::cases("models_video/s3d_options").at(0);
  const torch::NoGradGuard no_grad;
  const support::OneThread one_thread;
  torch::manual_seed(0);
  auto model = video::s3d(
      {}, {.num_classes = 7, .dropout = 0.6, .norm_layer = [](int64_t channels) { return torch::nn::GroupNorm(8, channels); }});
  model->eval();
  std::vector<std::string> names;
  for (const auto& [name, tensor] : hub::state_dict(*model)) names.push_back(name);
  EXPECT_EQ(names, c.texts("names"));
  EXPECT_TENSOR_NEAR(model.ptr()->forward(c.tensor("clips")), c.tensor("expected"), 1e-5, 0);
}

TEST(VideoClassifier, IsSummarisedAndLookedInto) {
  const torch::NoGradGuard no_grad;
  const auto model = models::get_model<VideoClassifier>("mc3_18");
  model->eval();
  const auto found = models::summary(model, {1, 3, 4, 32, 32});
  EXPECT_EQ(found.output_shape, (std::vector<int64_t>{1, 400}));
  EXPECT_EQ(found.parameters, video::MC3_18_Weights::DEFAULT.num_params);
  const auto extract = models::create_feature_extractor(model, {"layer2"});
  EXPECT_EQ(extract(torch::rand({1, 3, 4, 32, 32}))["layer2"].sizes(), (std::vector<int64_t>{1, 128, 4, 8, 8}));
  EXPECT_EQ(models::head(*model).name, "fc");
}

TEST(MViT, RefusesClipsOfAnotherSizeAndContradictions) {
  const auto model = small_video("mvit_v2_s");
  EXPECT_ERROR(model->forward(torch::rand({1, 3, 4, 64, 32})), ValueError,
               "MViT: clips must be (N, 3, T, H, W) of the size that the model is made for, got (1, 3, 4, 64, 32)");
  EXPECT_ERROR(video::mvit_v1_b(video::MViT_V1_B_Weights::DEFAULT, {.temporal_size = 8}), ValueError,
               "MViT_V1_B_Weights.KINETICS400_V1: temporal_size must be 16, got 8");
  EXPECT_ERROR(video::MViT(video::MViTSize{}), ValueError, "MViT: there must be blocks");
  EXPECT_ERROR(video::mvit_v1_b({}, {.spatial_size = Size{3, 64}}), ValueError,
               "MViT: a clip must have a patch at least, of (2, 4, 4) steps, got temporal_size 16 and spatial_size (3, 64)");
}

TEST(VideoClassifier, RefusesWhatItHasNot) {
  EXPECT_ERROR(models::get_model("r3d_18"), ValueError, "get_model: r3d_18 does another task than the one asked for: video");
  EXPECT_ERROR(video::SwinTransformer3d(video::SwinTransformer3dSize{.depths = {2}, .num_heads = {1, 2}}), ValueError,
               "SwinTransformer3d: depths and num_heads must be of the same length, got 1 and 2");
}

}  // namespace
}  // namespace opsis
