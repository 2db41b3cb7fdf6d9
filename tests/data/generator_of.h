// The generator that a case names by its seed.
#pragma once

#include <ATen/CPUGeneratorImpl.h>

#include <optional>

#include "tests/support/oracle.h"

namespace opsis {

inline std::optional<at::Generator> generator_of(const oracle::Case& c) {
  if (c.is_null("generator")) return std::nullopt;
  return at::make_generator<at::CPUGeneratorImpl>(static_cast<uint64_t>(c.integer("generator")));
}

}  // namespace opsis
