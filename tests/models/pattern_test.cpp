#include "opsis/models/pattern.h"

#include <nlohmann/json.hpp>

#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

TEST(Pattern, MatchesAsPythonsFnmatchDoes) {
  for (const auto& c : oracle::cases("models/fnmatch")) {
    const auto names = c.texts("names");
    const auto expected = nlohmann::json::parse(c.json("expected"));
    for (size_t i = 0; i < names.size(); ++i) {
      EXPECT_EQ(models::detail::matches(c.text("pattern"), names[i]), expected[i].get<bool>())
          << "pattern " << c.text("pattern") << ", name " << names[i];
    }
  }
}

TEST(Pattern, ManyStarsStayQuick) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "*a";
  EXPECT_FALSE(models::detail::matches(pattern + "b", std::string(5000, 'a')));
}

}  // namespace
}  // namespace opsis
