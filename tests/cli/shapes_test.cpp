// The example that learns to find shapes, in small.
#include <cstdio>
#include <sstream>

#include "tests/cli/tool.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis::cli_tests {
namespace {

struct Epoch {
  int number = 0;
  double loss = 0, ap = 0, ap50 = 0;
};

TEST(Shapes, AreLearnedAndFound) {
  if (!std::filesystem::exists(std::string(std::getenv("OPSIS_BINARY_DIR")) + "/opsis_shapes")) {
    GTEST_SKIP() << "built without the examples";
  }
  const support::TemporaryFolder folder;
  const auto run = run_program("opsis_shapes", {folder.path().string(), "5", "320"});
  ASSERT_EQ(run.code, 0) << run.err;
  std::vector<Epoch> epochs;
  std::istringstream lines(run.out);
  for (std::string line; std::getline(lines, line);) {
    Epoch epoch;
    if (std::sscanf(line.c_str(), "epoch %d  loss %lf  AP %lf  AP50 %lf", &epoch.number, &epoch.loss, &epoch.ap, &epoch.ap50) ==
        4) {
      epochs.push_back(epoch);
    }
  }
  ASSERT_EQ(epochs.size(), 5) << run.out;
  EXPECT_LT(epochs.back().loss, epochs.front().loss * 0.7);
  EXPECT_GT(epochs.back().ap50, 0.25) << run.out;
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "shapes_detections.png"));
}

}  // namespace
}  // namespace opsis::cli_tests
