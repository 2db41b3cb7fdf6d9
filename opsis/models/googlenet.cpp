#include "opsis/models/googlenet.h"

#include "opsis/models/builders.h"
#include "opsis/models/inception_blocks.h"
#include "opsis/models/initialise.h"

namespace opsis::inline v1::models {
namespace googlenet_family {

using detail::BasicConv2d;
using torch::Tensor;
using torch::nn::MaxPool2d;
using torch::nn::MaxPool2dOptions;

// Four branches side by side.
class InceptionImpl : public torch::nn::Module {
 public:
  InceptionImpl(int64_t in, const InceptionWidths& w)
      : torch::nn::Module("Inception"),
        branch1(register_module("branch1", BasicConv2d(in, w.out_1x1, 1))),
        branch2(register_module("branch2", in_a_row(BasicConv2d(in, w.reduced_3x3, 1),
                                                    [&] { return BasicConv2d(w.reduced_3x3, w.out_3x3, 3, 1); }))),
        // 3x3 where the paper has 5x5, as the weights were trained: https://github.com/pytorch/vision/issues/906
        branch3(register_module("branch3", in_a_row(BasicConv2d(in, w.reduced_5x5, 1),
                                                    [&] { return BasicConv2d(w.reduced_5x5, w.out_5x5, 3, 1); }))),
        branch4(register_module("branch4", in_a_row(MaxPool2d(MaxPool2dOptions(3).stride(1).padding(1).ceil_mode(true)),
                                                    [&] { return BasicConv2d(in, w.out_pool, 1); }))) {}

  Tensor forward(Tensor x) {
    const auto first = branch1(x), second = branch2(x), third = branch3(x), fourth = branch4(x);
    return torch::cat({first, second, third, fourth}, 1);
  }

 private:
  template <class Second>
  static Sequential in_a_row(Layer first, Second second) {
    Sequential layers;
    layers->append(std::move(first));
    layers->append(second());
    return layers;
  }

  BasicConv2d branch1;
  Sequential branch2, branch3, branch4;
};
TORCH_MODULE(Inception);

class AuxImpl : public torch::nn::Module {
 public:
  AuxImpl(int64_t in, int64_t num_classes, double dropout_rate)
      : torch::nn::Module("InceptionAux"),
        conv(register_module("conv", BasicConv2d(in, 128, 1))),
        fc1(register_module("fc1", torch::nn::Linear(2048, 1024))),
        fc2(register_module("fc2", torch::nn::Linear(1024, num_classes))),
        dropout(register_module("dropout", torch::nn::Dropout(dropout_rate))) {}

  Tensor forward(Tensor x) {
    x = conv(torch::adaptive_avg_pool2d(x, {4, 4})).flatten(1);
    return fc2(dropout(fc1(x).relu_()));
  }

 private:
  BasicConv2d conv;
  Observed<torch::nn::Linear> fc1, fc2;
  Observed<torch::nn::Dropout> dropout;
};
TORCH_MODULE(Aux);

MaxPool2d halve(int64_t kernel = 3) { return MaxPool2d(MaxPool2dOptions(kernel).stride(2).ceil_mode(true)); }

}  // namespace googlenet_family

GoogLeNetImpl::GoogLeNetImpl(const GoogLeNetOptions& options)
    : ImageClassifier("GoogLeNet"), transform_input(options.transform_input.value_or(false)) {
  using googlenet_family::halve;
  using torch::nn::Conv2dOptions;
  const auto num_classes = detail::classes("GoogLeNet", options);
  OPSIS_CHECK(!transform_input || options.in_channels == 3, "GoogLeNet: transform_input is for 3 channels, got in_channels {}",
              options.in_channels);
  const auto& blocks = options.blocks;
  const auto conv = [&](const std::string& name, const Conv2dOptions& size) {
    return register_layer(*this, name, blocks.conv ? blocks.conv(size) : detail::basic_conv_2d(size));
  };
  const auto inception = [&](const std::string& name, int64_t in, const InceptionWidths& widths) {
    return register_layer(*this, name,
                          blocks.inception ? blocks.inception(in, widths) : Layer(googlenet_family::Inception(in, widths)));
  };
  const auto aux = [&](const std::string& name, int64_t in) {
    return register_layer(*this, name,
                          blocks.aux ? blocks.aux(in, num_classes, options.dropout_aux)
                                     : Layer(googlenet_family::Aux(in, num_classes, options.dropout_aux)));
  };
  conv1 = conv("conv1", Conv2dOptions(options.in_channels, 64, 7).stride(2).padding(3));
  maxpool1 = register_module("maxpool1", halve());
  conv2 = conv("conv2", Conv2dOptions(64, 64, 1));
  conv3 = conv("conv3", Conv2dOptions(64, 192, 3).padding(1));
  maxpool2 = register_module("maxpool2", halve());
  inception3a = inception("inception3a", 192, {64, 96, 128, 16, 32, 32});
  inception3b = inception("inception3b", 256, {128, 128, 192, 32, 96, 64});
  maxpool3 = register_module("maxpool3", halve());
  inception4a = inception("inception4a", 480, {192, 96, 208, 16, 48, 64});
  inception4b = inception("inception4b", 512, {160, 112, 224, 24, 64, 64});
  inception4c = inception("inception4c", 512, {128, 128, 256, 24, 64, 64});
  inception4d = inception("inception4d", 512, {112, 144, 288, 32, 64, 64});
  inception4e = inception("inception4e", 528, {256, 160, 320, 32, 128, 128});
  maxpool4 = register_module("maxpool4", halve(2));
  inception5a = inception("inception5a", 832, {256, 160, 320, 32, 128, 128});
  inception5b = inception("inception5b", 832, {384, 192, 384, 48, 128, 128});
  if (options.aux_logits.value_or(true)) {
    aux1 = aux("aux1", 512);
    aux2 = aux("aux2", 528);
  }
  avgpool = register_module("avgpool", torch::nn::AdaptiveAvgPool2d(1));
  dropout = register_module("dropout", torch::nn::Dropout(options.dropout));
  fc = register_module("fc", torch::nn::Linear(1024, num_classes));
  if (options.init_weights.value_or(true)) {
    detail::initialise(
        *this, [](torch::nn::Conv2dImpl& conv) { detail::trunc_normal_(conv.weight, 0, 0.01); },
        [](torch::nn::LinearImpl& linear) { detail::trunc_normal_(linear.weight, 0, 0.01); });
  }
}

GoogLeNetOutputs GoogLeNetImpl::outputs(torch::Tensor images) {
  GoogLeNetOutputs out;
  auto x = transform_input ? detail::normalised_by_halves(images) : std::move(images);
  x = maxpool1(conv1(x));
  x = maxpool2(conv3(conv2(x)));
  x = maxpool3(inception3b(inception3a(x)));
  x = inception4a(x);
  if (aux1 && is_training()) out.aux_logits1 = aux1(x);
  x = inception4d(inception4c(inception4b(x)));
  if (aux2 && is_training()) out.aux_logits2 = aux2(x);
  x = maxpool4(inception4e(x));
  x = inception5b(inception5a(x));
  out.logits = fc(dropout(avgpool(x).flatten(1)));
  return out;
}

torch::Tensor GoogLeNetImpl::forward(torch::Tensor images) { return outputs(std::move(images)).logits; }

std::vector<std::string> GoogLeNetImpl::heads() const {
  if (!aux1) return {"fc"};
  if (aux1.module()->as<googlenet_family::AuxImpl>()) return {"fc", "aux1.fc2", "aux2.fc2"};
  return {"fc", "aux1", "aux2"};
}

void GoogLeNetImpl::remove_aux() {
  if (!aux1) return;
  unregister_module("aux1");
  unregister_module("aux2");
  aux1 = aux2 = Layer();
}

GoogLeNet googlenet(std::optional<GoogLeNet_Weights> weights, GoogLeNetOptions options) {
  const bool keep_aux = options.aux_logits.value_or(!weights);
  if (weights) {
    if (!options.transform_input) options.transform_input = options.in_channels == 3;
    detail::settle(weights->name, "aux_logits", options.aux_logits, true);
    if (!detail::wants_new_head(*weights, options.num_classes)) {
      detail::settle(weights->name, "init_weights", options.init_weights, false);
    }
  }
  auto model = detail::build<GoogLeNet>(weights, options);
  if (!keep_aux) model->remove_aux();
  return model;
}

}  // namespace opsis::inline v1::models
