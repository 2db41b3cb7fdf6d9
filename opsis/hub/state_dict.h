// A model's tensors by name, in the order torchvision has them.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/error.h"

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

/// A state dict that does not fit a module. what() names all that is wrong, which may be hundreds of names.
class OPSIS_API StateDictError : public ValueError {
 public:
  /// `place` begins the message: "load_weights: a.pth does not fit ResNet: ".
  StateDictError(const std::string& place, LoadReport report);
  ~StateDictError() override;
  const LoadReport& report() const { return *report_; }
  /// Whether all that is not in the module is named "module....", as DataParallel writes it; the message then says so.
  bool is_of_data_parallel() const;
  /// what() with no more than so many names of each list.
  std::string brief(size_t most_names) const;

 private:
  size_t place_size_;
  std::shared_ptr<const LoadReport> report_;  // copies of an error share it, so that copying cannot fail
};

/// Copies tensors into the module by name. Strict: throws StateDictError unless every name and shape fits, and then has changed
/// nothing; not strict: copies what fits and reports the rest.
/// Source   torch.nn.Module.load_state_dict
OPSIS_API LoadReport load_state_dict(torch::nn::Module& module, const StateDict& state, bool strict = true);

}  // namespace opsis::inline v1::hub
