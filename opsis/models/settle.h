// Arguments that a variant of a model or its weights fix.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "opsis/core/check.h"

namespace opsis::inline v1::models::detail {

/// Gives an argument the value that its owner fixes. If the caller gave one, it must be the same, as in torchvision.
/// Throws   ValueError: "resnext50_32x4d: groups must be 32, got 16"
template <class T>
void settle(std::string_view owner, std::string_view name, std::optional<T>& argument, std::type_identity_t<T> value) {
  OPSIS_CHECK(!argument || *argument == value, "{}: {} must be {}, got {}", owner, name, value, *argument);
  argument = value;
}

}  // namespace opsis::inline v1::models::detail
