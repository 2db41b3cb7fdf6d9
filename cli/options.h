// Options that several commands declare alike.
#pragma once

#include <cstddef>
#include <cstdint>

namespace CLI {
class App;
}

namespace cli {

/// --workers of a loader.
void declare_workers(CLI::App& command, size_t& workers);

/// --workers and --seed of what learns.
void declare_workers_and_seed(CLI::App& command, size_t& workers, uint64_t& seed);

}  // namespace cli
