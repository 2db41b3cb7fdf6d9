#include "opsis/models/task.h"

#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/core/nearest.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models {
namespace task {

std::vector<std::string> last_layer(const torch::nn::Module& model) {
  std::string linear, conv;
  for (const auto& module : model.named_modules("", /*include_self=*/false)) {
    if (module.value()->as<torch::nn::Linear>()) linear = module.key();
    if (module.value()->as<torch::nn::Conv2d>() || module.value()->as<torch::nn::Conv3d>()) conv = module.key();
  }
  const auto& last = linear.empty() ? conv : linear;
  return last.empty() ? std::vector<std::string>{} : std::vector{last};
}

bool is_below(std::string_view name, std::string_view parent) {
  return parent.empty() || (name.starts_with(parent) && (name.size() == parent.size() || name[parent.size()] == '.'));
}

// Sets what is below `name`, and gives the norms there: the modules that keep running statistics.
std::vector<std::shared_ptr<torch::nn::Module>> set_learning(std::string_view function, torch::nn::Module& model,
                                                             std::string_view name, bool learns) {
  bool found = name.empty();
  std::vector<std::string> known;
  std::vector<std::shared_ptr<torch::nn::Module>> norms;
  for (const auto& module : model.named_modules("", /*include_self=*/false)) {
    known.push_back(module.key());
    if (!is_below(module.key(), name)) continue;
    found = true;
    if (module.value()->named_buffers(/*recurse=*/false).contains("running_mean")) norms.push_back(module.value());
  }
  for (auto& parameter : model.named_parameters()) {
    known.push_back(parameter.key());
    if (!is_below(parameter.key(), name)) continue;
    found = true;
    parameter.value().set_requires_grad(learns);
  }
  if (!found) {
    raise<NotFoundError>("{}: {} has no module or parameter \"{}\"{}", function, model.name(), name,
                         did_you_mean(name, std::vector<std::string_view>(known.begin(), known.end())));
  }
  return norms;
}

}  // namespace task

// Here and not in the header, so that one library holds the types' identity and a cast to them works from every other.
Model::~Model() = default;
ImageClassifier::~ImageClassifier() = default;
VideoClassifier::~VideoClassifier() = default;
SegmentationModel::~SegmentationModel() = default;
FlowModel::~FlowModel() = default;

namespace {

template <class... Where>
void cast(const torch::nn::Module& model, torch::Dtype dtype, bool non_blocking, Where... device) {
  const auto settle = [&](torch::Tensor tensor) {
    const auto type = tensor.is_floating_point() ? dtype : tensor.scalar_type();
    tensor.set_data(tensor.to(device..., type, non_blocking));
  };
  for (auto& parameter : model.parameters()) settle(parameter);
  for (auto& buffer : model.buffers()) settle(buffer);
}

}  // namespace

void Model::to(torch::Device device, torch::Dtype dtype, bool non_blocking) { cast(*this, dtype, non_blocking, device); }

void Model::to(torch::Dtype dtype, bool non_blocking) { cast(*this, dtype, non_blocking); }

std::vector<std::string> Model::heads() const { return task::last_layer(*this); }

void Model::train(bool on) {
  torch::nn::Module::train(on);
  for (const auto& norm : frozen_norms_) norm->eval();
}

void Model::freeze_as(const torch::nn::Module& old, std::shared_ptr<torch::nn::Module> fresh) {
  const auto is_old = [&](const auto& norm) { return norm.get() == &old; };
  if (std::any_of(frozen_norms_.begin(), frozen_norms_.end(), is_old)) frozen_norms_.push_back(std::move(fresh));
}

torch::Tensor FlowModel::forward(const torch::Tensor& pairs) {
  OPSIS_CHECK(pairs.dim() == 5 && pairs.size(1) == 2, "{}: pairs must be (N, 2, 3, H, W), got {}", name(),
              opsis::detail::shape(pairs));
  return forward(pairs.select(1, 0), pairs.select(1, 1));
}

Head head(const Model& model) {
  const auto names = model.heads();
  OPSIS_CHECK(!names.empty(), "head: {} has neither a linear layer nor a convolution", model.name());
  return {names.front(), model.named_modules("", /*include_self=*/false)[names.front()]};
}

void freeze(Model& model, std::string_view name) {
  for (auto& norm : task::set_learning("freeze", model, name, false)) {
    norm->eval();
    auto& frozen = model.frozen_norms_;
    if (std::find(frozen.begin(), frozen.end(), norm) == frozen.end()) frozen.push_back(std::move(norm));
  }
}

void unfreeze(Model& model, std::string_view name) {
  for (const auto& norm : task::set_learning("unfreeze", model, name, true)) {
    norm->train(model.is_training());
    std::erase(model.frozen_norms_, norm);
  }
}

namespace detail {

std::vector<std::string> heads_of(const torch::nn::Module& model) {
  const auto* known = dynamic_cast<const Model*>(&model);
  return known ? known->heads() : task::last_layer(model);
}

}  // namespace detail
}  // namespace opsis::inline v1::models
