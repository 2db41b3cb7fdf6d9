// From the bytes of a torch.save archive to values. For Opsis's own sources.
#pragma once

#include <memory>

#include "opsis/core/limits.h"
#include "opsis/hub/value.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::hub::detail {

/// What `load` does, without the file's name in its messages. Tensors share ownership of the file.
Value read_checkpoint(std::shared_ptr<const io::MappedFile> file, const Limits& limits);
/// The same for `load_pickle`.
Value read_pickle_value(std::shared_ptr<const io::MappedFile> file, const Limits& limits);

}  // namespace opsis::inline v1::hub::detail
