// Errors that say where: the one file of a million, the one picture of a batch.
#pragma once

#include <filesystem>
#include <string>
#include <type_traits>

#include "opsis/core/check.h"

namespace opsis::inline v1 {

/// What `read` gives. A DecodeError that it throws begins with the place that the bytes are at, a path or words.
///     return telling_where(path, [&] { return decode_nifti(bytes, options); });   // "scans/7.nii: decode_nifti: ..."
/// Other kinds of errors are named, none of which is another's base; each stays the kind that it is:
///     telling_where<DecodeError, IoError>(place, [&] { std::rethrow_exception(error); });
template <class Kind = DecodeError, class... Others, class Place, class Read>
auto telling_where(const Place& place, const Read& read) {
  try {
    if constexpr (sizeof...(Others) == 0) {
      return read();
    } else {
      return telling_where<Others...>(place, read);
    }
  } catch (const Kind& error) {
    if constexpr (std::is_same_v<Place, std::filesystem::path>) {
      raise_because<Kind>(error, "{}: ", place.string());
    } else {
      raise_because<Kind>(error, "{}: ", place);
    }
  }
}

}  // namespace opsis::inline v1
