// Annotations in JSON. For the library's own sources.
#pragma once

#include <filesystem>

#include "opsis/core/api.h"
#include "opsis/core/check.h"
#include "opsis/core/json.h"

namespace opsis::inline v1::datasets {

/// A file's JSON.
/// Throws   IoError when it cannot be read; DecodeError, with the path and the place, when it is none
OPSIS_API Json read_json(const std::filesystem::path& path);

/// What `read` makes of a file's JSON; where that is not what `read` expects, the error is a DecodeError with the path.
template <class Read>
auto read_json(const std::filesystem::path& path, const Read& read) {
  const auto json = read_json(path);
  try {
    return read(json);
  } catch (const ValueError& error) {
    raise_because<DecodeError>(error, "{}: ", path.string());
  }
}

}  // namespace opsis::inline v1::datasets
