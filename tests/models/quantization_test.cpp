#include "opsis/models/quantization/quantize.h"

#include <torch/torch.h>

#include "opsis/hub/checkpoint.h"
#include "opsis/models/registry.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

namespace quantization = models::quantization;
using hub::Value;

std::filesystem::path quantized_file(const std::string& name) { return oracle::folder() / "models_quantized" / name; }

std::shared_ptr<quantization::QuantizableClassifier> quantizable(const std::string& name, bool quantize) {
  torch::manual_seed(0);
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
    if (a.is_string()) EXPECT_EQ(a.as_string(), b.as_string());
  }
}

/// The same names in the same order, with the same values.
void expect_same_state(const Value& actual, const Value& expected) {
  ASSERT_EQ(actual.entries().size(), expected.entries().size());
  for (size_t i = 0; i < actual.entries().size(); ++i) {
    const auto name = expected.entries()[i].first.as_string();
    SCOPED_TRACE(name);
    EXPECT_EQ(actual.entries()[i].first.as_string(), name);
    expect_same(actual.entries()[i].second, expected.entries()[i].second);
  }
}

TEST(QuantizableModel, HasTheParametersOfPythonsWhileFloat) {
  for (const auto& c : oracle::cases("models_quantized/float")) {
    SCOPED_TRACE(c.name());
    const auto model = quantizable(c.text("model"), false);
    model->eval();
    const auto state = hub::state_dict(*model);
    const auto names = c.texts("names");
    const auto bits = c.ints("bits");  // of each tensor, added up
    ASSERT_EQ(state.size(), names.size());
    for (size_t i = 0; i < names.size(); ++i) {
      EXPECT_EQ(state[i].first, names[i]);
      const auto& tensor = state[i].second;
      const auto numbers = tensor.is_floating_point() ? tensor.view(torch::kInt32) : tensor;
      EXPECT_EQ(numbers.to(torch::kInt64).sum().item<int64_t>(), bits[i]) << names[i];
    }
    const torch::NoGradGuard no_grad;
    EXPECT_TRUE(torch::allclose(model->forward(c.tensor("image")), c.tensor("logits"), 1e-4, 1e-5));
  }
}

TEST(QuantizedModel, IsPythonsToTheBit) {
  for (const auto& c : oracle::cases("models_quantized/quantized")) {
    SCOPED_TRACE(c.name());
    const auto model = quantizable(c.text("model"), true);
    EXPECT_TRUE(model->is_quantized());
    EXPECT_FALSE(model->is_training());
    expect_same_state(quantization::quantized_state(*model), hub::load(quantized_file(c.text("model") + ".pth")));
    EXPECT_TENSOR_EQ(model->forward(c.tensor("image")), c.tensor("logits"));
  }
}

TEST(QuantizedModel, LoadsACheckpointOfPythonAndGivesItsLogits) {
  const support::TemporaryFolder folder;
  for (const auto& c : oracle::cases("models_quantized/quantized")) {
    SCOPED_TRACE(c.name());
    const auto name = c.text("model");
    const auto model = models::get_model<quantization::QuantizableClassifier>(
        "quantized_" + name, {.weights_file = quantized_file(name + ".stream"), .num_classes = 10, .quantize = true});
    EXPECT_TENSOR_EQ(model->forward(c.tensor("image")), c.tensor("logits"));
    hub::save(folder.path() / "again.pth", quantization::quantized_state(*model));
    expect_same_state(hub::load(folder.path() / "again.pth"), hub::load(quantized_file(name + ".pth")));
  }
}

TEST(QuantizedModel, AfterTrainingHasPythonsScalesAndZeroPoints) {
  for (const auto& c : oracle::cases("models_quantized/after_training")) {
    SCOPED_TRACE(c.name());
    const auto model = quantizable(c.text("model"), false);
    quantization::quantize(*model, [&](models::ImageClassifier& m) {
      for (const auto* batch : {"batch 0", "batch 1"}) m.forward(c.tensor(batch));
    });
    expect_same_state(quantization::quantized_state(*model),
                      hub::load(quantized_file(c.text("model") + "_after_training.pth")));
    EXPECT_TENSOR_EQ(model->forward(c.tensor("batch 0")), c.tensor("logits"));
  }
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
  EXPECT_ERROR(quantization::get_default_qconfig("cuda"), ValueError, "no backend is named \"cuda\"");
}

}  // namespace
}  // namespace opsis
