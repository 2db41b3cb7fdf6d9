#include "opsis/core/json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "opsis/core/check.h"
#include "opsis/core/nearest.h"

namespace opsis::inline v1 {
namespace {

using Foreign = nlohmann::ordered_json;
constexpr int deepest = 200;  // a stack frame a level: what a hostile file may ask for

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
    return close([](Open& all) { return Json(without_repeats(std::move(all.members))); });
  }
  bool key(std::string& name) override {
    check_depth();
    open_.back().members.emplace_back(std::move(name), Json());
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) override {
    raise<ValueError>("Json: {}", error.what());
  }

 private:
  struct Open {
    bool is_object;
    Json::List items{};
    Json::Object members{};
  };

  // Of a name that comes twice the last value counts, in the place of the first.
  static Json::Object without_repeats(Json::Object members) {
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

// Most of what is large is plain: ASCII without escapes, whole numbers of 64 bits. Such texts are read here, in a fraction of the
// time; nlohmann reads all others, and says what is wrong with what is none.
class PlainReader {
 public:
  PlainReader(std::string_view text, Builder& builder) : at_(text.data()), end_(at_ + text.size()), builder_(builder) {}
  // False for a text that is not plain; the builder is then of no use.
  bool read() {
    if (!value(0)) return false;
    skip_blanks();
    return at_ == end_;
  }

 private:
  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool take(char wanted) {
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (!std::string_view(at_, static_cast<size_t>(end_ - at_)).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  bool take_digits() {
    if (at_ == end_ || !is_digit(*at_)) return false;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return true;
  }

  bool value(int depth) {
    skip_blanks();
    if (at_ == end_ || depth > deepest) return false;
    switch (*at_) {
      case '{': return object(depth);
      case '[': return list(depth);
      case '"': return text() && builder_.string(text_);
      case 't': return take_word("true") && builder_.boolean(true);
      case 'f': return take_word("false") && builder_.boolean(false);
      case 'n': return take_word("null") && builder_.null();
      default: return number();
    }
  }
  bool list(int depth) {
    ++at_;
    builder_.start_array(0);
    skip_blanks();
    if (take(']')) return builder_.end_array();
    while (value(depth + 1)) {
      skip_blanks();
      if (take(']')) return builder_.end_array();
      if (!take(',')) return false;
    }
    return false;
  }
  bool object(int depth) {
    ++at_;
    builder_.start_object(0);
    skip_blanks();
    if (take('}')) return builder_.end_object();
    while (at_ != end_ && *at_ == '"' && text() && builder_.key(text_)) {
      skip_blanks();
      if (!take(':') || !value(depth + 1)) return false;
      skip_blanks();
      if (take('}')) return builder_.end_object();
      if (!take(',')) return false;
      skip_blanks();
    }
    return false;
  }
  // Of a text that is plain: what is between its quotes.
  bool text() {
    const char* const begin = ++at_;
    while (at_ != end_ && *at_ != '"') {
      if (*at_ < ' ' || *at_ > '~' || *at_ == '\\') return false;
      ++at_;
    }
    text_.assign(begin, at_);
    return take('"');
  }
  bool number() {
    const char* const begin = at_;
    take('-');
    if (!take('0') && !take_digits()) return false;
    bool whole = true;
    if (take('.')) {
      whole = false;
      if (!take_digits()) return false;
    }
    if (take('e') || take('E')) {
      whole = false;
      if (!take('+')) take('-');
      if (!take_digits()) return false;
    }
    const auto is_read = [this](const std::from_chars_result& result) { return result.ec == std::errc() && result.ptr == at_; };
    if (whole) {
      int64_t integer = 0;
      return is_read(std::from_chars(begin, at_, integer)) && builder_.number_integer(integer);
    }
    double fraction = 0;
    return is_read(std::from_chars(begin, at_, fraction)) && builder_.number_float(fraction, text_);
  }

  const char* at_;
  const char* const end_;
  Builder& builder_;
  std::string text_;
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

template <class T, class Value>
const T& held(const Value& value, const Json& json, std::string_view wanted) {
  const T* found = std::get_if<T>(&value);
  OPSIS_CHECK(found, "Json: this must be {}, got {}", wanted, json.dump().substr(0, 80));
  return *found;
}

}  // namespace

Json Json::parse(std::string_view text) {
  Builder plain;
  if (PlainReader(text, plain).read()) return std::move(plain.result);
  Builder builder;
  Foreign::sax_parse(text, &builder);
  return std::move(builder.result);
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
