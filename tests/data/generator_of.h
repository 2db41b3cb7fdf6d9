// Generators by their seeds.
#pragma once

#include <ATen/CPUGeneratorImpl.h>

#include <optional>

#include "tests/support/oracle.h"

namespace opsis {

inline at::Generator generator_of(uint64_t seed) { return at::make_generator<at::CPUGeneratorImpl>(seed); }

// The one that a case names.
inline std::optional<at::Generator> generator_of(const oracle::Case& c) {
  if (c.is_null("generator")) return std::nullopt;
  return generator_of(static_cast<uint64_t>(c.integer("generator")));
}

}  // namespace opsis
