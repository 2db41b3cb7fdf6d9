#include "tests/support/families.h"

#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include "opsis/models.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/table_draws.h"

namespace support {

using namespace opsis::models;  // NOLINT

const std::vector<Family>& families() {
  static const std::vector<Family> all{
      {"alexnet", "alexnet", 63},
      {"convnext", "convnext_tiny"},
      {"densenet", "densenet121"},
      {"efficientnet", "efficientnet_b0"},
      {"googlenet", "googlenet"},
      {"inception", "inception_v3", 75},
      {"maxvit", "maxvit_t", 224},
      {"mnasnet", "mnasnet0_5"},
      {"mobilenetv2", "mobilenet_v2"},
      {"mobilenetv3", "mobilenet_v3_small"},
      {"regnet", "regnet_y_400mf"},
      {"resnet", "resnet18"},
      {"shufflenetv2", "shufflenet_v2_x0_5"},
      {"squeezenet", "squeezenet1_1"},
      {"swin_transformer", "swin_t"},
      {"swin_v2", "swin_v2_t"},
      {"vgg", "vgg11_bn"},
      {"vision_transformer", "vit_b_32"},
  };
  return all;
}

std::shared_ptr<ImageClassifier> model_for(const std::string& name, int64_t size) {
  const VisionTransformerOptions options{.image_size = size};
  if (name == "vit_b_16") return vit_b_16({}, options).ptr();
  if (name == "vit_b_32") return vit_b_32({}, options).ptr();
  if (name == "vit_h_14") return vit_h_14({}, options).ptr();
  if (name == "vit_l_16") return vit_l_16({}, options).ptr();
  if (name == "vit_l_32") return vit_l_32({}, options).ptr();
  return get_model(name);
}

void enliven(torch::nn::Module& model) {
  const torch::NoGradGuard no_grad;
  wake(model);
  for (const auto& module : model.modules(/*include_self=*/false)) {
    if (auto* norm = module->as<torch::nn::BatchNorm2d>()) {
      norm->weight.uniform_(0.8, 1.2);
      norm->bias.normal_(0, 0.1);
      norm->running_mean.normal_(0, 0.1);
      norm->running_var.uniform_(0.8, 1.2);
    }
  }
}

void lay_channels_last(torch::nn::Module& model) {
  for (auto& parameter : model.parameters()) {
    if (parameter.dim() == 4)
      parameter.set_data(parameter.to(parameter.scalar_type(), false, false, torch::MemoryFormat::ChannelsLast));
  }
}

Autocast::Autocast() {
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  at::autocast::set_autocast_enabled(at::kCPU, true);
}

Autocast::~Autocast() {
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCPU, false);
}

void expect_same_in_channels_last_and_bfloat16(ImageClassifier& model, int64_t size) {
  const torch::NoGradGuard no_grad;
  torch::manual_seed(1);
  const auto images = torch::randn({2, 3, size, size});
  const auto expected = model.forward(images);
  const auto near_expected = [&](const torch::Tensor& out) {
    EXPECT_TENSOR_NEAR(out.to(torch::kFloat32), expected, 0.1, 0);  // 8 bits of mantissa; errors add up over the layers
  };
  EXPECT_TENSOR_NEAR(model.forward(images.contiguous(torch::MemoryFormat::ChannelsLast)), expected, 1e-4, 0);
  {
    const Autocast autocast;
    near_expected(model.forward(images));
  }
  lay_channels_last(model);
  EXPECT_TENSOR_NEAR(model.forward(images), expected, 1e-4, 0);
  model.to(torch::kBFloat16);
  const auto out = model.forward(images.to(torch::kBFloat16));
  EXPECT_EQ(out.scalar_type(), torch::kBFloat16);
  for (const auto& buffer : model.named_buffers()) {
    const bool counts = buffer.key().ends_with("num_batches_tracked") || buffer.key().ends_with("index");
    EXPECT_EQ(buffer.value().scalar_type(), counts ? torch::kInt64 : torch::kBFloat16) << buffer.key();
  }
  near_expected(out);
}

std::shared_ptr<ImageClassifier> smallest_of(const Family& family) {
  const TableDraws draws;
  auto model = model_for(family.smallest, family.size);
  enliven(*model);
  model->eval();
  return model;
}

}  // namespace support
