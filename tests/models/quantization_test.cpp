#include "opsis/models/quantization/quantize.h"

#include <torch/torch.h>

#include <stdexcept>

#include "opsis/hub/checkpoint.h"
#include "opsis/models.h"
#include "tests/support/expect.h"
#include "tests/support/families.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"
#include "tests/support/table_draws.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

namespace quantization = models::quantization;
using hub::Value;

std::filesystem::path quantized_file(const std::string& name) { return oracle::folder() / "models_quantized" / name; }

// Weights of either kind are taken, and none by {}.
static_assert(requires {
  quantization::resnet18(models::ResNet18_Weights::IMAGENET1K_V1);
  quantization::resnet18(quantization::ResNet18_QuantizedWeights::DEFAULT);
  quantization::resnet18({}, {});
});

/// As tests/oracle/models_quantized.py builds it.
std::shared_ptr<quantization::QuantizableClassifier> quantizable(const std::string& name, bool quantize,
                                                                 bool by_table = false) {
  torch::manual_seed(0);
  std::optional<support::TableDraws> draws;
  if (by_table) draws.emplace();
  quantization::set_engine("x86");  // as there; most choose another
  const auto with_options = [&](auto options) {
    options.num_classes = 10;
    options.init_weights = !quantize;
    options.quantize = quantize;
    return options;
  };
  if (name == "googlenet") return quantization::googlenet({}, with_options(quantization::QuantizableGoogLeNetOptions{})).ptr();
  if (name == "inception_v3") {
    return quantization::inception_v3({}, with_options(quantization::QuantizableInception3Options{})).ptr();
  }
  return models::get_model<quantization::QuantizableClassifier>("quantized_" + name, {.num_classes = 10, .quantize = quantize});
}

void expect_same_quantized(const torch::Tensor& a, const torch::Tensor& b) {
  EXPECT_TENSOR_EQ(a.int_repr(), b.int_repr());
  ASSERT_EQ(a.qscheme(), b.qscheme());
  if (a.qscheme() == at::kPerTensorAffine) {
    EXPECT_EQ(a.q_scale(), b.q_scale());
    EXPECT_EQ(a.q_zero_point(), b.q_zero_point());
  } else {
    EXPECT_TENSOR_EQ(a.q_per_channel_scales(), b.q_per_channel_scales());
    EXPECT_TENSOR_EQ(a.q_per_channel_zero_points(), b.q_per_channel_zero_points());
    EXPECT_EQ(a.q_per_channel_axis(), b.q_per_channel_axis());
  }
}

void expect_same(const Value& a, const Value& b) {
  if (a.is_tensor() && b.is_tensor()) {
    if (a.as_tensor().is_quantized()) return expect_same_quantized(a.as_tensor(), b.as_tensor());
    EXPECT_TENSOR_EQ(a.as_tensor(), b.as_tensor().detach());
  } else if (a.is_tuple() && b.is_tuple()) {
    ASSERT_EQ(a.items().size(), b.items().size());
    for (size_t i = 0; i < a.items().size(); ++i) expect_same(a.items()[i], b.items()[i]);
  } else {
    EXPECT_EQ(a.kind(), b.kind());
    if (a.is_string()) {
      EXPECT_EQ(a.as_string(), b.as_string());
    }
  }
}

/// The same names in the same order, with the same values.
void expect_same_state(const Value& actual, const Value& expected) {
  EXPECT_EQ(actual.versions(), expected.versions());
  ASSERT_EQ(actual.entries().size(), expected.entries().size());
  for (size_t i = 0; i < actual.entries().size(); ++i) {
    const auto name = expected.entries()[i].first.as_string();
    SCOPED_TRACE(name);
    EXPECT_EQ(actual.entries()[i].first.as_string(), name);
    expect_same(actual.entries()[i].second, expected.entries()[i].second);
  }
}

support::TrainOutputs all_outputs(quantization::QuantizableClassifier& model) {
  if (auto* googlenet = dynamic_cast<quantization::QuantizableGoogLeNetImpl*>(&model)) {
    return [googlenet](torch::Tensor images) {
      const auto out = googlenet->outputs(std::move(images));
      // torchvision's quantizable one mistakes the one auxiliary output for the other; its float one does not.
      if (!out.aux_logits1.defined()) return std::vector<torch::Tensor>{out.logits};
      return std::vector<torch::Tensor>{out.logits, out.aux_logits1, out.aux_logits2};
    };
  }
  if (auto* inception = dynamic_cast<quantization::QuantizableInception3Impl*>(&model)) {
    return [inception](torch::Tensor images) {
      const auto out = inception->outputs(std::move(images));
      if (!out.aux_logits.defined()) return std::vector<torch::Tensor>{out.logits};
      return std::vector<torch::Tensor>{out.logits, out.aux_logits};
    };
  }
  return {};
}

std::vector<std::string> quantizable_names() {
  auto names = models::list_models({.module = "models::quantization"});
  for (auto& name : names) name = name.substr(std::string_view("quantized_").size());
  return names;
}

// A test a model, so that they can run side by side.
class QuantizableModels : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, QuantizableModels, ::testing::ValuesIn(quantizable_names()),
                         [](const auto& info) { return info.param; });

TEST_P(QuantizableModels, FromTheSameSeedAreTorchvisionsAndComputeTheSameWhileFloat) {
  const auto c = support::case_of("models_quantized/float", GetParam());
  const auto model = quantizable(GetParam(), false, c.boolean("table"));
  support::expect_same_computed(*model, c, all_outputs(*model));
}

TEST_P(QuantizableModels, WorkInChannelsLastInBfloat16AndUnderAutocastWhileFloat) {
  const support::OneThread one_thread;
  const auto model = quantizable(GetParam(), false, /*by_table=*/true);
  support::enliven(*model);
  model->eval();
  support::expect_same_in_channels_last_and_bfloat16(*model, GetParam() == "inception_v3" ? 75 : 64);
}

TEST_P(QuantizableModels, AreTorchvisionsToTheBitWhenQuantized) {
  const support::OneThread one_thread;
  const auto c = support::case_of("models_quantized/quantized", GetParam());
  const auto model = quantizable(GetParam(), true, c.boolean("table"));
  EXPECT_TRUE(model->is_quantized());
  EXPECT_FALSE(model->is_training());
  expect_same_state(quantization::quantized_state(*model), hub::load(quantized_file(GetParam() + ".pth")));
  EXPECT_TENSOR_EQ(model->forward(c.tensor("image")), c.tensor("logits"));
  EXPECT_TENSOR_EQ(model->forward(c.tensor("image").contiguous(torch::MemoryFormat::ChannelsLast)), c.tensor("logits"));
}

TEST_P(QuantizableModels, LoadACheckpointOfPythonAndGiveItsLogits) {
  const support::TemporaryFolder folder;
  const support::OneThread one_thread;
  const auto c = support::case_of("models_quantized/quantized", GetParam());
  const support::TableDraws draws;
  const auto model = quantizable(GetParam(), true, false);
  quantization::load_quantized_state(*model, hub::load(quantized_file(c.text("file"))));
  EXPECT_TENSOR_EQ(model->forward(c.tensor("image")), c.tensor("logits"));
  hub::save(folder.path() / "again.pth", quantization::quantized_state(*model));
  expect_same_state(hub::load(folder.path() / "again.pth"), hub::load(quantized_file(GetParam() + ".pth")));
}

// As `_options` of tests/oracle/models_quantized.py names them.
std::shared_ptr<quantization::QuantizableClassifier> with_options(const std::string& name, bool quantize) {
  torch::manual_seed(0);
  quantization::set_engine("x86");
  const auto build = [&](auto builder, auto options, const auto& choose) {
    options.num_classes = 7;
    options.quantize = quantize;
    choose(options);
    return std::shared_ptr<quantization::QuantizableClassifier>(builder(std::move(options)).ptr());
  };
  const auto resnet18 = [](auto options) { return quantization::resnet18({}, std::move(options)); };
  const auto resnet50 = [](auto options) { return quantization::resnet50({}, std::move(options)); };
  const auto googlenet = [](auto options) { return quantization::googlenet({}, std::move(options)); };
  const auto inception_v3 = [](auto options) { return quantization::inception_v3({}, std::move(options)); };
  const auto mobilenet_v2 = [](auto options) { return quantization::mobilenet_v2({}, std::move(options)); };
  const auto mobilenet_v3 = [](auto options) { return quantization::mobilenet_v3_large({}, std::move(options)); };
  if (name == "googlenet") {
    return build(googlenet, quantization::QuantizableGoogLeNetOptions{}, [](auto& options) {
      options.aux_logits = false;
      options.transform_input = true;
      options.init_weights = false;
      options.dropout = 0.6;
    });
  }
  if (name == "googlenet, aux") {
    return build(googlenet, quantization::QuantizableGoogLeNetOptions{}, [](auto& options) {
      options.init_weights = false;
      options.dropout_aux = 0.1;
    });
  }
  if (name == "inception_v3") {
    return build(inception_v3, quantization::QuantizableInception3Options{}, [](auto& options) {
      options.aux_logits = false;
      options.transform_input = true;
      options.init_weights = false;
      options.dropout = 0.1;
    });
  }
  if (name == "mobilenet_v2") {
    return build(mobilenet_v2, quantization::QuantizableMobileNetV2Options{}, [](auto& options) {
      options.width_mult = 0.35;
      options.round_nearest = 4;
      options.dropout = 0.6;
    });
  }
  if (name == "mobilenet_v3_large") {
    return build(mobilenet_v3, quantization::QuantizableMobileNetV3Options{}, [](auto& options) {
      options.width_mult = 0.75;
      options.reduced_tail = true;
      options.dilated = true;
      options.dropout = 0.6;
    });
  }
  if (name == "resnet18") {
    return build(resnet18, quantization::QuantizableResNetOptions{}, [](auto& options) { options.zero_init_residual = true; });
  }
  if (name == "resnet50") {
    return build(resnet50, quantization::QuantizableResNetOptions{}, [](auto& options) {
      options.replace_stride_with_dilation = {false, true, true};
    });
  }
  throw std::runtime_error("no options are named " + name);
}

TEST(QuantizableModel, EveryOptionDoesWhatTorchvisionsDoes) {
  const support::OneThread one_thread;
  for (const auto& c : oracle::cases("models_quantized/options")) {
    SCOPED_TRACE(c.name());
    const auto model = with_options(c.text("options"), false);
    support::expect_same_computed(*model, c, all_outputs(*model));
    EXPECT_TENSOR_EQ(with_options(c.text("options"), true)->forward(c.tensor("images")), c.tensor("logits"));
  }
}

TEST(QuantizedModel, LoadsTheLayoutsOfOlderPyTorches) {
  const support::OneThread one_thread;
  for (const auto& c : oracle::cases("models_quantized/older")) {
    SCOPED_TRACE(c.name());
    const support::TableDraws draws;
    const auto model = quantizable(c.text("model"), true);
    auto file = quantized_file(c.text("file"));
    quantization::load_quantized_state(*model, hub::load(file));
    EXPECT_TENSOR_EQ(model->forward(c.tensor("image")), c.tensor("logits"));
    expect_same_state(quantization::quantized_state(*model), hub::load(file.replace_extension(".pth")));
  }
}

TEST(QuantizableModel, LoadsWhatOlderPyTorchesTrainedWhileItRounded) {
  for (const auto& c : oracle::cases("models_quantized/older_rounding")) {
    SCOPED_TRACE(c.name());
    const auto model = quantizable("shufflenet_v2_x0_5", false);
    model->fuse_model();
    quantization::prepare_qat(*model, quantization::get_default_qconfig("qnnpack"));
    auto file = quantized_file(c.text("file"));
    quantization::load_quantized_state(*model, hub::load(file));
    expect_same_state(quantization::quantized_state(*model), hub::load(file.replace_extension(".pth")));
  }
}

TEST(QuantizedModel, AfterTrainingHasPythonsScalesAndZeroPoints) {
  const support::OneThread one_thread;
  for (const auto& c : oracle::cases("models_quantized/after_training")) {
    SCOPED_TRACE(c.name());
    const auto model = quantizable(c.text("model"), false, c.boolean("table"));
    quantization::quantize(*model, [&](models::ImageClassifier& m) {
      for (const auto* batch : {"batch 0", "batch 1"}) m.forward(c.tensor(batch));
    });
    expect_same_state(quantization::quantized_state(*model),
                      hub::load(quantized_file(c.text("model") + "_after_training.pth")));
    EXPECT_TENSOR_EQ(model->forward(c.tensor("batch 0")), c.tensor("logits"));
  }
}

TEST(QuantizableModel, TrainsAsPythonsWhileItRounds) {
  const support::OneThread one_thread;
  for (const auto& c : oracle::cases("models_quantized/while_training")) {
    SCOPED_TRACE(c.name());
    const auto file = c.text("model") + "_" + c.text("backend");
    torch::manual_seed(0);
    const auto model = models::get_model<quantization::QuantizableClassifier>("quantized_" + c.text("model"),
                                                                              {.num_classes = c.integer("classes")});
    quantization::set_engine("x86");
    model->fuse_model();
    quantization::prepare_qat(*model, quantization::get_default_qconfig(c.text("backend")));
    torch::manual_seed(1);
    std::vector<torch::Tensor> losses, gradients;
    for (const auto& batch : c.tensor("batches").unbind()) {
      const auto loss = model->forward(batch).square().mean();
      losses.push_back(loss.detach());
      model->zero_grad();
      loss.backward();
    }
    for (const auto& parameter : model->parameters()) gradients.push_back(parameter.grad().norm());
    EXPECT_TRUE(torch::allclose(torch::stack(losses), c.tensor("losses"), 1e-4, 1e-7));
    const auto expected = c.tensor("gradients"), actual = torch::stack(gradients);
    // A number that falls on the other side of a step than in Python moves what follows by a whole step.
    EXPECT_LT(((actual - expected).norm() / expected.norm()).item<double>(), 1e-2);

    const auto state = hub::load(quantized_file(file + "_while_training.pth"));
    const auto own = quantization::quantized_state(*model);
    ASSERT_EQ(own.entries().size(), state.entries().size());
    for (size_t i = 0; i < own.entries().size(); ++i) {
      EXPECT_EQ(own.entries()[i].first.as_string(), state.entries()[i].first.as_string());
    }
    quantization::load_quantized_state(*model, state);
    expect_same_state(quantization::quantized_state(*model), state);
    model->eval();
    quantization::convert(*model);
    expect_same_state(quantization::quantized_state(*model), hub::load(quantized_file(file + "_trained.pth")));
    EXPECT_TENSOR_EQ(model->forward(c.tensor("batches")[0]), c.tensor("logits"));
  }
}

TEST(QuantizedModel, MobileNetV3IsConvertedFromWhatTrainingLeft) {
  const support::TemporaryFolder folder;
  const support::OneThread one_thread;
  for (const auto& c : oracle::cases("models_quantized/while_training")) {
    if (c.integer("classes") != 1000) continue;
    const auto file = quantized_file(c.text("model") + "_" + c.text("backend") + "_while_training.pth");
    // Older files do not tell what squeeze and excitation is rounded with.
    std::vector<Value::Item> older;
    const auto state = hub::load(file);
    for (const auto& item : state.entries()) {
      if (item.first.as_string().find("scale_activation") == std::string::npos) older.push_back(item);
    }
    hub::save(folder.path() / "older.pth", Value::dict(older));
    for (const auto& weights : {file, folder.path() / "older.pth"}) {
      quantization::set_engine("x86");
      const auto model =
          models::get_model("quantized_mobilenet_v3_large", {.weights = "DEFAULT", .weights_file = weights, .quantize = true});
      EXPECT_FALSE(model->is_training());
      EXPECT_TENSOR_EQ(model->forward(c.tensor("batches")[0]), c.tensor("logits"));
    }
  }
}

TEST(QuantizableModel, IsFusedOnceAndAsItsModeSays) {
  const auto calibrate = [](models::ImageClassifier& m) { m.forward(torch::rand({1, 3, 33, 33})); };
  const auto training = quantizable("resnet18", false);
  training->fuse_model();
  EXPECT_ERROR(quantization::quantize(*training, calibrate), ValueError, "prepare: the model was fused while in training");
  const auto model = quantizable("resnet18", false);
  EXPECT_THROW(quantization::quantize(*model, [](auto&) { throw std::runtime_error("no data"); }), std::runtime_error);
  EXPECT_ERROR(quantization::prepare_qat(*model, {}), ValueError, "prepare_qat: the model must be in training");
  quantization::quantize(*model, calibrate);  // what was fused and is observed already stays so
  EXPECT_TRUE(model->is_quantized());
  const auto folded = quantizable("resnet18", false);
  folded->eval();
  folded->fuse_model();
  folded->train();
  const auto config = quantization::get_default_qconfig("fbgemm");
  EXPECT_ERROR(quantization::prepare_qat(*folded, config), ValueError, "fused in evaluation, which folds its norms away");
  training->train();
  quantization::prepare_qat(*training, config);
  EXPECT_ERROR(quantization::prepare_qat(*training, config), ValueError, "prepare_qat: the model is prepared already");
  EXPECT_ERROR(quantization::prepare(*model, {}), ValueError, "prepare: the model is quantized already");
  EXPECT_ERROR(quantization::prepare_qat(*model, {}), ValueError, "prepare_qat: the model is quantized already");
  EXPECT_ERROR(quantization::convert(*model), ValueError, "convert: the model is quantized already");
}

TEST(QuantizedModel, SaysWhatDoesNotFit) {
  const auto model = quantizable("resnet18", true);
  auto state = quantization::quantized_state(*model);
  state.set("more", torch::ones({1}));
  state.set("conv1.scale", "none");
  EXPECT_ERROR(quantization::load_quantized_state(*model, state), ValueError, "more: not in the model");
  EXPECT_ERROR(quantization::load_quantized_state(*model, state), ValueError,
               "conv1.scale: a tensor in the model, a string in the state");
  EXPECT_ERROR(quantization::quantize(*model, [](auto&) {}), ValueError, "quantized already");
  EXPECT_ERROR(quantization::convert(*quantizable("resnet18", false)), ValueError,
               "convert: the model is not prepared; call prepare or prepare_qat before it");
  EXPECT_ERROR(quantization::get_default_qconfig("cuda"), ValueError, "no backend is named \"cuda\"");
}

}  // namespace
}  // namespace opsis
