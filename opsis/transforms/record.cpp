#include "opsis/transforms/record.h"

#include "opsis/core/check.h"

namespace opsis::inline v1::transforms {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

std::string to_hex(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) {
    out += hex_digits[static_cast<unsigned char>(c) >> 4];
    out += hex_digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string from_hex(const std::string& hex) {
  std::string out;
  OPSIS_CHECK(hex.size() % 2 == 0 && hex.find_first_not_of(hex_digits) == std::string::npos,
              "Record: generator must be hexadecimal digits, two a byte");
  for (size_t i = 0; i < hex.size(); i += 2) {
    out += static_cast<char>(hex_digits.find(hex[i]) * 16 + hex_digits.find(hex[i + 1]));
  }
  return out;
}

Record read_record(const Json& json) {
  Record record;
  record.name = json["name"].text();
  for (const auto& [key, value] : json.members()) {
    if (key == "happened") {
      record.happened = value.boolean();
    } else if (key == "source") {
      detail::from_json(value, record.source);
    } else if (key == "canvas") {
      detail::from_json(value, record.canvas);
    } else if (key == "params") {
      record.drawn = detail::Drawn(value);
    } else if (key == "part") {
      const auto part = value.integer();
      OPSIS_CHECK(part >= 0, "Record: part must be 0 or more, got {}", part);
      record.part = static_cast<size_t>(part);
    } else if (key == "generator") {
      record.generator = from_hex(value.text());
    } else if (key == "parts") {
      for (const auto& part : value.items()) record.parts.push_back(read_record(part));
    } else {
      OPSIS_CHECK(key == "name", "Record: there is no member \"{}\"", key);
    }
  }
  return record;
}

void print_record(std::ostream& out, const Record& record, int depth) {
  if (depth > 0) out << '\n';
  out << std::string(static_cast<size_t>(depth) * 2, ' ') << record.name;
  if (!record.happened) out << " did not happen";
  if (const auto params = record.params(); !params.is_null()) {
    auto text = params.dump();
    if (text.size() > 200) text = text.substr(0, 197) + "...";  // a displacement for each pixel
    out << ' ' << text;
  }
  for (const auto& part : record.parts) print_record(out, part, depth + 1);
}

}  // namespace

void detail::Drawn::refuse(const std::string& where) const {
  if (empty()) {
    raise<ValueError>("{}: the record has no parameters; those of a struct without fields() are not kept in JSON", where);
  }
  raise<ValueError>("{}: the record holds the parameters of another transform", where);
}

Json Record::json() const {
  Json out;
  out.add("name", name);
  if (part > 0) out.add("part", part);
  if (!happened) out.add("happened", false);
  if (source != Size{}) out.add("source", detail::to_json(source));
  if (canvas) out.add("canvas", detail::to_json(*canvas));
  if (const auto params = drawn.json(); !params.is_null()) out.add("params", params);
  if (!generator.empty()) out.add("generator", to_hex(generator));
  if (!parts.empty()) {
    Json::List list;
    for (const auto& part : parts) list.push_back(part.json());
    out.add("parts", std::move(list));
  }
  return out;
}

Record Record::parse(std::string_view json) { return read_record(Json::parse(json)); }

std::ostream& operator<<(std::ostream& out, const Record& record) {
  print_record(out, record, 0);
  return out;
}

}  // namespace opsis::inline v1::transforms
