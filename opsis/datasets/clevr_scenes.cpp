#include "opsis/datasets/clevr_scenes.h"

#include <simdjson.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "opsis/core/check.h"

namespace opsis::inline v1::datasets {

// Read from front to back, and nothing of it kept but names and numbers.
std::unordered_map<std::string, int64_t> clevr_objects(const std::filesystem::path& scenes) {
  if (!std::ifstream(scenes)) raise<IoError>("cannot open {}: {}", scenes.string(), std::strerror(errno));
  std::unordered_map<std::string, int64_t> out;
  try {
    const auto bytes = simdjson::padded_string::load(scenes.string());
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document document = parser.iterate(bytes);
    for (simdjson::ondemand::object scene : document["scenes"].get_array()) {
      const std::string_view name = scene["image_filename"].get_string();
      simdjson::ondemand::array objects = scene["objects"].get_array();
      out[std::string(name)] = static_cast<int64_t>(size_t{objects.count_elements()});
    }
  } catch (const simdjson::simdjson_error& error) {
    raise<DecodeError>("{}: scenes[{}] must have image_filename and objects: {}", scenes.string(), out.size(), error.what());
  }
  return out;
}

}  // namespace opsis::inline v1::datasets
