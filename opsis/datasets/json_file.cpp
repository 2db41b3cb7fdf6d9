#include "opsis/datasets/json_file.h"

#include "opsis/core/check.h"
#include "opsis/io/bytes.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::datasets {

Json read_json(const std::filesystem::path& path) {
  const io::MappedFile file(path);
  try {
    return Json::parse(io::as_text(file.bytes()));
  } catch (const ValueError& error) {
    raise_because<DecodeError>(error, "{}: ", path.string());
  }
}

}  // namespace opsis::inline v1::datasets
