// What files of annotations are read with, which does as Python's str and int do.
#include "opsis/datasets/text_file.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis::datasets {
namespace {

using nlohmann::json;

TEST(Stripped, TakesAwayTheWhiteSpaceThatPythonTakesAway) {
  const auto c = oracle::cases("datasets_targets/white_space").front();
  const auto letters = c.texts("letters");
  const auto is_white = c.ints("stripped");
  for (size_t i = 0; i < letters.size(); ++i) {
    const auto& letter = letters[i];
    const auto kept = "a" + letter + "b", whole = letter + letter + kept + letter;
    EXPECT_EQ(stripped(whole), is_white[i] ? kept : whole) << "letter " << i;
    EXPECT_EQ(stripped_at_end(whole), is_white[i] ? letter + letter + kept : whole) << "letter " << i;
    EXPECT_EQ(stripped(letter).empty(), is_white[i] == 1) << "letter " << i;
  }
  EXPECT_EQ(stripped("\xA0 b\xC2"), "\xA0 b\xC2");  // no UTF-8
}

TEST(IntegerOf, TakesWhatPythonsIntTakesWithin64Bits) {
  EXPECT_EQ(integer_of(" \t-12\n"), -12);
  EXPECT_EQ(integer_of("+007"), 7);
  EXPECT_EQ(integer_of("9223372036854775807"), 9223372036854775807);
  for (const auto* word : {"", " ", "+", "-", "+-1", "1 2", "1x", "0x1", "1.0", "9223372036854775808"}) {
    EXPECT_EQ(integer_of(word), std::nullopt) << word;
  }
}

TEST(ZeroPadded, CountsTheSignAsPythonDoes) {
  EXPECT_EQ(zero_padded(95, 6), "000095");
  EXPECT_EQ(zero_padded(-95, 6), "-00095");
  EXPECT_EQ(zero_padded(1234567, 6), "1234567");
  EXPECT_EQ(zero_padded(std::numeric_limits<int64_t>::min(), 6), "-9223372036854775808");
  EXPECT_EQ(zero_padded(0, 0), "0");
}

TEST(CsvRows, AreThoseOfPythonsReader) {
  const auto c = oracle::cases("datasets_targets/csv").front();
  const auto texts = json::parse(c.text("texts")), rows = json::parse(c.text("rows"));
  for (size_t i = 0; i < texts.size(); ++i) {
    for (const bool skip : {false, true}) {
      EXPECT_EQ(json(csv_rows(texts[i].get<std::string>(), ',', skip)), rows[i][skip ? 1 : 0]) << texts[i] << skip;
    }
  }
}

}  // namespace
}  // namespace opsis::datasets
