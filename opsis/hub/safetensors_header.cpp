#include "opsis/hub/safetensors_header.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "opsis/core/check.h"

namespace opsis::inline v1::hub {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, size_t>, 15> dtypes{{{"BOOL", 1}, {"U8", 1}, {"I8", 1}, {"U16", 2}, {"I16", 2},
    {"F16", 2}, {"BF16", 2}, {"U32", 4}, {"I32", 4}, {"F32", 4}, {"U64", 8}, {"I64", 8}, {"F64", 8}, {"F8_E4M3", 1},
    {"F8_E5M2", 1}}};

[[noreturn]] void bad(std::string_view why) { raise<DecodeError>("load_safetensors: {}", why); }

/// Parses the header's JSON, refusing an object that has a key twice: which one would count is anyone's guess.
json parse(std::string_view head) {
  std::vector<std::set<std::string>> keys;
  const auto check = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > 8) bad("the header nests too deep");
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      bad(text("the header has \"{}\" twice", parsed.get<std::string>()));
    }
    return true;
  };
  try {
    return json::parse(head, check);
  } catch (const json::exception& error) {
    bad(text("the header is not valid JSON ({})", error.what()));
  }
}

SafetensorsEntry read_entry(const std::string& name, const json& value) {
  SafetensorsEntry entry{.name = name, .dtype = {}, .shape = {}};
  try {
    entry.dtype = value.at("dtype").get<std::string>();
    for (const auto& number : value.at("shape")) {
      if (!number.is_number_unsigned()) bad(text("\"{}\" has a size that is not a whole number", name));
      const auto size = number.get<uint64_t>();
      if (size > uint64_t{INT64_MAX}) bad(text("\"{}\" has a size over 2^63", name));
      entry.shape.push_back(static_cast<int64_t>(size));
    }
    const auto& offsets = value.at("data_offsets");
    if (offsets.size() != 2 || !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned()) {
      bad(text("\"{}\" must have two data_offsets", name));
    }
    entry.begin = offsets[0].get<size_t>();
    entry.end = offsets[1].get<size_t>();
  } catch (const json::exception&) {
    bad(text("\"{}\" must have dtype, shape and data_offsets", name));
  }

  const auto item = safetensors_item_size(entry.dtype);
  if (item == 0) bad(text("\"{}\" has the unknown dtype \"{}\"", name, entry.dtype));
  // The product of a shape can wrap around to a small number: multiply with the overflow in sight.
  size_t bytes = item;
  for (const auto size : entry.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<size_t>(size), &bytes)) bad(text("the shape of \"{}\" overflows", name));
  }
  if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
    bad(text("\"{}\" needs {} bytes by its shape, its data_offsets are {} and {}", name, bytes, entry.begin, entry.end));
  }
  return entry;
}

}  // namespace

size_t safetensors_item_size(std::string_view dtype) {
  for (const auto& [name, size] : dtypes) {
    if (name == dtype) return size;
  }
  return 0;
}

SafetensorsHeader read_safetensors_header(io::Bytes file, const Limits& limits) {
  if (file.size() < 8) bad(text("the file ends within its first 8 bytes ({} there)", file.size()));
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | file[i];
  if (length > static_cast<uint64_t>(limits.safetensors_header_bytes)) {
    bad(text("the header claims {} bytes; limits.safetensors_header_bytes is {}", length, limits.safetensors_header_bytes));
  }
  if (length > file.size() - 8) bad(text("the header claims {} bytes, the file has {}", length, file.size() - 8));

  const auto root = parse(io::as_text(file.subspan(8, length)));
  if (!root.is_object()) bad("the header must be a JSON object");
  SafetensorsHeader header;
  header.data_offset = 8 + length;
  for (const auto& [name, value] : root.items()) {
    if (name == "__metadata__") {
      if (!value.is_object()) bad("__metadata__ must be an object");
      for (const auto& [key, words] : value.items()) {
        if (!words.is_string()) bad("__metadata__ must map strings to strings");
        header.metadata[key] = words.get<std::string>();
      }
    } else {
      header.entries.push_back(read_entry(name, value));
    }
  }

  std::sort(header.entries.begin(), header.entries.end(), [](const auto& a, const auto& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  size_t position = 0;
  for (const auto& entry : header.entries) {
    if (entry.begin != position) bad(text("\"{}\" begins at {}, the data before it ends at {}", entry.name, entry.begin, position));
    position = entry.end;
  }
  if (position != file.size() - header.data_offset) {
    bad(text("the tensors need {} bytes, the file has {}", position, file.size() - header.data_offset));
  }
  return header;
}

std::string write_safetensors_header(const std::vector<SafetensorsEntry>& entries,
                                     const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json root = nlohmann::ordered_json::object();
  if (!metadata.empty()) root["__metadata__"] = metadata;
  for (const auto& entry : entries) {
    root[entry.name] = {{"dtype", entry.dtype}, {"shape", entry.shape}, {"data_offsets", {entry.begin, entry.end}}};
  }
  std::string body = root.dump();
  body.resize((body.size() + 7) / 8 * 8, ' ');
  std::string out(8, '\0');
  for (int i = 0; i < 8; ++i) out[i] = static_cast<char>(body.size() >> (8 * i));
  return out + body;
}

}  // namespace opsis::inline v1::hub
