#include <ATen/Context.h>
#include <gmock/gmock.h>

namespace {

// LibTorch's first seed is another one in each process: what a test draws must not decide whether it passes.
class SeedsEachTest final : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override { at::manual_seed(0); }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  testing::UnitTest::GetInstance()->listeners().Append(new SeedsEachTest);
  return RUN_ALL_TESTS();
}
