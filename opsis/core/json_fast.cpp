#include "opsis/core/json_fast.h"

#include <simdjson.h>

#include <utility>

namespace opsis::inline v1::detail {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

// False where it is nested too deep.
bool make(element from, int depth, Json& out) {
  switch (from.type()) {
    case element_type::NULL_VALUE: out = {}; return true;
    case element_type::BOOL: out = bool(from); return true;
    case element_type::INT64: out = int64_t(from); return true;
    case element_type::UINT64: out = static_cast<double>(uint64_t(from)); return true;
    case element_type::DOUBLE: out = double(from); return true;
    case element_type::STRING: out = std::string(std::string_view(from)); return true;
    case element_type::ARRAY: {
      if (depth == deepest_json) return false;
      const simdjson::dom::array array = from;
      Json::List items;
      items.reserve(array.size());
      for (const element item : array) {
        if (!make(item, depth + 1, items.emplace_back())) return false;
      }
      out = std::move(items);
      return true;
    }
    case element_type::OBJECT: {
      if (depth == deepest_json) return false;
      const simdjson::dom::object object = from;
      Json::Object members;
      members.reserve(object.size());
      for (const auto& [name, value] : object) {
        if (!make(value, depth + 1, members.emplace_back(std::string(name), Json()).second)) return false;
      }
      out = without_repeats(std::move(members));
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<Json> parse_json_fast(std::string_view text) {
  constexpr size_t longest = size_t{1} << 20;
  if (text.size() > longest) return std::nullopt;
  static thread_local simdjson::dom::parser parser;  // keeps as much memory as its longest text asked for
  element root;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
  Json out;
  if (!make(root, 0, out)) return std::nullopt;
  return out;
}

}  // namespace opsis::inline v1::detail
