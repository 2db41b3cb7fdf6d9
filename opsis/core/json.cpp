#include "opsis/core/json.h"

#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "opsis/core/check.h"
#include "opsis/core/nearest.h"

namespace opsis::inline v1 {
namespace {

using Foreign = nlohmann::ordered_json;
constexpr int deepest = 200;  // a stack frame a level: what a hostile file may ask for

Json own(const Foreign& json) {
  switch (json.type()) {
    case Foreign::value_t::boolean: return json.get<bool>();
    case Foreign::value_t::number_integer: return json.get<int64_t>();
    case Foreign::value_t::number_unsigned: {
      const auto value = json.get<uint64_t>();
      if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return static_cast<double>(value);
      return static_cast<int64_t>(value);
    }
    case Foreign::value_t::number_float: return json.get<double>();
    case Foreign::value_t::string: return json.get<std::string>();
    case Foreign::value_t::array: {
      Json::List items;
      items.reserve(json.size());
      for (const auto& item : json) items.push_back(own(item));
      return items;
    }
    case Foreign::value_t::object: {
      Json::Object members;
      for (const auto& [name, value] : json.items()) members.emplace_back(name, own(value));
      return members;
    }
    default: return {};
  }
}

Foreign foreign(const Json& json) {
  if (json.is_bool()) return json.boolean();
  if (json.is_integer()) return json.integer();
  if (json.is_number()) {
    const double value = json.number();
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    return value;
  }
  if (json.is_text()) return json.text();
  if (json.is_list()) {
    auto out = Foreign::array();
    for (const auto& item : json.items()) out.push_back(foreign(item));
    return out;
  }
  if (json.is_object()) {
    auto out = Foreign::object();
    for (const auto& [name, value] : json.members()) out[name] = foreign(value);
    return out;
  }
  return nullptr;
}

template <class T, class Value>
const T& held(const Value& value, const Json& json, std::string_view wanted) {
  const T* found = std::get_if<T>(&value);
  OPSIS_CHECK(found, "Json: this must be {}, got {}", wanted, json.dump().substr(0, 80));
  return *found;
}

}  // namespace

Json Json::parse(std::string_view text) {
  try {
    int depth = 0;
    const auto limited = [&](int level, Foreign::parse_event_t, Foreign&) {
      depth = std::max(depth, level);
      OPSIS_CHECK(depth <= deepest, "Json: nested deeper than {}", deepest);
      return true;
    };
    return own(Foreign::parse(text, limited));
  } catch (const nlohmann::json::exception& error) {
    raise<ValueError>("Json: {}", error.what());
  }
}

std::string Json::dump(int indent) const { return foreign(*this).dump(indent, ' ', false, Foreign::error_handler_t::replace); }

bool Json::boolean() const { return held<bool>(value_, *this, "true or false"); }

int64_t Json::integer() const {
  if (const auto* number = std::get_if<double>(&value_); number && *number == std::trunc(*number) && std::abs(*number) < 1e18) {
    return static_cast<int64_t>(*number);
  }
  return held<int64_t>(value_, *this, "a whole number");
}

double Json::number() const {
  if (const auto* integer = std::get_if<int64_t>(&value_)) return static_cast<double>(*integer);
  if (const auto* text = std::get_if<std::string>(&value_)) {
    if (*text == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (*text == "inf") return std::numeric_limits<double>::infinity();
    if (*text == "-inf") return -std::numeric_limits<double>::infinity();
  }
  return held<double>(value_, *this, "a number");
}

const std::string& Json::text() const { return held<std::string>(value_, *this, "a text"); }
const Json::List& Json::items() const { return held<List>(value_, *this, "a list"); }
const Json::Object& Json::members() const { return held<Object>(value_, *this, "an object"); }

const Json* Json::find(std::string_view name) const {
  if (const auto* object = std::get_if<Object>(&value_)) {
    for (const auto& [key, value] : *object) {
      if (key == name) return &value;
    }
  }
  return nullptr;
}

const Json& Json::operator[](std::string_view name) const {
  const auto& all = members();
  if (const auto* found = find(name)) return *found;
  std::vector<std::string_view> names;
  for (const auto& [key, value] : all) names.push_back(key);
  raise<ValueError>("Json: there is no member \"{}\"{}", name, did_you_mean(name, names));
}

void Json::add(std::string name, Json value) {
  if (is_null()) value_ = Object{};
  held<Object>(value_, *this, "an object");
  std::get<Object>(value_).emplace_back(std::move(name), std::move(value));
}

void Json::push_back(Json value) {
  if (is_null()) value_ = List{};
  held<List>(value_, *this, "a list");
  std::get<List>(value_).push_back(std::move(value));
}

}  // namespace opsis::inline v1
