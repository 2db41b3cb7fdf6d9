// How the inputs and outputs of an exported program are nested in each other. For Opsis's own sources.
#pragma once

#include <ATen/core/ivalue.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "opsis/core/json.h"

namespace opsis::inline v1::models::detail {

/// A key of a dict as ways and messages have it: 'it\'s'. No two are written alike. Python leaves that one as it is between
/// other quotes, and has its escapes for what cannot be printed; ExportedGuard reads those.
std::string in_quotes(std::string_view key);

/// A leaf, or a container of trees. None is a leaf.
///     Tree::read(R"([1, {"type": "builtins.tuple", "context": "null", "children_spec": [...]}])")
/// Source   torch.utils._pytree.treespec_dumps
struct Tree {
  enum class Kind { Leaf, Tuple, List, Dict };
  Kind kind = Kind::Leaf;
  std::vector<Tree> children{};
  std::vector<c10::IValue> keys{};    ///< of a dict: texts, numbers or bools
  std::vector<std::string> fields{};  ///< of a class of the model's own, which is a tuple here
  size_t leaves = 1;

  /// Classes of the model's own, named tuples too, are tuples of their fields; `classes` has the fields of named tuples.
  /// Throws   ValueError for what is no such tree
  static Tree read(const std::string& spec, const Json* classes);

  /// Appends the leaves of a value that is nested like this. `name` is what messages call it.
  /// Throws   ValueError when it is nested otherwise, telling where
  void take_apart(const c10::IValue& value, std::string_view name, std::vector<c10::IValue>& out) const;

  struct Ways {
    std::vector<std::string> of_leaves{};
    size_t letters = 0;  ///< of all that was written
  };
  /// Appends the ways to its leaves, behind its own: "['pair'][0].field". Keys are `in_quotes`.
  /// Throws   DecodeError when they are too long
  void ways(const std::string& own, Ways& out) const;

  /// The value that has these leaves, as many as `leaves` says.
  c10::IValue put_together(std::span<const c10::IValue> values) const;

 private:
  struct Place;
  void take_apart(const c10::IValue& value, const Place& name, std::vector<c10::IValue>& out) const;

  using Classes = std::unordered_map<std::string_view, const Json*>;
  static Tree read_node(const Json& node, const Classes& classes);
  void read_keys(const Json& context);
  void read_fields(const Json& node, const Classes& classes);
};

}  // namespace opsis::inline v1::models::detail
