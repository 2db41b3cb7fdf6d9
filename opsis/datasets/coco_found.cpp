#include "opsis/datasets/coco_found.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>

#include "opsis/core/check.h"

namespace opsis::inline v1::datasets {
namespace {

using simdjson::ondemand::object;
using simdjson::ondemand::value;

// Python takes 7.0 for 7.
std::optional<int64_t> whole_number(value from) {
  simdjson::ondemand::number number = from.get_number();
  if (number.is_int64()) return number.get_int64();
  constexpr double most = 0x1p53;
  const double real = number.as_double();
  return std::trunc(real) == real && std::abs(real) <= most ? std::optional(static_cast<int64_t>(real)) : std::nullopt;
}

std::vector<double> numbers(value from) {
  std::vector<double> out;
  for (double number : from.get_array()) out.push_back(number);
  return out;
}

std::string_view json_of(value from) {
  const simdjson::ondemand::json_type type = from.type();
  if (type == simdjson::ondemand::json_type::object) return object(from.get_object()).raw_json();
  if (type == simdjson::ondemand::json_type::array) return simdjson::ondemand::array(from.get_array()).raw_json();
  return from.raw_json_token();
}

// Of a key that comes twice the last counts, as in Python.
CocoFound found_in(size_t entry, object fields) {
  std::optional<int64_t> image, category;
  std::optional<double> score;
  CocoFound out;
  std::string key;
  try {
    for (auto field : fields) {
      key = std::string_view(field.unescaped_key());
      value content = field.value();
      if (key == "image_id") image = whole_number(content);
      if (key == "category_id") category = whole_number(content);
      if (key == "score") score = content.get_double();
      if (key == "segmentation") out.segmentation = json_of(content);
      if (key == "keypoints") out.key_points = numbers(content);
      if (key != "bbox") continue;
      const auto sides = numbers(content);
      if (!sides.empty() && sides.size() != 4) {
        raise<DecodeError>("entry {}: bbox must have 4 numbers, got {}", entry, sides.size());
      }
      out.box.reset();
      if (!sides.empty()) std::copy_n(sides.begin(), 4, out.box.emplace().begin());
    }
  } catch (const simdjson::simdjson_error& error) {
    raise<DecodeError>("entry {}: {}: {}", entry, key, error.what());
  }
  if (!image || !category || !score) {
    raise<DecodeError>("entry {} must have image_id and category_id, whole numbers, and score", entry);
  }
  out.image_id = *image;
  out.category_id = *category;
  out.score = *score;
  return out;
}

}  // namespace

void parse_coco_results(std::string text, const std::function<void(size_t entry, const CocoFound&)>& visit) {
  const auto size = text.size();
  text.reserve(size + simdjson::SIMDJSON_PADDING);
  size_t entry = 0;
  try {
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document document = parser.iterate(text.data(), size, text.capacity());
    for (object fields : document.get_array()) {
      visit(entry, found_in(entry, fields));
      ++entry;
    }
    const char* rest = nullptr;
    if (document.current_location().get(rest) == simdjson::SUCCESS) raise<DecodeError>("there is more after the list");
  } catch (const simdjson::simdjson_error& error) {
    raise<DecodeError>("it must be a list of objects: entry {}: {}", entry, error.what());
  }
}

}  // namespace opsis::inline v1::datasets
