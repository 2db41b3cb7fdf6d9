// JSON as a value: what Opsis writes down about transforms and reads back. nlohmann-json parses and prints; it stays in json.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1 {

/// null, a bool, a whole number, a number, a text, a list, or an object that keeps the order of its members.
///     Json json = Json::parse(R"({"name": "Resize", "size": [256]})");
///     json["size"].items()[0].integer()   // 256
class OPSIS_API Json {
 public:
  using List = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;
  Json(bool value) : value_(value) {}
  template <class Number>
  requires(std::is_integral_v<Number> && !std::is_same_v<Number, bool>) Json(Number value)
      : value_(static_cast<int64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(List items) : value_(std::move(items)) {}
  Json(Object members) : value_(std::move(members)) {}

  /// Throws   ValueError, with the place, for what is no JSON and for nesting deeper than 200
  static Json parse(std::string_view text);
  /// As text: on one line, or indented by so many spaces a level. Numbers read back as the same bits; NaN and the infinities,
  /// which JSON has not, are the texts "nan", "inf" and "-inf".
  std::string dump(int indent = -1) const;

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<int64_t>(value_); }
  bool is_number() const { return is_integer() || std::holds_alternative<double>(value_); }
  bool is_text() const { return std::holds_alternative<std::string>(value_); }
  bool is_list() const { return std::holds_alternative<List>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  /// Each throws ValueError when it is something else. number() takes whole numbers and the texts of dump too.
  bool boolean() const;
  int64_t integer() const;
  double number() const;
  const std::string& text() const;
  const List& items() const;
  const Object& members() const;

  /// An object's member; none when there is no such name.
  const Json* find(std::string_view name) const;
  /// Throws   ValueError when it is no object or has no such member, with the nearest names
  const Json& operator[](std::string_view name) const;
  /// Adds a member, to null too.
  void add(std::string name, Json value);
  /// Adds an item, to null too.
  void push_back(Json value);

  friend bool operator==(const Json&, const Json&) = default;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, List, Object> value_;
};

}  // namespace opsis::inline v1
