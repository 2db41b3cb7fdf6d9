#include "opsis/hub/safetensors_header.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <tuple>
#include <unordered_set>

#include "opsis/core/check.h"
#include "opsis/hub/tensor_bounds.h"
#include "opsis/hub/utf8.h"

namespace opsis::inline v1::hub {
namespace {

using nlohmann::json;

constexpr std::pair<std::string_view, size_t> item_sizes[] = {
    {"BOOL", 1},    {"U8", 1},      {"I8", 1},      {"U16", 2},         {"I16", 2},        {"F16", 2}, {"BF16", 2},
    {"U32", 4},     {"I32", 4},     {"F32", 4},     {"U64", 8},         {"I64", 8},        {"F64", 8}, {"C64", 8},
    {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"F8_E8M0", 1}, {"F8_E4M3FNUZ", 1}, {"F8_E5M2FNUZ", 1}};

[[noreturn]] void bad_safetensors(std::string_view why) { throw DecodeError(std::string(why)); }

/// A foreign name, short enough for a message.
std::string shown(std::string_view name) { return std::string(name.substr(0, 200)); }

SafetensorsEntry read_entry(const std::string& name, const json& value) {
  SafetensorsEntry entry{.name = name, .dtype = {}, .shape = {}};
  try {
    entry.dtype = value.at("dtype").get<std::string>();
    for (const auto& number : value.at("shape")) {
      if (!number.is_number_unsigned()) bad_safetensors(text("\"{}\" has a size that is not a whole number", shown(name)));
      const auto size = number.get<uint64_t>();
      if (size > uint64_t{INT64_MAX}) bad_safetensors(text("\"{}\" has a size over 2^63", shown(name)));
      entry.shape.push_back(static_cast<int64_t>(size));
    }
    const auto& offsets = value.at("data_offsets");
    if (offsets.size() != 2 || !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned()) {
      bad_safetensors(text("\"{}\" must have two data_offsets", shown(name)));
    }
    entry.begin = offsets[0].get<size_t>();
    entry.end = offsets[1].get<size_t>();
  } catch (const json::exception&) {
    bad_safetensors(text("\"{}\" must have dtype, shape and data_offsets", shown(name)));
  }

  const auto item = safetensors_item_size(entry.dtype);
  if (item == 0) bad_safetensors(text("\"{}\" has the unknown dtype \"{}\"", shown(name), shown(entry.dtype)));
  // The product of a shape can wrap around to a small number: multiply with the overflow in sight. LibTorch counts in int64_t,
  // and multiplies the sizes of an empty tensor too.
  int64_t bytes = static_cast<int64_t>(item), limit = bytes;
  for (const auto size : entry.shape) {
    if (__builtin_mul_overflow(limit, std::max<int64_t>(size, 1), &limit))
      bad_safetensors(text("the shape of \"{}\" overflows", shown(name)));
    bytes *= size;
  }
  if (entry.end < entry.begin || entry.end - entry.begin != static_cast<size_t>(bytes)) {
    bad_safetensors(
        text("\"{}\" needs {} bytes by its shape, its data_offsets are {} and {}", shown(name), bytes, entry.begin, entry.end));
  }
  return entry;
}

/// Takes the header's JSON as it is parsed, an entry at a time, so that a hostile one is refused where it goes wrong and never
/// stands in memory as a whole. What is seen where, by depth: 0 the object, 1 names, 2 their fields, 3 elements of lists.
class HeaderParser {
 public:
  explicit HeaderParser(SafetensorsHeader& header) : header_(header) {}

  bool operator()(int depth, json::parse_event_t event, json& parsed) {
    using Event = json::parse_event_t;
    switch (event) {
      case Event::object_start:
        if (depth > 1) bad_safetensors(text("\"{}\" has an object within", shown(name_)));
        fields_.clear();
        return true;
      case Event::array_start:
        if (depth != 2) bad_safetensors("a list stands where an object belongs");
        count_ = 0;
        return true;
      case Event::key: {
        const auto key = parsed.get<std::string>();
        if (!(depth == 1 ? names_ : fields_).insert(key).second)
          bad_safetensors(text("the header has \"{}\" twice", shown(key)));
        if (depth == 1) name_ = key;
        return true;
      }
      case Event::value:
        if (depth < 2) bad_safetensors(text("\"{}\" must be an object", shown(name_)));
        if (depth == 3 && ++count_ > detail::most_dimensions)
          bad_safetensors(text("\"{}\" has more than {} dimensions", shown(name_), detail::most_dimensions));
        if (depth == 2 && name_ == "__metadata__" && !parsed.is_string())
          bad_safetensors("__metadata__ must map strings to strings");
        return true;
      case Event::array_end: return true;
      case Event::object_end:
        if (depth == 0) return true;
        if (name_ == "__metadata__") {
          for (const auto& [key, words] : parsed.items()) {
            if (!words.is_string()) bad_safetensors("__metadata__ must map strings to strings");
            header_.metadata[key] = words.get<std::string>();
          }
        } else {
          header_.entries.push_back(read_entry(name_, parsed));
        }
        return false;  // taken: the parser drops it
    }
    return true;
  }

 private:
  SafetensorsHeader& header_;
  std::string name_;
  std::unordered_set<std::string> names_, fields_;
  size_t count_ = 0;
};

/// Whether the tensors cover the data from front to back, no byte twice and none left out.
void check_cover(const std::vector<SafetensorsEntry>& entries, size_t size) {
  std::vector<const SafetensorsEntry*> order;
  for (const auto& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(),
            [](const auto* a, const auto* b) { return std::tie(a->begin, a->end) < std::tie(b->begin, b->end); });
  size_t position = 0;
  for (const auto* entry : order) {
    if (entry->begin != position) {
      bad_safetensors(text("\"{}\" begins at {}, the data before it ends at {}", shown(entry->name), entry->begin, position));
    }
    position = entry->end;
  }
  if (position != size) bad_safetensors(text("the tensors need {} bytes, the file has {}", position, size));
}

}  // namespace

size_t safetensors_item_size(std::string_view dtype) {
  for (const auto& [name, size] : item_sizes) {
    if (name == dtype) return size;
  }
  return 0;
}

SafetensorsHeader read_safetensors_header(io::Bytes file, const Limits& limits) {
  if (file.size() < 8) bad_safetensors(text("the file ends within its first 8 bytes ({} there)", file.size()));
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | file[i];
  if (length > static_cast<uint64_t>(limits.safetensors_header_bytes)) {
    bad_safetensors(
        text("the header claims {} bytes; limits.safetensors_header_bytes is {}", length, limits.safetensors_header_bytes));
  }
  if (length > file.size() - 8) bad_safetensors(text("the header claims {} bytes, the file has {}", length, file.size() - 8));

  SafetensorsHeader header;
  header.data_offset = 8 + length;
  const auto head = io::as_text(file.subspan(8, length));
  if (!head.starts_with('{')) bad_safetensors("the header does not begin with {");
  try {
    HeaderParser parser(header);
    [[maybe_unused]] const auto emptied = json::parse(head, std::ref(parser));
  } catch (const json::exception& error) {
    bad_safetensors(text("the header is not valid JSON ({})", shown(error.what())));
  }
  check_cover(header.entries, file.size() - header.data_offset);
  return header;
}

std::string write_safetensors_header(const std::vector<SafetensorsEntry>& entries,
                                     const std::map<std::string, std::string>& metadata) {
  const auto quoted = [](const std::string& words) {
    OPSIS_CHECK(is_utf8(words), "save_safetensors: a name or its metadata is not UTF-8");
    return json(words).dump();
  };
  std::string body = "{";
  if (!metadata.empty()) {
    body += "\"__metadata__\":{";
    for (const auto& [key, words] : metadata) body += quoted(key) + ":" + quoted(words) + ",";
    body.back() = '}';
    body += ',';
  }
  for (const auto& entry : entries) {
    body += text("{}:{\"dtype\":{},\"shape\":{},\"data_offsets\":[{},{}]},", quoted(entry.name), quoted(entry.dtype),
                 json(entry.shape).dump(), entry.begin, entry.end);
  }
  if (body.back() == ',') body.pop_back();
  body += '}';
  body.resize((body.size() + 7) / 8 * 8, ' ');
  std::string out(8, '\0');
  for (int i = 0; i < 8; ++i) out[i] = static_cast<char>(body.size() >> (8 * i));
  return out + body;
}

}  // namespace opsis::inline v1::hub
