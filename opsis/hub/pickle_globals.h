// What a pickle may name.
#pragma once

#include <string_view>

#include "opsis/core/api.h"

namespace opsis::inline v1::hub {

/// The listed name that `name` is, or an empty one: then it must be refused. "torch._utils._rebuild_tensor_v2", "torch.float32".
OPSIS_API std::string_view pickle_global(std::string_view name);

/// Whether a name is listed as something that may be called, that is: whose call is kept as data.
OPSIS_API bool pickle_callable(std::string_view name);

}  // namespace opsis::inline v1::hub
