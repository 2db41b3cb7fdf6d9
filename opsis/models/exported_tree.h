// How the inputs and outputs of an exported program are nested in each other. For Opsis's own sources.
#pragma once

#include <ATen/core/ivalue.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/json.h"

namespace opsis::inline v1::models::detail {

/// A leaf, or a container of trees. None is a leaf.
///     Tree::read(R"([1, {"type": "builtins.tuple", "context": "null", "children_spec": [...]}])")
/// Source   torch.utils._pytree.treespec_dumps
struct Tree {
  enum class Kind { Leaf, Tuple, List, Dict };
  Kind kind = Kind::Leaf;
  std::vector<Tree> children{};
  std::vector<c10::IValue> keys{};  ///< of a dict: texts or whole numbers
  size_t leaves = 1;

  /// Classes of the model's own, named tuples too, are tuples of their fields.
  /// Throws   ValueError for what is no such tree
  static Tree read(const std::string& spec);

  /// Appends the leaves of a value that is nested like this. `name` is what messages call it.
  /// Throws   ValueError when it is nested otherwise, telling where
  void take_apart(const c10::IValue& value, const std::string& name, std::vector<c10::IValue>& out) const;

  /// The value that has these leaves, as many as `leaves` says.
  c10::IValue put_together(std::span<const c10::IValue> values) const;

 private:
  static Tree read_node(const Json& node);
};

}  // namespace opsis::inline v1::models::detail
