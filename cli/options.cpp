#include "cli/options.h"

#include <CLI/CLI.hpp>

#include "cli/output.h"

namespace cli {

void declare_workers(CLI::App& command, size_t& workers) {
  command.add_option("--workers", workers, "Threads that read pictures; results do not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(0, 256));
}

void declare_workers_and_seed(CLI::App& command, size_t& workers, uint64_t& seed) {
  declare_workers(command, workers);
  command.add_option("--seed", seed, "For everything that is drawn: the same seed gives the same run")
      ->capture_default_str()
      ->check(zero_or_more);
}

}  // namespace cli
