// The tool as a user meets it: a process with arguments, an exit code and two streams.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/expect.h"

namespace opsis::cli_tests {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

struct Finished {
  int code = -1;
  std::string out, err;
};

std::string content(const std::filesystem::path& file);

/// A program of the build folder.
Finished run_program(const std::string& name, std::vector<std::string> arguments, const std::string& input = "/dev/null");

inline Finished opsis_tool(std::vector<std::string> arguments, const std::string& input = "/dev/null") {
  return run_program("opsis", std::move(arguments), input);
}

/// Wrong usage: 2, nothing on stdout, one line on stderr that says what.
void expect_wrong_usage(const std::vector<std::string>& arguments, const std::string& what);

/// Work that failed: 1, nothing on stdout, on stderr a line that begins with the whole command, "opsis datasets show: ", and
/// says what; indented, its details.
void expect_failure(const std::vector<std::string>& arguments, const std::string& what);

}  // namespace opsis::cli_tests
