// Code that stands in the documentation and in a test that compiles it.
#pragma once

#include <string>

namespace support {

/// Each paragraph of the source between "// snippets" and "// end of snippets" stands on the page. Both are paths within Opsis.
void expect_snippets(const std::string& page, const std::string& source);

}  // namespace support
