#include "opsis/core/json_fast.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "opsis/core/error.h"

namespace opsis {
namespace {

std::optional<Json> slowly(const std::string& text) {
  try {
    return detail::parse_json_slowly(text);
  } catch (const ValueError&) {
    return std::nullopt;
  }
}

// Whether it went quickly; then it must be what it is slowly.
bool expect_same(const std::string& text) {
  const auto quickly = detail::parse_json_fast(text);
  if (!quickly) return false;
  const auto expected = slowly(text);
  EXPECT_TRUE(expected.has_value()) << text;
  if (!expected) return true;
  EXPECT_EQ(*quickly, *expected) << text;
  EXPECT_EQ(quickly->dump(), expected->dump()) << text;  // which tells -0.0 from 0.0
  return true;
}

class Drawn {
 public:
  explicit Drawn(unsigned seed) : generator_(seed) {}
  int64_t below(int64_t end) { return std::uniform_int_distribution<int64_t>(0, end - 1)(generator_); }
  template <class T>
  const T& of(const std::vector<T>& all) {
    return all[static_cast<size_t>(below(std::ssize(all)))];
  }

  std::string json(int depth) {
    static const std::vector<std::string> plain{"null",
                                                "true",
                                                "false",
                                                "0",
                                                "-0",
                                                "-0.0",
                                                "7",
                                                "-12",
                                                "9223372036854775807",
                                                "9223372036854775808",
                                                "18446744073709551615",
                                                "1.5",
                                                "1e3",
                                                "-2E-7",
                                                "1e-400",
                                                "0.1",
                                                "123456789.123456789",
                                                "\"\"",
                                                "\"a\\n\\u00e9\\ud83d\\ude00\"",
                                                "\"\xc3\xa9\"",
                                                "[]",
                                                "{}",
                                                "5e-324",
                                                "1.7976931348623157e308"};
    const auto kind = depth > 0 ? below(4) : 0;
    if (kind < 2) return of(plain);
    std::string out = kind == 2 ? "[" : "{";
    for (auto count = below(6), i = int64_t{0}; i < count; ++i) {
      if (i > 0) out += of<std::string>({",", ", ", " ,\n"});
      if (kind == 3) out += "\"" + of<std::string>({"a", "b", "bbox", "\\u0061", ""}) + "\":";
      out += json(depth - 1);
    }
    return out + (kind == 2 ? "]" : "}");
  }

 private:
  std::mt19937 generator_;
};

TEST(JsonFast, GivesWhatTheSlowWayGivesOrNothing) {
  Drawn drawn(0);
  int quick = 0, of_changed = 0;
  for (int round = 0; round < 4000; ++round) {
    const auto original = drawn.json(4);
    quick += expect_same(original);
    for (int changes = 0; changes < 4; ++changes) {
      auto changed = original;
      const auto place = static_cast<size_t>(drawn.below(std::ssize(changed)));
      switch (drawn.below(3)) {
        case 0: changed[place] = static_cast<char>(drawn.below(256)); break;
        case 1: changed.erase(place, 1); break;
        default:
          changed.insert(place, 1, drawn.of(std::vector<char>{'"', ',', '[', ']', '{', '}', ':', '0', '-', '.', 'e', '\\'}));
      }
      of_changed += expect_same(changed);
    }
  }
  if (quick == 0) GTEST_SKIP() << "this build has no simdjson";
  EXPECT_EQ(quick, 4000);  // all of them are JSON, and no number is out of reach
  EXPECT_GT(of_changed, 1000);
}

TEST(JsonFast, LeavesDeepAndLongTextsToTheSlowWay) {
  const auto nested = [](size_t levels) { return std::string(levels, '[') + "1" + std::string(levels, ']'); };
  EXPECT_EQ(Json::parse(nested(200)), detail::parse_json_slowly(nested(200)));
  EXPECT_FALSE(detail::parse_json_fast(nested(201)).has_value());
  EXPECT_THROW(Json::parse(nested(202)), ValueError);
  EXPECT_FALSE(detail::parse_json_fast("[" + std::string(2 << 20, ' ') + "]").has_value());
  EXPECT_EQ(Json::parse("[" + std::string(2 << 20, ' ') + "]"), Json(Json::List{}));
}

TEST(JsonFast, KeepsTheLastOfAName) {
  for (const auto* text : {R"({"a": 1, "b": 2, "a": 3})", R"({"b": [], "\u0061": 1, "a": {}})"}) {
    EXPECT_EQ(Json::parse(text), detail::parse_json_slowly(text)) << text;
  }
}

}  // namespace
}  // namespace opsis
