// What a model does to an image, as a list of operators: recorded once, changed, and then run without the model.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/types.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <variant>
#include <vector>

namespace opsis::inline v1::models::detail {

/// Where a tensor is kept while a program runs.
using Slot = int64_t;

/// Of a step: a tensor, a list of tensors, or anything else, as it was.
using Argument = std::variant<c10::IValue, Slot, std::vector<Slot>>;

/// The call of an operator.
struct Step {
  c10::OperatorHandle op;
  std::vector<Argument> inputs;
  std::vector<Argument> outputs;
  std::vector<Slot> last_uses{};  ///< which nobody reads after this step; Program::finish fills it in

  /// "aten::conv2d"
  std::string_view name() const { return op.schema().name(); }
  bool is(std::string_view other) const { return name() == other; }
  /// The slot of an argument that is one tensor; -1: it is something else.
  Slot input(size_t index) const;
  Slot output() const;
  /// An argument that is no tensor.
  const c10::IValue& constant(size_t index) const { return std::get<c10::IValue>(inputs.at(index)); }
  /// Whether it writes over its first argument.
  bool in_place() const;
};

/// The call of an operator by name: make_step("mkldnn::_linear_pointwise", "binary", {...}, result).
Step make_step(const char* name, const char* overload, std::vector<Argument> inputs, Slot output);

/// Operators that follow each other, on tensors in slots. A slot is written once: an operator that works in place gives its
/// result a slot of its own, although it is the same memory.
class Program {
 public:
  /// Records what `forward` does to these images; what does not depend on them is computed now and never again. The program is
  /// good for images of this shape and memory format. Call it without gradients.
  /// Throws   ValueError when what is done depends on the values of the pixels
  static Program record(const torch::Tensor& images, const std::function<std::vector<torch::Tensor>(torch::Tensor)>& forward);

  /// Holds this program against one of the same model that other images were recorded for: what is not the same in both does
  /// depend on the images, by ways that cannot be recorded.
  /// Throws   ValueError when there is such a thing
  void check_same_constants(const Program& other) const;

  std::vector<torch::Tensor> run(const torch::Tensor& images) const;

  /// For those who change it; finish() makes it ready to run again.
  std::vector<Step> steps;
  static constexpr Slot kInput = 0;
  std::vector<Slot> results;
  bool is_result(Slot slot) const { return std::find(results.begin(), results.end(), slot) != results.end(); }

  /// A slot that holds the same tensor in every run.
  Slot add_constant(torch::Tensor value);
  /// A slot for something of this shape.
  Slot add_slot(std::vector<int64_t> shape);
  /// The tensor of a slot that is constant, else undefined.
  const torch::Tensor& constant(Slot slot) const { return constants_.at(static_cast<size_t>(slot)); }
  void set_constant(Slot slot, torch::Tensor value) { constants_.at(static_cast<size_t>(slot)) = std::move(value); }
  const std::vector<int64_t>& shape(Slot slot) const { return shapes_.at(static_cast<size_t>(slot)); }
  /// As it was recorded: its type, and whether its pixels lay beside their channels.
  torch::Dtype type(Slot slot) const { return types_.at(static_cast<size_t>(slot)); }
  bool channels_last(Slot slot) const { return channels_last_.at(static_cast<size_t>(slot)); }
  size_t slots() const { return shapes_.size(); }
  /// Two slots of the same memory, one a view of the other or written over it, have the same number.
  int64_t memory(Slot slot) const { return memory_.at(static_cast<size_t>(slot)); }
  void share_memory(Slot slot, Slot with) { memory_.at(static_cast<size_t>(slot)) = memory(with); }

  void finish();
  /// Whether the images may lie in memory as they like, since those who read them arrange them. finish() finds it out.
  bool takes_any_layout() const { return takes_any_layout_; }
  /// Copies the constants that may be shared with the model.
  void own_constants();
  /// Takes the large constants of another program in place of its own where they are equal: packed weights mostly are.
  void share_constants(const Program& other);

 private:
  friend class Recorder;
  bool is_arranged_by_readers(Slot slot) const;

  bool takes_any_layout_ = false;
  std::vector<torch::Tensor> constants_;      // by slot; undefined where it is not constant
  std::vector<std::vector<int64_t>> shapes_;  // by slot
  std::vector<int64_t> memory_;               // by slot
  std::vector<torch::Dtype> types_;           // by slot
  std::vector<bool> channels_last_;           // by slot
};

}  // namespace opsis::inline v1::models::detail
