// Programs that Python exported: torch.export.save writes them, and here they run without Python.
#pragma once

#include <ATen/core/ivalue.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/hub/state_dict.h"

namespace opsis::inline v1::models {

/// A model as torch.export wrote it down: operators of LibTorch, one after the other, with the tensors that they need. Those of
/// torchvision are there where the program links opsis::torchvision_ops.
///     // Python: torch.export.save(torch.export.export(model.eval(), (image,)), "model.pt2")
///     const models::ExportedProgram model("model.pt2");
///     const torch::InferenceMode inference;
///     const auto scores = model({image}).toTensor();
/// Reading a file runs nothing of it, whatever it holds. Running it does what its author wrote, to the memory of this process:
/// run programs of people whom you trust, as with TorchScript. Operators that reach files or the network are refused all the
/// same. It stays on the device that it was exported for. Threads may call one at once, each under its own grad mode, inference
/// mode and autocast, as long as the program changes no buffers (that of a model in training does) and nobody writes to its
/// state. Gradients of all calls go to the same parameters: let one thread at a time call backward.
/// Source   torch.export.load(path).module()
class OPSIS_API ExportedProgram {
 public:
  /// Reads a file of PyTorch 2.9 or newer, as hub::read_export_archive does.
  /// Throws   as that; DecodeError for a program that is not sound, or does what only Python can: flex attention, Triton's
  ///          kernels, objects of one's own; NotFoundError for an operator that nobody registered
  explicit ExportedProgram(const std::filesystem::path& path, const Limits& limits = {});
  ~ExportedProgram();
  ExportedProgram(ExportedProgram&&) noexcept;
  ExportedProgram& operator=(ExportedProgram&&) noexcept;

  /// Named arguments, in any order.
  using Named = std::vector<std::pair<std::string, c10::IValue>>;

  /// Calls it with what the model's forward takes: tensors, numbers, and tuples, lists and dicts of such. What it gives is
  /// nested as forward gave it. Classes of the model's own are tuples of their fields, those that were None left out, as
  /// arguments too. Gradients are recorded unless the caller says otherwise. What comes for an argument that was None is
  /// ignored, as in Python.
  /// Throws   ValueError for arguments that the program was not exported for (their number, nesting, sizes, or numbers that
  ///          were fixed by the export), and for what an operator refuses, naming it
  /// Differs  where the program has a number, a tensor is refused, and for a whole number that may vary a real one: Python goes
  ///          on with them
  c10::IValue operator()(std::vector<c10::IValue> arguments, const Named& named = {}) const;

  /// Parameters and persistent buffers by their names. They share memory with the program.
  const hub::StateDict& state_dict() const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace opsis::inline v1::models
