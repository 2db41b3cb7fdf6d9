// Errors of foreign bytes that say where these are.
#pragma once

#include <filesystem>
#include <string>
#include <type_traits>

#include "opsis/core/check.h"

namespace opsis::inline v1 {

/// What `read` gives. A DecodeError that it throws begins with the place that the bytes are at, a path or words: the one file of
/// a million.
///     return telling_where(path, [&] { return decode_nifti(bytes, options); });   // "scans/7.nii: decode_nifti: ..."
template <class Place, class Read>
auto telling_where(const Place& place, const Read& read) {
  try {
    return read();
  } catch (const DecodeError& error) {
    if constexpr (std::is_same_v<Place, std::filesystem::path>) {
      raise<DecodeError>("{}: {}", place.string(), error.what());
    } else {
      raise<DecodeError>("{}: {}", place, error.what());
    }
  }
}

}  // namespace opsis::inline v1
