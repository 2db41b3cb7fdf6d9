// Python's arithmetic on the sizes of tensors, and on what is computed from them.
#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>

#include "opsis/core/check.h"
#include "opsis/models/exported_graph.h"

namespace opsis::inline v1::models::detail {
namespace {

using Numbers = std::vector<c10::IValue>;

/// Bools are whole numbers, as in Python.
bool is_whole(const c10::IValue& value) { return value.isInt() || value.isBool(); }
int64_t whole(const c10::IValue& value) {
  OPSIS_CHECK(is_whole(value), "it wants a whole number, got {}", value.tagKind());
  return value.isBool() ? int64_t{value.toBool()} : value.toInt();
}
double real(const c10::IValue& value) {
  if (value.isDouble()) return value.toDouble();
  return static_cast<double>(whole(value));
}
bool truth(const c10::IValue& value) { return value.isDouble() ? value.toDouble() != 0 : whole(value) != 0; }

int64_t whole_of(double value) {
  OPSIS_CHECK(std::abs(value) < 0x1p63, "{} is no whole number of 64 bits", value);  // false for NaN too
  return static_cast<int64_t>(value);
}

/// An operation that keeps whole numbers whole.
template <class Whole, class Real>
c10::IValue arithmetic(const Numbers& of, const Whole& on_whole, const Real& on_real) {
  if (!is_whole(of[0]) || !is_whole(of[1])) return on_real(real(of[0]), real(of[1]));
  int64_t out = 0;
  OPSIS_CHECK(!on_whole(whole(of[0]), whole(of[1]), &out), "the result has more than 64 bits");
  return out;
}

template <class Compare>
c10::IValue comparison(const Numbers& of) {
  if (is_whole(of[0]) && is_whole(of[1])) return Compare()(whole(of[0]), whole(of[1]));
  return Compare()(real(of[0]), real(of[1]));
}

template <class Operation>
c10::IValue bits(const Numbers& of) {
  const auto out = static_cast<int64_t>(Operation()(whole(of[0]), whole(of[1])));
  return of[0].isBool() && of[1].isBool() ? c10::IValue(out != 0) : c10::IValue(out);
}

bool add(int64_t a, int64_t b, int64_t* out) { return __builtin_add_overflow(a, b, out); }
bool subtract(int64_t a, int64_t b, int64_t* out) { return __builtin_sub_overflow(a, b, out); }
bool multiply(int64_t a, int64_t b, int64_t* out) { return __builtin_mul_overflow(a, b, out); }

bool larger(int64_t a, int64_t b, int64_t* out) { return *out = std::max(a, b), false; }
bool smaller(int64_t a, int64_t b, int64_t* out) { return *out = std::min(a, b), false; }

void check_divisor(bool zero) { OPSIS_CHECK(!zero, "division by zero"); }

bool divide_down(int64_t a, int64_t b, int64_t* out) {
  check_divisor(b == 0);
  if (b == -1) return subtract(0, a, out);
  *out = a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
  return false;
}

bool remainder(int64_t a, int64_t b, int64_t* out) {
  check_divisor(b == 0);
  *out = b == -1 ? 0 : a % b;
  if (*out != 0 && (*out < 0) != (b < 0)) *out += b;
  return false;
}

double real_remainder(double a, double b) {
  check_divisor(b == 0);
  const auto rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/// 1.0 // 0.1 is 9: what the remainder leaves is divided, not all of it.
double divide_real_down(double a, double b) { return std::round((a - real_remainder(a, b)) / b); }

c10::IValue power(const Numbers& of) {
  if (!is_whole(of[0]) || !is_whole(of[1]) || whole(of[1]) < 0) return std::pow(real(of[0]), real(of[1]));
  int64_t out = 1, base = whole(of[0]);
  bool overflow = false, square_overflow = false;
  for (auto rest = whole(of[1]); rest > 0; rest /= 2) {
    if (rest % 2 != 0) overflow |= square_overflow || multiply(out, base, &out);
    square_overflow |= multiply(base, base, &base);
  }
  OPSIS_CHECK(!overflow, "the result has more than 64 bits");
  return out;
}

c10::IValue absolute(const Numbers& of) {
  if (!is_whole(of[0])) return std::abs(real(of[0]));
  const auto value = whole(of[0]);
  OPSIS_CHECK(value != INT64_MIN, "the result has more than 64 bits");
  return std::abs(value);
}

c10::IValue shift(const Numbers& of, bool left) {
  const auto value = whole(of[0]), by = whole(of[1]);
  OPSIS_CHECK(by >= 0, "a shift by {}", by);
  if (!left) return value >> std::min<int64_t>(by, 63);
  int64_t out = 0;
  const bool wide = by > 62 ? value != 0 : multiply(value, int64_t{1} << by, &out);
  OPSIS_CHECK(!wide, "the result has more than 64 bits");
  return out;
}

constexpr auto plus = [](double a, double b) { return a + b; };
constexpr auto minus = [](double a, double b) { return a - b; };
constexpr auto times = [](double a, double b) { return a * b; };

const NumberOperator rows[] = {
    {"_operator.add", 2, [](const Numbers& of) { return arithmetic(of, add, plus); }},
    {"_operator.sub", 2, [](const Numbers& of) { return arithmetic(of, subtract, minus); }},
    {"_operator.mul", 2, [](const Numbers& of) { return arithmetic(of, multiply, times); }},
    {"_operator.floordiv", 2, [](const Numbers& of) { return arithmetic(of, divide_down, divide_real_down); }},
    {"_operator.mod", 2, [](const Numbers& of) { return arithmetic(of, remainder, real_remainder); }},
    {"_operator.truediv", 2,
     [](const Numbers& of) {
       check_divisor(real(of[1]) == 0);
       return c10::IValue(real(of[0]) / real(of[1]));
     }},
    {"_operator.pow", 2, power},
    {"_operator.neg", 1,
     [](const Numbers& of) {
       return arithmetic({int64_t{0}, of[0]}, subtract, [](double, double b) { return -b; });
     }},
    {"_operator.pos", 1, [](const Numbers& of) { return is_whole(of[0]) ? c10::IValue(whole(of[0])) : of[0]; }},
    {"_operator.eq", 2, comparison<std::equal_to<>>},
    {"_operator.ne", 2, comparison<std::not_equal_to<>>},
    {"_operator.lt", 2, comparison<std::less<>>},
    {"_operator.le", 2, comparison<std::less_equal<>>},
    {"_operator.gt", 2, comparison<std::greater<>>},
    {"_operator.ge", 2, comparison<std::greater_equal<>>},
    {"_operator.and_", 2, bits<std::bit_and<>>},
    {"_operator.or_", 2, bits<std::bit_or<>>},
    {"_operator.lshift", 2, [](const Numbers& of) { return shift(of, true); }},
    {"_operator.rshift", 2, [](const Numbers& of) { return shift(of, false); }},
    {"math.trunc", 1, [](const Numbers& of) { return c10::IValue(is_whole(of[0]) ? whole(of[0]) : whole_of(real(of[0]))); }},
    {"math.floor", 1,
     [](const Numbers& of) { return c10::IValue(is_whole(of[0]) ? whole(of[0]) : whole_of(std::floor(real(of[0])))); }},
    {"math.ceil", 1,
     [](const Numbers& of) { return c10::IValue(is_whole(of[0]) ? whole(of[0]) : whole_of(std::ceil(real(of[0])))); }},
    {"torch.sym_int", 1, [](const Numbers& of) { return c10::IValue(is_whole(of[0]) ? whole(of[0]) : whole_of(real(of[0]))); }},
    {"torch.sym_float", 1, [](const Numbers& of) { return c10::IValue(real(of[0])); }},
    {"torch.sym_not", 1, [](const Numbers& of) { return c10::IValue(!truth(of[0])); }},
    {"torch.sym_ite", 3, [](const Numbers& of) { return truth(of[0]) ? of[1] : of[2]; }},
    {"torch.sym_max", 2,
     [](const Numbers& of) { return arithmetic(of, larger, [](double a, double b) { return std::max(a, b); }); }},
    {"torch.sym_min", 2,
     [](const Numbers& of) { return arithmetic(of, smaller, [](double a, double b) { return std::min(a, b); }); }},
    {"builtins.abs", 1, absolute},
    {"builtins.round", 1,
     [](const Numbers& of) { return c10::IValue(is_whole(of[0]) ? whole(of[0]) : whole_of(std::nearbyint(real(of[0])))); }},
    {"torch._sym_sqrt", 1, [](const Numbers& of) { return c10::IValue(std::sqrt(real(of[0]))); }},
};

}  // namespace

const NumberOperator* find_number_operator(std::string_view name) {
  for (const auto& row : rows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace opsis::inline v1::models::detail
