// The table of image codecs, in the order in which they are tried.
#pragma once

#include <span>
#include <string_view>

#include "opsis/io/codec.h"

namespace opsis::inline v1::io {

struct Codec {
  std::string_view name;  ///< as in decode_<name>
  bool (*matches)(Bytes bytes);
  void (*decode)(Bytes bytes, const DecodeOptions& options, const Destination& destination);
  bool DecodeOptions::*asked_for = nullptr;  ///< the option without which content alone does not choose this codec
};

/// All codecs, those left out of this build too.
OPSIS_API std::span<const Codec> codecs();

/// The codec for this content. Throws DecodeError that says how the content begins and which codecs there are.
OPSIS_API const Codec& find_codec(Bytes bytes, const DecodeOptions& options = {});

}  // namespace opsis::inline v1::io
