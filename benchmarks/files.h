// Where benchmarks find their input and leave results for scripts/bench to compare.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace bench {

/// The folder that scripts/bench has made: photos by size, "500x375.jpg".
inline std::filesystem::path folder() {
  const char* named = std::getenv("OPSIS_BENCH_DIR");
  if (!named) throw std::runtime_error("OPSIS_BENCH_DIR is not set; run scripts/bench, which makes the files and sets it");
  return named;
}

}  // namespace bench
