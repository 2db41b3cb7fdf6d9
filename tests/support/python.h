// What Python says of what Opsis wrote.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/temporary.h"

namespace support {

/// Runs a script of the sources, with arguments as a shell takes them; whether it ends well. What it says is in the failure.
///     EXPECT_TRUE(support::python_agrees("tests/hub/read_back.py", " 'a.pth' 'b.pth'"));
inline testing::AssertionResult python_agrees(const std::string& script, const std::string& arguments) {
  const TemporaryFolder folder;
  const auto log = folder.path() / "log";
  const auto path = std::string(std::getenv("OPSIS_SOURCE_DIR")) + "/" + script;
  const auto command =
      std::string(std::getenv("OPSIS_PYTHON")) + " '" + path + "'" + arguments + " > '" + log.string() + "' 2>&1";
  if (std::system(command.c_str()) == 0) return testing::AssertionSuccess();
  std::ifstream said(log);
  return testing::AssertionFailure() << std::string(std::istreambuf_iterator<char>(said), {});
}

}  // namespace support
