// Building models without memory or time, as `with torch.device("meta")` does in Python.
#pragma once

#include <c10/core/impl/LocalDispatchKeySet.h>

namespace support {

/// While it lives, this thread makes tensors that have shape and type but no values, unless told a device.
class MetaDevice {
 public:
  MetaDevice() : guard_(c10::DispatchKeySet(c10::DispatchKey::TESTING_ONLY_GenericMode)) {}

 private:
  c10::impl::IncludeDispatchKeyGuard guard_;
};

}  // namespace support
