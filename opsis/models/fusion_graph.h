// How the steps of a program hang together, for those who rewrite it.
#pragma once

#include <torch/types.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "opsis/models/program.h"

namespace opsis::inline v1::models::detail {

/// Who writes and who reads each slot.
class Graph {
 public:
  explicit Graph(Program& program)
      : program_(program), producers_(program.slots(), nullptr), users_(program.slots()), gone_(program.steps.size(), false) {
    for (auto& step : program.steps) {
      for (size_t i = 0; i < step.inputs.size(); ++i) {
        if (step.input(i) >= 0) users_[index(step.input(i))].push_back(&step);
        if (const auto* list = std::get_if<std::vector<Slot>>(&step.inputs[i])) {
          for (const auto slot : *list) users_[index(slot)].push_back(&step);
        }
      }
      if (step.output() >= 0) producers_[index(step.output())] = &step;
    }
  }

  // Steps that were taken out leave with the graph.
  ~Graph() {
    size_t i = 0;
    std::erase_if(program_.steps, [&](const Step&) { return gone_[i++]; });
  }

  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  /// The step that made what is in the slot; slots made since the graph was are not known.
  Step* producer(Slot slot) const { return slot >= 0 && index(slot) < producers_.size() ? producers_[index(slot)] : nullptr; }

  /// The step that alone reads the slot, if there is one and the program does not give it back.
  Step* only_user(Slot slot) const {
    if (slot < 0 || program_.is_result(slot) || index(slot) >= users_.size()) return nullptr;
    const auto& users = users_[index(slot)];
    return users.size() == 1 && !gone_[place(users[0])] ? users[0] : nullptr;
  }

  void remove(const Step* step) { gone_[place(step)] = true; }
  bool gone(const Step* step) const { return gone_[place(step)]; }
  size_t place(const Step* step) const { return static_cast<size_t>(step - program_.steps.data()); }

  /// Whether some step after `first` and before `last` writes over the memory of the slot.
  bool overwritten(Slot slot, const Step* first, const Step* last) const {
    for (const auto* step = first + 1; step < last; ++step) {
      if (!gone(step) && step->in_place() && program_.memory(step->input(0)) == program_.memory(slot)) return true;
    }
    return false;
  }

 private:
  static size_t index(Slot slot) { return static_cast<size_t>(slot); }

  Program& program_;
  std::vector<Step*> producers_;
  std::vector<std::vector<Step*>> users_;
  std::vector<bool> gone_;
};

/// The constant tensor that is an argument, if it is one.
torch::Tensor constant_input(const Program& program, const Step& step, size_t index);

bool is_linear(const Step& step);
bool is_conv(const Step& step);

/// Whether weight and bias of such a layer are known, and not of shapes that no packing is for.
bool has_constant_weights(const Program& program, const Step& step);

/// What looks at a tensor in another shape where it lies. A copy would do, unless one of the two is written over later, which both
/// must see.
struct Views {
  std::vector<size_t> may_copy{};  ///< places of steps
  bool must_not = false;           ///< whether there are others
};

Views views_of(const Program& program);

/// Those that may copy do so where they must, since results came to lie otherwise than when they were recorded.
void let_views_copy(Program& program);

/// The permutation that a step makes of what it is given.
std::optional<std::vector<int64_t>> permutation_of(const Step& step);

}  // namespace opsis::inline v1::models::detail
