#include "tests/support/snippets.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace support {
namespace {

std::string content_of(const std::string& name) {
  std::ostringstream out;
  out << std::ifstream(std::string(std::getenv("OPSIS_SOURCE_DIR")) + "/" + name).rdbuf();
  return out.str();
}

}  // namespace

void expect_snippets(const std::string& page, const std::string& source) {
  const auto code = content_of(source), text = content_of(page);
  const std::string head = "// snippets\n", foot = "\n// end of snippets";
  ASSERT_NE(code.find(head), std::string::npos);
  auto begin = code.find(head) + head.size();
  const auto end = code.find(foot);
  while (begin < end) {
    const auto next = std::min(code.find("\n\n", begin), end);
    EXPECT_NE(text.find(code.substr(begin, next - begin)), std::string::npos) << code.substr(begin, next - begin);
    begin = next + 2;
  }
}

}  // namespace support
