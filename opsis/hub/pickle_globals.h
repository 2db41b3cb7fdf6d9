// What a pickle may name.
#pragma once

#include <cstddef>
#include <string_view>

#include "opsis/core/api.h"

namespace opsis::inline v1::hub {

/// The listed name that `name` is ("torch.float32"), or an empty one: then it must be refused.
OPSIS_API std::string_view pickle_global(std::string_view name);

/// Whether a name is listed as something that may be called, that is: whose call is kept as data.
OPSIS_API bool pickle_callable(std::string_view name);

/// Whether it names elements that LibTorch knows and this library does not read ("torch.quint4x2"), or their storages.
OPSIS_API bool is_unread_type(std::string_view name);

/// Bytes that an element of a class of storages has ("torch.FloatStorage": 4); 0 for what is none.
OPSIS_API size_t storage_width(std::string_view name);

}  // namespace opsis::inline v1::hub
