#include "tests/support/families.h"

#include <torch/torch.h>

#include "opsis/models.h"
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

std::shared_ptr<ImageClassifier> smallest_of(const Family& family) {
  const TableDraws draws;
  const torch::NoGradGuard no_grad;
  auto model = model_for(family.smallest, family.size);
  for (auto& parameter : model->parameters()) {
    if (parameter.dim() >= 2 && !parameter.any().item<bool>()) parameter.normal_(0, 0.02);
  }
  for (const auto& module : model->modules(/*include_self=*/false)) {
    if (auto* norm = module->as<torch::nn::BatchNorm2d>()) {
      norm->weight.uniform_(0.8, 1.2);
      norm->bias.normal_(0, 0.1);
      norm->running_mean.normal_(0, 0.1);
      norm->running_var.uniform_(0.8, 1.2);
    }
  }
  model->eval();
  return model;
}

}  // namespace support
