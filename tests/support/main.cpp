#include <ATen/Context.h>
#include <gmock/gmock.h>

#include <cstdlib>

namespace {

// LibTorch's first seed is another one in each process: what a test draws must not decide whether it passes.
class SeedsEachTest final : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override { at::manual_seed(0); }
};

// What the user of this machine has set must not decide it either: downloads are from this machine, to folders of the tests' own.
void forget_the_users_net() {
  for (const auto* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
                           "OPSIS_OFFLINE", "OPSIS_HUB_MIRROR", "TORCH_HOME"}) {
    unsetenv(name);
  }
}

}  // namespace

int main(int argc, char** argv) {
  forget_the_users_net();
  testing::InitGoogleMock(&argc, argv);
  testing::UnitTest::GetInstance()->listeners().Append(new SeedsEachTest);
  return RUN_ALL_TESTS();
}
