#include "opsis/models/exported_guards.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/models/exported_tree.h"

namespace opsis::inline v1::models::detail {
namespace {

/// Thrown within the reader for what it does not know.
struct Unknown {};

/// Brackets within brackets, and parts of one condition; PyTorch's own have a handful.
constexpr int deepest = 100, longest = 1000;

/// A word of Python's, and the operator that it stands for. Words that others begin with come last in their table.
struct Word {
  std::string_view word, op;
};
constexpr Word comparisons[] = {{"==", "_operator.eq"}, {"!=", "_operator.ne"}, {"<=", "_operator.le"},
                                {">=", "_operator.ge"}, {"<", "_operator.lt"},  {">", "_operator.gt"}};
// Between two values, by how closely they bind.
constexpr int levels = 5;
struct LevelWord {
  int level;
  std::string_view word, op;
};
constexpr LevelWord between_two[] = {{0, "|", "_operator.or_"},       {1, "&", "_operator.and_"}, {2, "<<", "_operator.lshift"},
                                     {2, ">>", "_operator.rshift"},   {3, "+", "_operator.add"},  {3, "-", "_operator.sub"},
                                     {4, "//", "_operator.floordiv"}, {4, "*", "_operator.mul"},  {4, "/", "_operator.truediv"},
                                     {4, "%", "_operator.mod"}};
constexpr Word functions[] = {{"torch.sym_float", "torch.sym_float"},
                              {"torch.sym_int", "torch.sym_int"},
                              {"torch.sym_max", "torch.sym_max"},
                              {"torch.sym_min", "torch.sym_min"},
                              {"torch.sym_not", "torch.sym_not"},
                              {"torch.sym_ite", "torch.sym_ite"},
                              {"torch._sym_sqrt", "torch._sym_sqrt"},
                              {"math.floor", "math.floor"},
                              {"math.trunc", "math.trunc"},
                              {"math.ceil", "math.ceil"},
                              {"math.sqrt", "torch._sym_sqrt"},
                              {"max", "torch.sym_max"},
                              {"Max", "torch.sym_max"},
                              {"min", "torch.sym_min"},
                              {"Min", "torch.sym_min"},
                              {"int", "torch.sym_int"},
                              {"float", "torch.sym_float"},
                              {"abs", "builtins.abs"},
                              {"round", "builtins.round"}};

constexpr std::pair<char, char> escapes[] = {{'\\', '\\'}, {'\'', '\''}, {'"', '"'}, {'n', '\n'}, {'r', '\r'}, {'t', '\t'}};
// Those of letters by their numbers, and how many hexadecimal digits come behind them.
constexpr std::pair<char, size_t> numbered[] = {{'x', 2}, {'u', 4}, {'U', 8}};

bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

std::string utf8(uint32_t letter) {
  const auto part = [&](int shift) { return static_cast<char>(0x80 | (letter >> shift & 0x3F)); };
  if (letter < 0x80) return {static_cast<char>(letter)};
  if (letter < 0x800) return {static_cast<char>(0xC0 | (letter >> 6)), part(0)};
  if (letter < 0x10000) return {static_cast<char>(0xE0 | (letter >> 12)), part(6), part(0)};
  if (letter < 0x110000) return {static_cast<char>(0xF0 | (letter >> 18)), part(12), part(6), part(0)};
  throw Unknown();
}

std::string told_of(std::string_view code) {
  std::string out;
  for (;;) {
    const auto at = code.find("L['");
    const auto end = at == std::string_view::npos ? at : code.find("']", at + 3);
    if (end == std::string_view::npos) return out.append(code);
    out.append(code.substr(0, at)).append(code.substr(at + 3, end - at - 3));
    code.remove_prefix(end + 2);
  }
}

}  // namespace

/// Python's grammar of conditions, from `or` down to numbers.
class ExportedGuard::Reader {
 public:
  Reader(std::string_view code, const Places& places) : rest_(code), places_(places) {}

  /// Throws   Unknown
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
    if (is_letter(word.back()) && rest_.size() > word.size() && is_letter(rest_[word.size()])) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  void expect(std::string_view word) {
    if (!take(word)) throw Unknown();
  }

  template <class... Parts>
  Term of(Kind kind, Parts... parts) {
    if (++terms_ > longest) throw Unknown();
    Term out{.kind = kind};
    (out.parts.push_back(std::move(parts)), ...);
    return out;
  }

  template <class... Parts>
  Term call(std::string_view op, Parts... parts) {
    auto out = of(Kind::Operator, std::move(parts)...);
    out.op = find_number_operator(op);
    if (!out.op || out.op->arguments != out.parts.size()) throw Unknown();
    return out;
  }

  /// What stands within brackets, or behind a sign.
  template <class Read>
  Term deeper(const Read& read) {
    if (++depth_ > deepest) throw Unknown();
    auto out = read();
    --depth_;
    return out;
  }

  Term any() {
    auto out = all();
    while (take("or")) {
      auto next = all();
      out = of(Kind::Or, std::move(out), std::move(next));
    }
    return out;
  }

  Term all() {
    auto out = negated();
    while (take("and")) {
      auto next = negated();
      out = of(Kind::And, std::move(out), std::move(next));
    }
    return out;
  }

  Term negated() {
    return deeper([this] { return take("not") ? of(Kind::Not, negated()) : comparison(); });
  }

  /// a < b < c is a < b and b < c.
  Term comparison() {
    auto left = level(0);
    std::optional<Term> out;
    for (bool again = true; std::exchange(again, false);) {
      for (const auto& [word, op] : comparisons) {
        if (!take(word)) continue;
        auto right = level(0);
        auto one = call(op, std::move(left), right);
        out = out ? of(Kind::And, std::move(*out), std::move(one)) : std::move(one);
        left = std::move(right);
        again = true;
        break;
      }
    }
    return out ? std::move(*out) : std::move(left);
  }

  Term level(int number) {
    if (number == levels) return factor();
    auto out = level(number + 1);
    for (bool again = true; std::exchange(again, false);) {
      for (const auto& [its_level, word, op] : between_two) {
        if (its_level != number || !take(word)) continue;
        auto next = level(number + 1);
        out = call(op, std::move(out), std::move(next));
        again = true;
        break;
      }
    }
    return out;
  }

  Term factor() {
    return deeper([this] { return take("-") ? call("_operator.neg", factor()) : power(); });
  }

  Term power() {
    auto out = atom();
    if (!take("**")) return out;
    auto exponent = factor();
    return call("_operator.pow", std::move(out), std::move(exponent));
  }

  Term atom() {
    if (take("(")) {
      auto out = any();
      expect(")");
      return out;
    }
    for (const auto& [word, op] : functions) {
      if (take(word)) return function(op);
    }
    if (take("L")) return argument();
    auto out = of(Kind::Constant);
    out.constant = number();
    return out;
  }

  /// Of max and min any number of arguments, two by two.
  Term function(std::string_view op) {
    expect("(");
    auto out = any();
    if (take(",")) {
      auto second = any();
      if (op == "torch.sym_ite") {
        expect(",");
        out = call(op, std::move(out), std::move(second), any());
      } else {
        out = call(op, std::move(out), std::move(second));
        while (take(",")) {
          auto next = any();
          out = call(op, std::move(out), std::move(next));
        }
      }
    } else {
      out = call(op, std::move(out));
    }
    expect(")");
    return out;
  }

  c10::IValue number() {
    skip();
    // A sign stands within a number behind its e alone: 1e-05.
    size_t end = 0;
    while (end < rest_.size() &&
           (std::isdigit(static_cast<unsigned char>(rest_[end])) || rest_[end] == '.' || rest_[end] == 'e' ||
            (end > 0 && rest_[end - 1] == 'e' && (rest_[end] == '-' || rest_[end] == '+')))) {
      ++end;
    }
    const auto digits = rest_.substr(0, end);
    const auto read = [&](auto& out) {
      const auto [last, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
      if (error != std::errc() || last != digits.data() + digits.size()) throw Unknown();
      rest_.remove_prefix(end);
    };
    if (digits.find_first_of(".e") == std::string_view::npos) {
      int64_t whole = 0;
      read(whole);
      return whole;
    }
    double real = 0;
    read(real);
    return real;
  }

  /// The next so many letters, which are there no longer.
  std::string_view next(size_t count) {
    if (count > rest_.size()) throw Unknown();
    const auto out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
  }

  /// What a text is that Python wrote between quotes: 'it\'s', "it's", '\xad'.
  std::string python_text() {
    const auto quote = next(1)[0];
    std::string out;
    for (auto letter = next(1)[0]; letter != quote; letter = next(1)[0]) {
      if (letter == '\\') {
        out += escaped(next(1)[0]);
      } else {
        out += letter;
      }
    }
    return out;
  }

  std::string escaped(char after_backslash) {
    for (const auto& [name, letter] : escapes) {
      if (name == after_backslash) return {letter};
    }
    for (const auto& [name, count] : numbered) {
      if (name != after_backslash) continue;
      const auto digits = next(count);
      uint32_t letter = 0;
      const auto [last, error] = std::from_chars(digits.data(), digits.data() + count, letter, 16);
      if (error != std::errc() || last != digits.data() + count) throw Unknown();
      return utf8(letter);
    }
    throw Unknown();
  }

  /// ['x'][0].field.size()[1], behind the L.
  Term argument() {
    std::string way;
    while (!rest_.empty()) {
      size_t end = 0;
      if (rest_.starts_with("['") || rest_.starts_with("[\"")) {
        rest_.remove_prefix(1);
        way += '[' + in_quotes(python_text());
        if (!rest_.starts_with(']')) throw Unknown();
        end = 1;
      } else if (rest_.starts_with('[')) {
        end = rest_.find(']');
        if (end++ == std::string_view::npos) throw Unknown();
      } else if (rest_.starts_with('.')) {
        end = 1;
        while (end < rest_.size() && is_letter(rest_[end])) ++end;
        if (end < rest_.size() && rest_[end] == '(') break;  // .size()
      } else {
        break;
      }
      way += next(end);
    }
    const auto leaf = places_.find(way);
    if (!leaf) throw Unknown();
    const bool sized = take(".size()[");
    auto out = of(sized ? Kind::Size : Kind::Leaf);
    out.leaf = *leaf;
    if (!sized) return out;
    const auto side = number();
    if (!side.isInt()) throw Unknown();
    out.side = side.toInt();
    expect("]");
    return out;
  }

  std::string_view rest_;
  const Places& places_;
  int depth_ = 0, terms_ = 0;
};

ExportedGuard::Places::Places(const std::vector<std::string>& ways) {
  for (size_t i = 0; i < ways.size(); ++i) {
    leaves_.emplace(ways[i], i);
    leaves_.emplace(text("['flat_args'][{}]", i), i);
    // Of *xs the arguments are called xs_0, xs_1, and their ways ['xs'][0], ['xs'][1].
    const auto line = ways[i].rfind('_'), end = ways[i].find("']");
    if (line == std::string::npos || end == std::string::npos || line > end || line + 1 == end) continue;
    const auto number = ways[i].substr(line + 1, end - line - 1);
    if (number.find_first_not_of("0123456789") != std::string::npos) continue;
    leaves_.emplace(text("{}'][{}]{}", ways[i].substr(0, line), number, ways[i].substr(end + 2)), i);
  }
}

std::optional<size_t> ExportedGuard::Places::find(const std::string& way) const {
  auto found = leaves_.find(way);
  if (found == leaves_.end()) {  // of **options: ['options']['scale'] is what a caller names scale
    const auto end = way.find("][");
    if (end != std::string::npos) found = leaves_.find(way.substr(end + 1));
  }
  return found == leaves_.end() ? std::nullopt : std::optional(found->second);
}

ExportedGuard ExportedGuard::read(const std::string& code, const Places& places) {
  try {
    ExportedGuard out;
    out.term_ = Reader(code, places).read();
    out.told_ = told_of(code);
    return out;
  } catch (const Unknown&) {
    const auto told = code.size() > 200 ? code.substr(0, 200) + "..." : code;
    raise<DecodeError>(
        "its condition {} is not arithmetic on its arguments as Opsis reads it; export it with sizes that are fixed, or "
        "tested more simply",
        told);
  }
}

namespace {

bool is_true(const c10::IValue& value) { return value.isBool() ? value.toBool() : value.isInt() && value.toInt() != 0; }

}  // namespace

bool ExportedGuard::holds(const std::vector<c10::IValue>& leaves) const {
  try {
    return is_true(value(term_, leaves));
  } catch (const ValueError&) {  // a division by zero, a number of more than 64 bits, a text
    return false;
  }
}

c10::IValue ExportedGuard::value(const Term& term, const std::vector<c10::IValue>& leaves) {
  const auto truth = [&](size_t part) { return is_true(value(term.parts[part], leaves)); };
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
