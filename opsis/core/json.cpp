#include "opsis/core/json.h"

#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "opsis/core/check.h"
#include "opsis/core/json_fast.h"
#include "opsis/core/nearest.h"

namespace opsis::inline v1 {
namespace {

using Foreign = nlohmann::ordered_json;
constexpr int deepest = detail::deepest_json;

// Makes values as the parser comes to them, so that a large file is in memory once.
class Builder final : public nlohmann::json_sax<Foreign> {
 public:
  Json result;

  bool null() override { return put({}); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(int64_t value) override { return put(value); }
  bool number_unsigned(uint64_t value) override {
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return put(static_cast<double>(value));
    return put(static_cast<int64_t>(value));
  }
  bool number_float(double value, const std::string&) override { return put(value); }
  bool string(std::string& value) override { return put(std::move(value)); }
  bool binary(Foreign::binary_t&) override { return false; }  // of other formats
  bool start_array(size_t) override { return open(false); }
  bool end_array() override {
    return close([](Open& all) { return Json(std::move(all.items)); });
  }
  bool start_object(size_t) override { return open(true); }
  bool end_object() override {
    return close([](Open& all) { return Json(detail::without_repeats(std::move(all.members))); });
  }
  bool key(std::string& name) override {
    check_depth();
    open_.back().members.emplace_back(std::move(name), Json());
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) override {
    const std::string_view what = error.what();  // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    const auto number = what.find("] ");
    raise<ValueError>("Json: {}", number == what.npos ? what : what.substr(number + 2));
  }

 private:
  struct Open {
    bool is_object;
    Json::List items{};
    Json::Object members{};
  };

  void check_depth() const { OPSIS_CHECK(std::ssize(open_) <= deepest, "Json: nested deeper than {}", deepest); }
  bool open(bool is_object) {
    check_depth();
    open_.push_back({is_object});
    return true;
  }
  template <class Make>
  bool close(const Make& make) {
    auto value = make(open_.back());
    open_.pop_back();
    return put(std::move(value));
  }
  bool put(Json value) {
    check_depth();
    if (open_.empty()) {
      result = std::move(value);
    } else if (open_.back().is_object) {
      open_.back().members.back().second = std::move(value);
    } else {
      open_.back().items.push_back(std::move(value));
    }
    return true;
  }

  std::vector<Open> open_;
};

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

/// The first parts of a value, of which messages show the beginning: a file may have a million of them, and dump takes them one
/// by one. Each part that counts has at least a byte there, so that what is left out would not be shown.
Json beginning(const Json& json, size_t& left) {
  if (json.is_text()) return json.text().substr(0, left + 4);  // a letter has four bytes at most
  if (json.is_list()) {
    Json::List out;
    for (const auto& item : json.items()) {
      if (left == 0) break;
      --left;
      out.push_back(beginning(item, left));
    }
    return out;
  }
  if (json.is_object()) {
    Json::Object out;
    for (const auto& [name, value] : json.members()) {
      if (left == 0) break;
      --left;
      out.emplace_back(name, beginning(value, left));
    }
    return out;
  }
  return json;
}

template <class T, class Value>
const T& held(const Value& value, const Json& json, std::string_view wanted) {
  constexpr size_t shown = 80;
  const T* found = std::get_if<T>(&value);
  if (!found) {
    size_t left = shown;
    raise<ValueError>("Json: this must be {}, got {}", wanted, beginning(json, left).dump().substr(0, shown));
  }
  return *found;
}

}  // namespace

Json::Object detail::without_repeats(Json::Object members) {
  constexpr size_t few = 16;  // mostly so, and then it is quicker to compare all
  std::unordered_map<std::string_view, size_t> places;
  const auto first_place = [&](size_t i) {
    if (members.size() > few) return places.emplace(members[i].first, i).first->second;
    size_t first = 0;
    while (members[first].first != members[i].first) ++first;
    return first;
  };
  std::vector<bool> repeats(members.size());
  bool any = false;
  for (size_t i = 0; i < members.size(); ++i) {
    const auto first = first_place(i);
    if (first == i) continue;
    members[first].second = std::move(members[i].second);
    repeats[i] = any = true;
  }
  if (!any) return members;
  Json::Object out;
  for (size_t i = 0; i < members.size(); ++i) {
    if (!repeats[i]) out.push_back(std::move(members[i]));
  }
  return out;
}

Json detail::parse_json_slowly(std::string_view text) {
  Builder builder;
  Foreign::sax_parse(text, &builder);
  return std::move(builder.result);
}

Json Json::parse(std::string_view text) {
  if (auto quickly = detail::parse_json_fast(text)) return std::move(*quickly);
  return detail::parse_json_slowly(text);
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
