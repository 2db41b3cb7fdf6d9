// The operators of an exported program, in their order. For Opsis's own sources.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <ATen/core/stack.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/json.h"

namespace opsis::inline v1::models::detail {

/// What a call is given: a constant, a value that is computed, or a list of such.
struct ExportedOperand {
  c10::IValue constant{};
  int64_t slot = -1;  ///< of a value that is computed
  bool is_list = false;
  std::vector<ExportedOperand> parts{};  ///< of a list
  c10::TypePtr type = nullptr;           ///< that the operator wants; none: it takes whatever comes
  int64_t copies = 1;                    ///< of a number where the operator wants a list

  bool is_constant() const;
  c10::IValue value(const std::vector<c10::IValue>& frame) const;
};

/// A graph: of a program, or of a branch of it. Values live in slots of a frame while it runs.
class ExportedGraph {
 public:
  /// Throws   DecodeError, ValueError for what is not sound, or what only Python has; NotFoundError for operators that are not
  ///          there
  static ExportedGraph read(const Json& graph);

  /// A value that is no result of a call: {"as_int": 3}.
  static c10::IValue constant(const Json& value);

  /// Its outputs, as many as output_count().
  /// Throws   ValueError for what an operator refuses, naming it
  std::vector<c10::IValue> run(std::vector<c10::IValue> inputs) const;

  const std::vector<std::string>& input_names() const { return inputs_; }
  size_t output_count() const { return outputs_.size(); }

 private:
  class Reader;

  /// Where results go: a slot, or slots of a list's items; -1 where nobody wants them.
  struct Result {
    bool is_list = false;
    std::vector<int64_t> slots;
  };
  /// A call takes its arguments from a stack and leaves its results there.
  struct Node {
    std::string name, target;
    std::function<void(torch::jit::Stack&)> call;
    std::vector<ExportedOperand> inputs;
    std::vector<Result> outputs;
    std::vector<int64_t> last_uses;  ///< slots that nobody reads after it
  };
  void keep(const Node& node, const torch::jit::Stack& results, std::vector<c10::IValue>& frame) const;
  void find_last_uses();

  std::vector<std::string> inputs_;  // in the first slots
  std::vector<Node> nodes_;
  std::vector<ExportedOperand> outputs_;
  int64_t slots_ = 0;
};

/// A value as an operator's argument of this type: numbers become tensors, whole ones real, and lists those of LibTorch's
/// types.
/// Throws   ValueError when it can be none
c10::IValue fit_to_type(const c10::IValue& value, const c10::TypePtr& type, int64_t copies);

/// What Python's operators on sizes do. The name is that which exported programs have for it: "_operator.floordiv".
struct NumberOperator {
  std::string_view name;
  size_t arguments;
  /// Throws   ValueError where Python does, and where a whole number has more than 64 bits
  c10::IValue (*function)(const std::vector<c10::IValue>& arguments);
};
/// That of this name, or nullptr.
OPSIS_API const NumberOperator* find_number_operator(std::string_view name);

}  // namespace opsis::inline v1::models::detail
