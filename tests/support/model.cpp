#include "tests/support/model.h"

#include <torch/torch.h>

#include "opsis/hub/state_dict.h"
#include "opsis/tv_tensors/print.h"
#include "tests/support/expect.h"

namespace support {
namespace {

std::string type_name(torch::Dtype type) {
  return type == torch::kFloat32 ? "torch.float32" : type == torch::kInt64 ? "torch.int64" : "another";
}

}  // namespace

int64_t checksum(const torch::Tensor& tensor) {
  const auto bits = tensor.is_floating_point() ? tensor.contiguous().view(torch::kInt32) : tensor;
  return bits.to(torch::kInt64).sum().item<int64_t>();
}

void expect_same_structure(const torch::nn::Module& model, const oracle::Case& c) {
  std::vector<std::string> names, shapes, types, modules;
  for (const auto& [name, tensor] : opsis::hub::state_dict(model)) {
    names.push_back(name);
    shapes.push_back(opsis::detail::shape(tensor));
    types.push_back(type_name(tensor.scalar_type()));
  }
  for (const auto& module : model.named_modules()) modules.push_back(module.key());
  EXPECT_EQ(names, c.texts("names"));
  EXPECT_EQ(shapes, c.texts("shapes"));
  EXPECT_EQ(types, c.texts("types"));
  EXPECT_EQ(modules, c.texts("modules"));
}

void expect_same_state(const torch::nn::Module& model, const oracle::Case& c) {
  EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
  std::vector<std::string> names;
  std::vector<int64_t> checksums;
  for (const auto& [name, tensor] : opsis::hub::state_dict(model)) {
    names.push_back(name);
    checksums.push_back(checksum(tensor));
  }
  EXPECT_EQ(names, c.texts("names"));
  ASSERT_EQ(checksums, c.ints("checksums"));
}

// The same kernels on the same numbers; the threads may split sums differently, which a deep network in training amplifies.
void expect_same_evaluated(opsis::models::ImageClassifier& model, const oracle::Case& c) {
  expect_same_state(model, c);
  const torch::NoGradGuard no_grad;
  model.eval();
  EXPECT_TENSOR_NEAR(model.forward(c.tensor("images")), c.tensor("eval_output"), 1e-5, 0);
}

void expect_same_computed(opsis::models::ImageClassifier& model, const oracle::Case& c, const TrainOutputs& all_outputs) {
  expect_same_evaluated(model, c);
  if (::testing::Test::HasFatalFailure()) return;
  model.train();
  const auto images = c.tensor("images");
  const auto outputs = all_outputs ? all_outputs(images) : std::vector<torch::Tensor>{model.forward(images)};
  auto loss = torch::zeros({});
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto key = "train_output" + (i == 0 ? "" : "_" + std::to_string(i));
    EXPECT_TENSOR_NEAR(outputs[i].detach(), c.tensor(key), 1e-5, 0);
    loss = loss + outputs[i].square().mean();
  }
  loss.backward();

  std::vector<std::string> gradient_names;
  std::vector<torch::Tensor> norms, sums;
  for (const auto& parameter : model.named_parameters()) {
    gradient_names.push_back(parameter.key());
    norms.push_back(parameter.value().grad().to(torch::kFloat64).norm());
  }
  for (const auto& buffer : model.buffers()) sums.push_back(buffer.to(torch::kFloat64).sum());
  if (sums.empty()) sums.push_back(torch::zeros({}));
  ASSERT_EQ(gradient_names, c.texts("gradient_names"));
  const auto expected_norms = c.tensor("gradient_norms"), expected_sums = c.tensor("buffer_sums");
  for (size_t i = 0; i < norms.size(); ++i) {
    SCOPED_TRACE(gradient_names[i]);
    EXPECT_TENSOR_NEAR(norms[i], expected_norms[static_cast<int64_t>(i)], 1e-4, 1e-9);
  }
  EXPECT_TENSOR_NEAR(model.parameters()[0].grad(), c.tensor("first_gradient"), 1e-4, 0);
  EXPECT_TENSOR_NEAR(torch::stack(sums).to(expected_sums.scalar_type()), expected_sums, 1e-5, 0);
}

}  // namespace support
