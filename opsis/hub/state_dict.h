// A model's tensors by name, in the order torchvision has them.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::hub {

/// Names and tensors, in order. Names are unique in what Opsis makes.
using StateDict = std::vector<std::pair<std::string, torch::Tensor>>;

/// A module's parameters and buffers with Python's names and order: its own parameters, its own buffers, then those of each
/// child. The tensors share memory with the module.
OPSIS_API StateDict state_dict(const torch::nn::Module& module);

/// What did not fit when a state dict was loaded. Empty lists: everything did.
struct LoadReport {
  std::vector<std::string> missing;     ///< the module has them, the state dict not
  std::vector<std::string> unexpected;  ///< the state dict has them, the module not
  std::vector<std::string> mismatched;  ///< "fc.weight: (10, 512) in the model, (1000, 512) in the state dict"
  bool ok() const { return missing.empty() && unexpected.empty() && mismatched.empty(); }
};

/// Copies tensors into the module by name. Strict: throws ValueError unless every name and shape fits, and then has changed
/// nothing; not strict: copies what fits and reports the rest.
/// Source   torch.nn.Module.load_state_dict
OPSIS_API LoadReport load_state_dict(torch::nn::Module& module, const StateDict& state, bool strict = true);

}  // namespace opsis::inline v1::hub
