// A model's tensors by name, in the order torchvision has them.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::hub {

/// Which version of its state each module has, by its name, "" being the model itself: what Python keeps beside a state dict as
/// `_metadata`. Some of its modules refuse a state without, and some take it for an old one.
using StateVersions = std::vector<std::pair<std::string, int64_t>>;

/// Names and tensors, in order. Names are unique in what Opsis makes.
struct StateDict : std::vector<std::pair<std::string, torch::Tensor>> {
  using vector::vector;
  StateVersions versions{};  ///< empty: nothing is known of them
};

/// Mixed into a module whose state Python counts versions of; all others have the first.
class OPSIS_API Versioned {
 public:
  virtual ~Versioned();
  virtual int64_t state_version() const { return 2; }
};

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
