#include "opsis/models/exported_sizes.h"

#include <charconv>

#include "opsis/core/check.h"

namespace opsis::inline v1::models::detail {
namespace {

/// scale * symbol + offset; no symbol: the offset alone.
struct Linear {
  std::string symbol;
  int64_t scale = 0, offset = 0;
};

/// Expressions as SymPy writes them for itself: Add(Integer(1), Mul(Integer(2), Symbol('s17', positive=True, integer=True))).
class LinearReader {
 public:
  explicit LinearReader(std::string_view text) : rest_(text) {}

  std::optional<Linear> read() {
    auto out = one(0);
    return rest_.empty() ? out : std::nullopt;
  }

 private:
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::optional<Linear> one(int depth) {
    if (depth > 20) return std::nullopt;
    if (take("Integer(")) return integer();
    if (take("Symbol('")) return symbol();
    const bool adds = take("Add(");
    if (!adds && !take("Mul(")) return std::nullopt;
    auto out = one(depth + 1);
    while (out && take(", ")) {
      const auto next = one(depth + 1);
      if (!next || !(adds ? add(*out, *next) : multiply(*out, *next))) return std::nullopt;
    }
    return take(")") ? out : std::nullopt;
  }

  std::optional<Linear> integer() {
    Linear out;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out.offset);
    if (error != std::errc()) return std::nullopt;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    if (!take(")")) return std::nullopt;
    return out;
  }

  std::optional<Linear> symbol() {
    const auto quote = rest_.find('\''), end = rest_.find(')');
    if (end == std::string_view::npos || quote > end) return std::nullopt;
    Linear out{std::string(rest_.substr(0, quote)), 1, 0};
    rest_.remove_prefix(end + 1);
    return out;
  }

  static bool add(Linear& to, const Linear& more) {
    if (!to.symbol.empty() && !more.symbol.empty() && to.symbol != more.symbol) return false;
    if (to.symbol.empty()) to.symbol = more.symbol;
    return !__builtin_add_overflow(to.scale, more.scale, &to.scale) &&
           !__builtin_add_overflow(to.offset, more.offset, &to.offset);
  }

  static bool multiply(Linear& to, const Linear& by) {
    if (!to.symbol.empty() && !by.symbol.empty()) return false;
    const auto number = to.symbol.empty() ? to.offset : by.offset;
    if (to.symbol.empty()) to = by;
    return !__builtin_mul_overflow(to.scale, number, &to.scale) && !__builtin_mul_overflow(to.offset, number, &to.offset);
  }

  std::string_view rest_;
};

}  // namespace

ExportedSide ExportedSide::read(const Json& size) {
  ExportedSide out;
  if (const auto* const fixed = size.find("as_int")) {
    out.size = fixed->integer();
    return out;
  }
  auto linear = LinearReader(size["as_expr"]["expr_str"].text()).read();
  if (!linear || linear->symbol.empty() || linear->scale == 0) return out;
  out.symbol = std::move(linear->symbol);
  out.scale = linear->scale;
  out.offset = linear->offset;
  return out;
}

ExportedSizes::Ranges ExportedSizes::read_ranges(const Json& program) {
  Ranges out;
  for (const auto& [symbol, range] : program["range_constraints"].members()) {
    auto& known = out[symbol];
    if (const auto& low = range["min_val"]; low.is_integer()) known.low = low.integer();
    if (const auto& high = range["max_val"]; high.is_integer()) known.high = high.integer();
  }
  return out;
}

bool ExportedSizes::fits(const ExportedSide& side, int64_t size, std::string_view what) {
  if (side.size) return size == *side.size;
  if (side.symbol.empty()) return true;
  int64_t rest = 0;
  if (__builtin_sub_overflow(size, side.offset, &rest) || (side.scale == -1 && rest == INT64_MIN)) return false;
  if (rest % side.scale != 0) return false;
  const auto value = rest / side.scale;
  if (const auto found = ranges_.find(side.symbol); found != ranges_.end()) {
    // Python lets sizes of 0 and 1 be where the export assumed more than one without need.
    const auto [low, high] = found->second;
    const bool derived = side.scale != 1 || side.offset != 0;
    OPSIS_CHECK((low <= 2 || value >= low) && value <= high, "{} is {}{}, and was exported for {} to {}", what, size,
                derived ? text(", by which {} is {}", side.symbol, value) : "", low,
                high == INT64_MAX ? "any" : text("{}", high));
  }
  return symbols_.emplace(side.symbol, value).first->second == value;
}

std::string shape_text(const std::vector<ExportedSide>& shape) {
  std::string out;
  for (const auto& side : shape) {
    if (!out.empty()) out += ", ";
    if (side.size) {
      out += text("{}", *side.size);
    } else if (side.symbol.empty()) {
      out += "any";
    } else {
      out += (side.scale == 1 ? "" : text("{} * ", side.scale)) + side.symbol;
      if (side.offset != 0) out += text(" {} {}", side.offset < 0 ? "-" : "+", std::abs(side.offset));
    }
  }
  return '(' + out + (shape.size() == 1 ? ",)" : ")");
}

}  // namespace opsis::inline v1::models::detail
