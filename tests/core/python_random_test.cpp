#include "opsis/core/python_random.h"

#include <limits>
#include <thread>

#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

TEST(PythonRandom, DrawsWhatPythonDraws) {
  for (const auto& c : oracle::cases("core/python_draws")) {
    SCOPED_TRACE(c.name());
    random::PythonRandom random(std::stoull(c.text("seed_text")));
    for (const auto expected : c.numbers("uniform")) EXPECT_EQ(random.uniform(), expected);
    const uint64_t limits[] = {1, 2, 3, 7, 100, 1ULL << 31, (1ULL << 32) - 1, 1ULL << 32, (1ULL << 40) + 3};
    const auto below = c.ints("below");
    for (size_t i = 0; i < below.size(); ++i) EXPECT_EQ(random.below(limits[i]), static_cast<uint64_t>(below[i]));
    std::string shuffled = "[";
    for (const int64_t n : {0, 1, 2, 5, 40}) {
      std::string list;
      for (const auto i : random.shuffled(n)) list += (list.empty() ? "" : ",") + std::to_string(i);
      shuffled += (shuffled.size() > 1 ? ",[" : "[") + list + "]";
    }
    EXPECT_EQ(shuffled + "]", c.json("shuffled"));
    const int64_t counts[] = {1, 2, 3, 10};
    const auto choices = c.ints("choice");
    for (size_t i = 0; i < choices.size(); ++i) EXPECT_EQ(random.choice(counts[i]), choices[i]);
    const std::vector<double> weights[] = {{1, 1, 1, 1}, {0, 0, 2, 0}, {0.1, 0.2, 0.3, 5}, {9, 0, 0, 0}};
    const auto weighted = c.ints("weighted");
    for (size_t i = 0; i < weighted.size(); ++i) EXPECT_EQ(random.choice(4, weights[i]), weighted[i]);
    EXPECT_EQ(random.uniform(), c.number("next"));
  }
}

TEST(PythonRandom, RefusesTheWeightsThatPythonRefuses) {
  for (const auto& c : oracle::cases("core/python_refusals")) {
    SCOPED_TRACE(c.name());
    const auto weights = c.numbers("weights");
    random::PythonRandom random(1);
    if (c.boolean("refused")) {
      EXPECT_THROW(random.choice(2, weights), ValueError);
    } else {
      EXPECT_NO_THROW(random.choice(2, weights));
    }
  }
  EXPECT_THROW(random::PythonRandom(1).choice(2, {{std::numeric_limits<double>::infinity(), 1}}), ValueError);
  EXPECT_ERROR(random::PythonRandom(1).below(0), ValueError, "n must be positive");
  EXPECT_ERROR(random::PythonRandom(1).choice(0), ValueError, "something to choose from");
}

TEST(PythonRandom, IsSeededForTheProcessAndForAThread) {
  random::seed_python(7);
  const auto first = random::python_shuffled(30);
  random::seed_python(7);
  {
    const random::PythonScope scope(8);
    const auto inner = random::python_shuffled(30);
    EXPECT_NE(inner, first);
    EXPECT_EQ(inner, random::PythonRandom(8).shuffled(30));
  }
  std::vector<int64_t> elsewhere;
  std::thread([&] {
    const random::PythonScope scope(9);
    elsewhere = random::python_shuffled(30);
  }).join();
  EXPECT_EQ(elsewhere, random::PythonRandom(9).shuffled(30));
  EXPECT_EQ(random::python_shuffled(30), first);
  random::seed_python(7);
  EXPECT_EQ(random::python_choice(1000), random::PythonRandom(7).choice(1000));
}

}  // namespace
}  // namespace opsis
