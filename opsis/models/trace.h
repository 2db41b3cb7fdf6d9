// A run of a model, call by call: what names of nodes and summaries are made from.
#pragma once

#include <torch/nn/module.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "opsis/models/layer.h"

namespace opsis::inline v1::models::detail {

/// The modules below a model; one that is registered twice has its first name.
using ModuleNames = std::unordered_map<const torch::nn::Module*, std::string>;
ModuleNames names_of(const torch::nn::Module& model);

/// Names of calls: a module's own for its first, then with _1, _2, ...
class CallNames {
 public:
  explicit CallNames(const ModuleNames& names) : names_(names) {}
  /// That of the module's next call; empty for a module that the model does not register.
  std::string next(const torch::nn::Module& module);

 private:
  const ModuleNames& names_;
  std::unordered_map<const torch::nn::Module*, int64_t> counts_;
};

struct Call {
  std::string name;
  const torch::nn::Module* module = nullptr;
  int64_t depth = 0;    // how many calls are around it, without that of the model
  bool is_leaf = true;  // no other call is within
  std::vector<int64_t> output_shape{};
  int64_t multiply_adds = 0;  // with those of the calls within
};

struct Trace {
  std::vector<Call> calls;  // in the order in which they begin; those of modules without a name are left out
  std::vector<int64_t> output_shape{};
  int64_t multiply_adds = 0;
};

/// Runs the model on zeros of its parameters' type and device, in its present mode but without changing running statistics or
/// keeping gradients.
Trace trace(const Layer& model, const std::vector<int64_t>& input_size);

}  // namespace opsis::inline v1::models::detail
