#include "opsis/hub/state_dict.h"

#include <ATen/core/grad_mode.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/instancenorm.h>

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/hub/mapped_state.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::hub {
namespace {

template <class... Kinds>
bool is_any(const torch::nn::Module& module) {
  return (... || module.as<Kinds>());
}

int64_t state_version(const torch::nn::Module& module) {
  using namespace torch::nn;  // NOLINT
  if (const auto* versioned = dynamic_cast<const hub::Versioned*>(&module)) return versioned->state_version();
  return is_any<BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d>(module) ? 2 : 1;
}

/// Parameters and buffers themselves, not detached: what load_state_dict writes into.
void collect_tensors(const torch::nn::Module& module, const std::string& prefix, StateDict& out) {
  out.versions.emplace_back(prefix.substr(0, prefix.size() - !prefix.empty()), state_version(module));
  for (const auto& entry : module.named_parameters(/*recurse=*/false)) {
    if (entry.value().defined()) out.emplace_back(prefix + entry.key(), entry.value());
  }
  for (const auto& entry : module.named_buffers(/*recurse=*/false)) {
    if (entry.value().defined()) out.emplace_back(prefix + entry.key(), entry.value());
  }
  for (const auto& entry : module.named_children()) {
    if (entry.value()) collect_tensors(*entry.value(), prefix + entry.key() + ".", out);
  }
}

/// Whether a state dict may lack this tensor: batch norm got num_batches_tracked in version 2 of its state, and what is loaded
/// without a version counts as older. The model's own count then stays. The name alone is not enough: it must stand beside a
/// running mean, as it does in the norms.
bool may_be_absent(std::string_view name, const std::unordered_set<std::string_view>& wanted) {
  constexpr std::string_view counter = "num_batches_tracked";
  if (!name.ends_with(counter)) return false;
  name.remove_suffix(counter.size());
  if (!name.empty() && !name.ends_with('.')) return false;
  const auto neighbour = std::string(name) + "running_mean";
  return wanted.contains(neighbour);
}

void list_names(std::string& out, std::string_view title, const std::vector<std::string>& names, size_t most_names) {
  if (names.empty()) return;
  out += text("\n  {} ({}):", title, names.size());
  const auto shown = std::min(names.size(), most_names);
  for (size_t i = 0; i < shown; ++i) out += "\n    " + names[i];
  if (shown < names.size()) out += text("\n    ... and {} more", names.size() - shown);
}

bool are_of_data_parallel(const std::vector<std::string>& names) {
  const auto wrapped = [](const std::string& name) { return name.starts_with("module."); };
  return !names.empty() && std::all_of(names.begin(), names.end(), wrapped);
}

std::string describe(const LoadReport& report, size_t most_names = std::numeric_limits<size_t>::max()) {
  std::string out = "load_state_dict: the state dict does not fit the model";
  list_names(out, "missing from the state dict", report.missing, most_names);
  list_names(out, "not in the model", report.unexpected, most_names);
  list_names(out, "of another shape or type", report.mismatched, most_names);
  if (are_of_data_parallel(report.unexpected)) {
    out += "\n  Its names begin with \"module.\", as DataParallel writes them: take that off and load again.";
  }
  return out;
}

}  // namespace

Versioned::~Versioned() = default;

StateDictError::StateDictError(const std::string& place, LoadReport report)
    : ValueError(place + describe(report)),
      place_size_(place.size()),
      report_(std::make_shared<const LoadReport>(std::move(report))) {}

StateDictError::~StateDictError() = default;

bool StateDictError::is_of_data_parallel() const { return are_of_data_parallel(report_->unexpected); }

std::string StateDictError::brief(size_t most_names) const {
  return std::string(what()).substr(0, place_size_) + describe(*report_, most_names);
}

StateDict state_dict(const torch::nn::Module& module) {
  StateDict out;
  collect_tensors(module, "", out);
  for (auto& [name, tensor] : out) tensor = tensor.detach();
  return out;
}

LoadReport load_state_dict(torch::nn::Module& module, const StateDict& state, bool strict) {
  return detail::load_state_dict(module, state, strict, {});
}

LoadReport detail::load_state_dict(torch::nn::Module& module, const StateDict& state, bool strict,
                                   const std::function<void(const torch::Tensor& source)>& copied) {
  StateDict targets;
  collect_tensors(module, "", targets);
  std::unordered_set<std::string_view> wanted;
  for (const auto& [name, tensor] : targets) wanted.insert(name);

  LoadReport report;
  std::unordered_map<std::string_view, torch::Tensor> given;
  for (const auto& [name, tensor] : state) {
    OPSIS_CHECK(tensor.defined(), "load_state_dict: \"{}\" is an undefined tensor", name);
    OPSIS_CHECK(given.emplace(name, tensor).second, "load_state_dict: the state dict has \"{}\" twice", name);
    // A frozen batch norm has no count; what was trained before it froze has.
    if (!wanted.contains(name) && !may_be_absent(name, wanted)) report.unexpected.push_back(name);
  }

  std::vector<std::pair<torch::Tensor, torch::Tensor>> copies;
  for (const auto& [name, target] : targets) {
    const auto found = given.find(name);
    if (found == given.end()) {
      if (!may_be_absent(name, wanted)) report.missing.push_back(name);
      continue;
    }
    auto source = found->second;
    // Before PyTorch 0.4 a scalar was saved as a list of one.
    if (target.dim() == 0 && source.dim() == 1 && source.numel() == 1) source = source[0];
    if (source.sizes() != target.sizes()) {
      report.mismatched.push_back(
          text("{}: {} in the model, {} in the state dict", name, opsis::detail::shape(target), opsis::detail::shape(source)));
      continue;
    }
    if (source.layout() != target.layout() || (source.is_meta() && !target.is_meta())) {
      report.mismatched.push_back(text("{}: in the state dict it is {}", name, source.is_meta() ? "a meta tensor" : "sparse"));
      continue;
    }
    if (source.is_quantized() != target.is_quantized()) {
      report.mismatched.push_back(
          text("{}: {} in the model, {} in the state dict", name, target.scalar_type(), source.scalar_type()));
      continue;
    }
    copies.emplace_back(target, source);
  }
  if (strict && !report.ok()) throw StateDictError("", std::move(report));

  const torch::NoGradGuard no_grad;
  for (auto& [target, source] : copies) {
    target.copy_(source);
    if (copied) copied(source);
  }
  return report;
}

}  // namespace opsis::inline v1::hub
