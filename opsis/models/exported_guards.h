// Conditions under which an exported program is right, as Python writes them. For Opsis's own sources.
#pragma once

#include <ATen/core/ivalue.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "opsis/models/exported_graph.h"

namespace opsis::inline v1::models::detail {

/// "L['x'].size()[0] == 2*L['y'].size()[0]": arithmetic on the sizes of arguments and on numbers among them.
class ExportedGuard {
 public:
  /// Where the arguments are of which conditions speak.
  class Places {
   public:
    /// The ways to the leaves, in their order, as Tree::ways has them: "['x']", "['pair'][0].field".
    explicit Places(const std::vector<std::string>& ways);
    std::optional<size_t> find(const std::string& way) const;

   private:
    std::unordered_map<std::string, size_t> leaves_;
  };

  /// Throws   DecodeError for what is more than arithmetic on arguments that have a place: what Python would hold arguments
  ///          against is not passed over
  static ExportedGuard read(const std::string& code, const Places& places);

  /// Whether it holds for these leaves; not where it speaks of the size of what is no tensor.
  bool holds(const std::vector<c10::IValue>& leaves) const;

  /// It, as messages tell it: "x.size()[0] == 2*y.size()[0]".
  const std::string& told() const { return told_; }

 private:
  class Reader;

  enum class Kind { Constant, Leaf, Size, And, Or, Not, Operator };
  struct Term {
    Kind kind;
    c10::IValue constant{};
    size_t leaf = 0;
    int64_t side = 0;
    const NumberOperator* op = nullptr;
    std::vector<Term> parts{};
  };
  static c10::IValue value(const Term& term, const std::vector<c10::IValue>& leaves);

  Term term_{Kind::Constant};
  std::string told_;
};

}  // namespace opsis::inline v1::models::detail
