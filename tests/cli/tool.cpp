#include "tests/cli/tool.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tests/support/temporary.h"

extern char** environ;

namespace opsis::cli_tests {

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Finished run_program(const std::string& name, std::vector<std::string> arguments, const std::string& input) {
  const support::TemporaryFolder folder;
  const auto out = (folder.path() / "out").string(), err = (folder.path() / "err").string();
  const auto binary = std::string(std::getenv("OPSIS_BINARY_DIR")) + "/" + name;
  arguments.insert(arguments.begin(), binary);
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, input.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t child = 0;
  const int failure = posix_spawn(&child, binary.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) throw std::runtime_error("cannot start " + binary);
  int status = 0;
  waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(out), content(err)};
}

void expect_wrong_usage(const std::vector<std::string>& arguments, const std::string& what) {
  const auto run = opsis_tool(arguments);
  EXPECT_EQ(run.code, 2) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr(what));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
}

void expect_failure(const std::vector<std::string>& arguments, const std::string& what) {
  const auto run = opsis_tool(arguments);
  const bool nested = arguments[0] == "datasets" || arguments[0] == "weights";
  EXPECT_EQ(run.code, 1) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, StartsWith("opsis " + arguments[0] + (nested ? " " + arguments[1] : "") + ": "));
  EXPECT_THAT(run.err, HasSubstr(what));
  EXPECT_THAT(run.err, testing::Not(testing::ContainsRegex("\n[^ ]")));
}

}  // namespace opsis::cli_tests
