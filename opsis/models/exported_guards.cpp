#include "opsis/models/exported_guards.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "opsis/core/check.h"

namespace opsis::inline v1::models::detail {
namespace {

/// Thrown within the reader for what it does not know.
struct Unknown {};

/// Brackets within brackets; PyTorch's own conditions have a handful.
constexpr int deepest = 100;

struct Named {
  std::string_view word, op;
};
constexpr Named comparisons[] = {{"==", "_operator.eq"}, {"!=", "_operator.ne"}, {"<=", "_operator.le"},
                                 {">=", "_operator.ge"}, {"<", "_operator.lt"},  {">", "_operator.gt"}};
constexpr Named sums[] = {{"+", "_operator.add"}, {"-", "_operator.sub"}};
constexpr Named products[] = {
    {"//", "_operator.floordiv"}, {"*", "_operator.mul"}, {"/", "_operator.truediv"}, {"%", "_operator.mod"}};
constexpr Named functions[] = {{"max", "torch.sym_max"},     {"Max", "torch.sym_max"},     {"min", "torch.sym_min"},
                               {"Min", "torch.sym_min"},     {"int", "torch.sym_int"},     {"float", "torch.sym_float"},
                               {"math.floor", "math.floor"}, {"math.trunc", "math.trunc"}, {"math.ceil", "math.ceil"}};

std::string told_of(std::string code) {
  for (size_t at = 0; (at = code.find("L['", at)) != std::string::npos;) {
    const auto end = code.find("']", at);
    if (end == std::string::npos) break;
    code = code.substr(0, at) + code.substr(at + 3, end - at - 3) + code.substr(end + 2);
  }
  return code;
}

}  // namespace

/// Python's grammar of conditions, from `or` down to numbers.
class ExportedGuard::Reader {
 public:
  Reader(std::string_view code, const Places& places) : rest_(code), places_(places) {}

  Term read() {
    auto out = any();
    skip();
    if (!rest_.empty()) throw Unknown();
    return out;
  }

 private:
  void skip() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front()))) rest_.remove_prefix(1);
  }

  bool take(std::string_view word) {
    skip();
    if (!rest_.starts_with(word)) return false;
    const auto is_letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
    if (is_letter(word.back()) && rest_.size() > word.size() && is_letter(rest_[word.size()])) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  void expect(std::string_view word) {
    if (!take(word)) throw Unknown();
  }

  static Term call(std::string_view op, std::vector<Term> parts) {
    const auto* const found = find_number_operator(op);
    if (!found || found->arguments != parts.size()) throw Unknown();
    return {.kind = Kind::Operator, .op = found, .parts = std::move(parts)};
  }

  Term any() {
    auto out = all();
    while (take("or")) out = {.kind = Kind::Or, .parts = {std::move(out), all()}};
    return out;
  }

  Term all() {
    auto out = negated();
    while (take("and")) out = {.kind = Kind::And, .parts = {std::move(out), negated()}};
    return out;
  }

  Term negated() {
    if (++depth_ > deepest) throw Unknown();
    auto out = take("not") ? Term{.kind = Kind::Not, .parts = {negated()}} : comparison();
    --depth_;
    return out;
  }

  /// a < b < c is a < b and b < c.
  Term comparison() {
    auto left = sum();
    std::optional<Term> out;
    for (bool again = true; std::exchange(again, false);) {
      for (const auto& [word, op] : comparisons) {
        if (!take(word)) continue;
        auto right = sum();
        auto one = call(op, {left, right});
        out = out ? Term{.kind = Kind::And, .parts = {std::move(*out), std::move(one)}} : std::move(one);
        left = std::move(right);
        again = true;
        break;
      }
    }
    return out ? std::move(*out) : std::move(left);
  }

  template <class Operators, class Next>
  Term chain(const Operators& operators, const Next& next) {
    auto out = next();
    for (bool again = true; std::exchange(again, false);) {
      for (const auto& [word, op] : operators) {
        if (!take(word)) continue;
        out = call(op, {std::move(out), next()});
        again = true;
        break;
      }
    }
    return out;
  }
  Term sum() {
    return chain(sums, [this] { return product(); });
  }
  Term product() {
    return chain(products, [this] { return factor(); });
  }

  Term factor() {
    if (++depth_ > deepest) throw Unknown();
    auto out = take("-") ? call("_operator.neg", {factor()}) : power();
    --depth_;
    return out;
  }

  Term power() {
    auto out = atom();
    if (take("**")) out = call("_operator.pow", {std::move(out), factor()});
    return out;
  }

  Term atom() {
    if (take("(")) {
      auto out = any();
      expect(")");
      return out;
    }
    for (const auto& [word, op] : functions) {
      if (!take(word)) continue;
      expect("(");
      std::vector<Term> parts{any()};
      while (take(",")) parts.push_back(any());
      expect(")");
      return call(op, std::move(parts));
    }
    if (take("L")) return argument();
    return {.kind = Kind::Constant, .constant = number()};
  }

  int64_t number() {
    skip();
    int64_t out = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    if (error != std::errc() || end == rest_.data()) throw Unknown();
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    if (rest_.starts_with('.')) throw Unknown();  // sizes are whole
    return out;
  }

  /// ['x'][0].size()[1], behind the L.
  Term argument() {
    const auto begin = rest_;
    while (rest_.starts_with('[')) {
      const auto end = rest_.find(']');
      if (end == std::string_view::npos) throw Unknown();
      rest_.remove_prefix(end + 1);
    }
    const auto found = places_.find(std::string(begin.substr(0, begin.size() - rest_.size())));
    if (found == places_.end()) throw Unknown();
    if (!take(".size()[")) return {.kind = Kind::Leaf, .leaf = found->second};
    const auto side = number();
    expect("]");
    return {.kind = Kind::Size, .leaf = found->second, .side = side};
  }

  std::string_view rest_;
  const Places& places_;
  int depth_ = 0;
};

std::optional<ExportedGuard> ExportedGuard::read(std::string_view code, const Places& places) {
  try {
    ExportedGuard out;
    out.term_ = Reader(code, places).read();
    out.told_ = told_of(std::string(code));
    return out;
  } catch (const Unknown&) {
    return std::nullopt;
  }
}

bool ExportedGuard::holds(const std::vector<c10::IValue>& leaves) const {
  try {
    return value(term_, leaves).toBool();
  } catch (const ValueError&) {  // a division by zero, a number of more than 64 bits
    return false;
  }
}

c10::IValue ExportedGuard::value(const Term& term, const std::vector<c10::IValue>& leaves) {
  const auto truth = [&](size_t part) {
    const auto of = value(term.parts[part], leaves);
    return of.isBool() ? of.toBool() : of.isInt() && of.toInt() != 0;
  };
  switch (term.kind) {
    case Kind::Constant: return term.constant;
    case Kind::Leaf: return leaves[term.leaf];
    case Kind::Size: {
      const auto& leaf = leaves[term.leaf];
      OPSIS_CHECK(leaf.isTensor() && term.side >= 0 && term.side < leaf.toTensor().dim(), "there is no such size");
      return leaf.toTensor().size(term.side);
    }
    case Kind::And: return truth(0) && truth(1);
    case Kind::Or: return truth(0) || truth(1);
    case Kind::Not: return !truth(0);
    case Kind::Operator: break;
  }
  std::vector<c10::IValue> arguments;
  for (const auto& part : term.parts) arguments.push_back(value(part, leaves));
  return term.op->function(arguments);
}

}  // namespace opsis::inline v1::models::detail
