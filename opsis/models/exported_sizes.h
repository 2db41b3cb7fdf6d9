// The sizes that an exported program takes. For Opsis's own sources.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/json.h"

namespace opsis::inline v1::models::detail {

/// A side of a tensor, or a number among the arguments: fixed by the export, or a symbol times `scale` and `offset` more, where
/// a symbol has one value wherever it stands. Neither: anything.
struct ExportedSide {
  std::optional<int64_t> size{};
  std::string symbol{};
  int64_t scale = 1, offset = 0;

  static ExportedSide read(const Json& size);
};

/// The ranges of expressions, and the values that symbols have in a call.
class ExportedSizes {
 public:
  struct Range {
    int64_t low = INT64_MIN, high = INT64_MAX;
  };
  using Ranges = std::map<std::string, Range>;
  static Ranges read_ranges(const Json& program);

  explicit ExportedSizes(const Ranges& ranges) : ranges_(ranges) {}

  /// Whether a side may be so long, given those before.
  /// Throws   ValueError when it is out of its range; the message calls it `what`
  bool fits(const ExportedSide& side, int64_t size, std::string_view what);

 private:
  const Ranges& ranges_;
  std::map<std::string, int64_t> symbols_;
};

/// "(2, 3, s0)"
std::string shape_text(const std::vector<ExportedSide>& shape);

}  // namespace opsis::inline v1::models::detail
