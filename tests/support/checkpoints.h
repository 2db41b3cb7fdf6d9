// What tests of checkpoints share.
#pragma once

#include <torch/types.h>

#include "opsis/hub/value.h"

namespace support {

/// Reads every number that a checkpoint gives; of a tensor that claims very many, by a stride of 0, none.
inline void read_all(const opsis::hub::Value& value) {
  if (value.is_tensor() && value.as_tensor().numel() < 1'000'000) {
    const auto& tensor = value.as_tensor();
    (void)(tensor.is_quantized() ? tensor.int_repr() : tensor.clone());  // with some kinds of quantizers LibTorch cannot clone
  }
  if (value.is_list() || value.is_tuple()) {
    for (const auto& item : value.items()) read_all(item);
  }
  if (value.is_dict()) {
    for (const auto& [key, held] : value.entries()) read_all(held);
  }
}

}  // namespace support
