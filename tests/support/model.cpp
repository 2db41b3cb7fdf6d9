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

// About 32 numbers, evenly spread.
torch::Tensor sample(const torch::Tensor& tensor) {
  return tensor.flatten().slice(0, 0, std::nullopt, tensor.numel() / 32 + 1);
}

}  // namespace

// As in tests/oracle/support/model.py.
void wake(torch::nn::Module& model) {
  const torch::NoGradGuard no_grad;
  for (auto& parameter : model.parameters()) {
    if (parameter.dim() >= 2 && !parameter.any().item<bool>()) parameter.normal_(0, 0.02);
  }
}

int64_t checksum(const torch::Tensor& tensor) {
  const auto bits = (tensor.is_floating_point() ? tensor.contiguous().view(torch::kInt32) : tensor).flatten();
  constexpr int64_t most = int64_t{1} << 20;  // as integers of 64 bits a large tensor would take twice its memory
  uint64_t total = 0;
  for (int64_t begin = 0; begin < bits.numel(); begin += most) {
    const auto piece = bits.slice(0, begin, begin + most).to(torch::kInt64);
    const auto places = torch::arange(begin + 1, begin + 1 + piece.numel(), torch::kInt64);
    total += static_cast<uint64_t>((piece * places).sum().item<int64_t>());
  }
  return static_cast<int64_t>(total);
}

OneThread::OneThread() : before_(torch::get_num_threads()) { torch::set_num_threads(1); }
OneThread::~OneThread() { torch::set_num_threads(before_); }

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
  std::vector<std::string> versions;
  for (const auto& [name, version] : opsis::hub::state_dict(model).versions)
    versions.push_back(name + " " + std::to_string(version));
  EXPECT_EQ(versions, c.texts("versions"));
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

void expect_equal_state(const torch::nn::Module& actual, const torch::nn::Module& expected) {
  const auto ours = opsis::hub::state_dict(actual), theirs = opsis::hub::state_dict(expected);
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < theirs.size(); ++i) {
    SCOPED_TRACE(theirs[i].first);
    EXPECT_EQ(ours[i].first, theirs[i].first);
    EXPECT_TENSOR_EQ(ours[i].second, theirs[i].second);
  }
}

oracle::Case case_of(const std::string& table, const std::string& model) {
  std::vector<oracle::Case> found;
  for (auto& c : oracle::cases(table)) {
    if (c.text("model") == model) found.push_back(std::move(c));
  }
  if (found.size() != 1) throw std::runtime_error(table + " has " + std::to_string(found.size()) + " cases of " + model);
  return found[0];
}

void expect_same_computed(opsis::models::ImageClassifier& model, const oracle::Case& c, const TrainOutputs& all_outputs) {
  const auto images = c.tensor("images");
  Outputs in_training;
  if (all_outputs) in_training = [&] { return all_outputs(images); };
  expect_same_computed(
      model, c, [&] { return std::vector<torch::Tensor>{model.forward(images)}; }, in_training);
}

// The same kernels on the same numbers.
void expect_same_computed(torch::nn::Module& model, const oracle::Case& c, const Outputs& evaluate,
                          const Outputs& in_training) {
  expect_same_state(model, c);
  if (::testing::Test::HasFatalFailure()) return;
  const OneThread one_thread;
  wake(model);
  const auto key = [](const std::string& name, size_t i) { return name + (i == 0 ? "" : "_" + std::to_string(i)); };
  model.eval();
  {
    const torch::NoGradGuard no_grad;
    const auto outputs = evaluate();
    for (size_t i = 0; i < outputs.size(); ++i) EXPECT_TENSOR_NEAR(outputs[i], c.tensor(key("eval_output", i)), 1e-5, 0);
    EXPECT_FALSE(c.has_tensor(key("eval_output", outputs.size())));
  }
  model.train();
  const auto outputs = in_training ? in_training() : evaluate();
  auto loss = torch::zeros({});
  for (size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_TENSOR_NEAR(outputs[i].detach(), c.tensor(key("train_output", i)), 1e-5, 0);
    loss = loss + outputs[i].square().mean();
  }
  EXPECT_FALSE(c.has_tensor(key("train_output", outputs.size())));
  EXPECT_TENSOR_NEAR(loss.detach(), c.tensor("loss"), 1e-4, 0);
  loss.backward();

  const auto parameters = model.named_parameters();
  ASSERT_EQ(parameters.keys(), c.texts("gradient_names"));
  const auto norms = c.tensor("gradient_norms"), samples = c.tensor("gradient_samples");
  int64_t index = 0, begin = 0;
  for (const auto& parameter : parameters) {
    SCOPED_TRACE(parameter.key());
    const auto gradient = parameter.value().grad();
    EXPECT_TENSOR_NEAR(gradient.to(torch::kFloat64).norm(), norms[index++], 1e-4, 1e-9);
    const auto found = sample(gradient);
    EXPECT_TENSOR_NEAR(found, samples.slice(0, begin, begin + found.numel()), 1e-4, 1e-9);
    begin += found.numel();
  }
  std::vector<torch::Tensor> sums;
  for (const auto& buffer : model.buffers()) sums.push_back(buffer.to(torch::kFloat64).sum());
  if (sums.empty()) sums.push_back(torch::zeros({}));
  const auto expected_sums = c.tensor("buffer_sums");
  EXPECT_TENSOR_NEAR(torch::stack(sums).to(expected_sums.scalar_type()), expected_sums, 1e-5, 0);
}

}  // namespace support
