// The names that element types have in a checkpoint. For Opsis's own sources.
#pragma once

#include <c10/core/ScalarType.h>

#include <string_view>

namespace opsis::inline v1::hub::detail {

/// One element type: as torch has it, as Python names it, and the class of its storages. Types that are younger than 2023 have
/// no class of their own: their storages are bytes ("UntypedStorage"), and the type is told beside.
struct CheckpointType {
  c10::ScalarType type;
  std::string_view dtype;    ///< "float32"
  std::string_view storage;  ///< "FloatStorage", or empty
  std::string_view numpy{};  ///< "f4", or empty
};

/// The row of a type, or nullptr.
const CheckpointType* find_type(c10::ScalarType type);
/// The row of a "torch.float32", or nullptr.
const CheckpointType* find_dtype(std::string_view name);
/// The row of a "torch.FloatStorage", or nullptr.
const CheckpointType* find_storage(std::string_view name);
/// The row of NumPy's "f4", or nullptr.
const CheckpointType* find_numpy(std::string_view name);

}  // namespace opsis::inline v1::hub::detail
