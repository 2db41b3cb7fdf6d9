// Packages that Python scripted run on Opsis's operators, under torchvision's names.
#include "opsis/torchvision_ops.h"

#include <torch/csrc/inductor/aoti_package/model_package_loader.h>
#include <torch/script.h>
#include <torch/torch.h>

#include <cstdlib>

#include "tests/support/expect.h"
#include "tests/support/memory.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

TEST(TorchvisionOps, AreAllOfTorchvisionsByItsSchemas) {
  for (const auto& c : oracle::cases("ops_scripted/schemas")) {
    for (const auto& schema : c.texts("schemas")) {
      const auto op = c10::Dispatcher::singleton().findSchema({schema.substr(0, schema.find('(')), ""});
      ASSERT_TRUE(op) << schema;
      EXPECT_EQ(c10::toString(op->schema()), schema);
    }
  }
}

TEST(TorchvisionOps, RunAMaskRcnnThatPythonScripted) {
  ASSERT_TRUE(has_torchvision_ops());
  for (const auto& c : oracle::cases("ops_scripted/mask_rcnn")) {
    auto model = torch::jit::load((oracle::folder() / "mask_rcnn.pt").string());
    const torch::InferenceMode inference;
    const auto result = model.forward({c10::List<torch::Tensor>({c.tensor("image")})});
    const auto found = result.toTuple()->elements()[1].toList().get(0).toGenericDict();
    for (const auto* const name : {"boxes", "scores", "masks"})
      EXPECT_TENSOR_NEAR(found.at(name).toTensor(), c.tensor(name), 1e-4, 0);
    EXPECT_TENSOR_EQ(found.at("labels").toTensor(), c.tensor("labels"));
  }
}

TEST(TorchvisionOps, RunAPackageThatAotInductorCompiled) {
  for (const auto& c : oracle::cases("ops_packaged/suppressed")) {
    const torch::InferenceMode inference;
    torch::inductor::AOTIModelPackageLoader model((oracle::folder() / "suppressed.pt2").string());
    const auto found = model.run({c.tensor("x"), c.tensor("boxes"), c.tensor("scores")});
    ASSERT_EQ(found.size(), 2u);
    EXPECT_TENSOR_EQ(found[0], c.tensor("keep"));
    EXPECT_TENSOR_NEAR(found[1], c.tensor("pooled"), 1e-5, 0);
  }
}

TEST(TorchvisionOps, AreDifferentiated) {
  for (const auto& c : oracle::cases("ops_scripted/rest")) {
    auto model = torch::jit::load((oracle::folder() / "rest.pt").string());
    const auto x = c.tensor("x").requires_grad_();
    const auto out = model.forward({x, c.tensor("rois"), c.tensor("offset"), c.tensor("weight")}).toTensor();
    EXPECT_TENSOR_NEAR(out.detach(), c.tensor("expected"), 1e-5, 1e-6);
    out.backward();
    EXPECT_TENSOR_NEAR(x.grad(), c.tensor("gradient"), 1e-5, 1e-6);
  }
}

TEST(TorchvisionOps, LeaveTorchvisionAloneWhereItIsLoaded) {
  if (support::sanitized()) GTEST_SKIP() << "Python, which is not sanitized, cannot load a library that is";
  const auto* const python = std::getenv("OPSIS_PYTHON");
  const auto* const build = std::getenv("OPSIS_BINARY_DIR");
  ASSERT_TRUE(python && build) << "run the tests by ctest, which names Python and the build folder";
  const auto program = std::string("import torch, torchvision; ") + "torch.ops.load_library('" + build +
                       "/libopsis_torchvision_ops.so'); " + "boxes = torch.tensor([[0., 0, 4, 4], [0, 0, 4, 3]]); " +
                       "assert torchvision.ops.nms(boxes, torch.tensor([0.5, 0.9]), 0.5).tolist() == [1]; " +
                       "assert torch.ops.opsis.nms(boxes, torch.tensor([0.5, 0.9]), 0.5).tolist() == [1]; " +
                       "import ctypes; told = ctypes.CDLL('" + build + "/libopsis_torchvision_ops.so')." +
                       "_ZN5opsis2v119has_torchvision_opsEv; told.restype = ctypes.c_bool; assert not told()";
  EXPECT_EQ(std::system((std::string(python) + " -c \"" + program + "\"").c_str()), 0);
}

}  // namespace
}  // namespace opsis
