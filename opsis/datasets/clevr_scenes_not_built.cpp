// Without simdjson: the same, slower and with all of the file in memory.
#include "opsis/core/json.h"
#include "opsis/datasets/clevr_scenes.h"
#include "opsis/datasets/json_file.h"

namespace opsis::inline v1::datasets {

std::unordered_map<std::string, int64_t> clevr_objects(const std::filesystem::path& scenes) {
  return read_json(scenes, [](const Json& file) {
    std::unordered_map<std::string, int64_t> out;
    for (const auto& scene : file["scenes"].items()) {
      out[scene["image_filename"].text()] = std::ssize(scene["objects"].items());
    }
    return out;
  });
}

}  // namespace opsis::inline v1::datasets
