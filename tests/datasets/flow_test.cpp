// Optical flow and stereo: files, order and numbers as torchvision has them.
#include <algorithm>
#include <set>

#include "opsis/datasets/optical_flow.h"
#include "opsis/datasets/stereo_matching.h"
#include "opsis/transforms/geometry.h"
#include "tests/datasets/opened.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;
using oracle::Case;

void expect_tensor_of(const torch::Tensor& actual, const Case& c, const std::string& key) {
  SCOPED_TRACE(key);
  ASSERT_EQ(actual.defined(), c.has_tensor(key));
  if (!actual.defined()) return;
  EXPECT_TENSOR_EQ(actual, c.tensor(key));
}

void expect_example(const FlowExample& example, const Case& c, const std::string& i) {
  EXPECT_TENSOR_EQ(example.first.data, c.tensor("first" + i));
  EXPECT_TENSOR_EQ(example.second.data, c.tensor("second" + i));
  expect_tensor_of(example.flow, c, "moved" + i);
  expect_tensor_of(example.valid, c, "valid" + i);
}

void expect_example(const StereoExample& example, const Case& c, const std::string& i) {
  EXPECT_TENSOR_EQ(example.left.data, c.tensor("first" + i));
  EXPECT_TENSOR_EQ(example.right.data, c.tensor("second" + i));
  expect_tensor_of(example.disparity, c, "moved" + i);
  expect_tensor_of(example.valid, c, "valid" + i);
}

template <class Data, class Set>
void expect_flow_as_torchvision(const std::string& table, const Set& set) {
  each_opened(
      "datasets_flow/" + table,
      [&](const Case& c, const fs::path& root, bool download) {
        typename Data::Options options{.root = root};
        if constexpr (requires { options.download = download; }) options.download = download;
        set(options, c);
        return Data(std::move(options));
      },
      [](const Data& data, const Case& c) {
        ASSERT_EQ(data.size(), static_cast<size_t>(c.integer("length")));
        for (size_t i = 0; i < data.size(); ++i) expect_example(data.get(i), c, std::to_string(i));
      });
}

constexpr auto kNothing = [](auto&, const Case&) {};
constexpr auto kSplitOf = [](auto& options, const Case& c) { options.split = c.text("split"); };
constexpr auto kPassOf = [](auto& options, const Case& c) { options.pass_name = c.text("pass_name"); };

TEST(Sintel, EqualsTorchvision) {
  expect_flow_as_torchvision<Sintel>("sintel", [](auto& options, const Case& c) {
    kSplitOf(options, c);
    kPassOf(options, c);
  });
}
TEST(KittiFlow, EqualsTorchvision) { expect_flow_as_torchvision<KittiFlow>("kitti_flow", kSplitOf); }
TEST(FlyingChairs, EqualsTorchvision) { expect_flow_as_torchvision<FlyingChairs>("flying_chairs", kSplitOf); }
TEST(FlyingThings3D, EqualsTorchvision) {
  expect_flow_as_torchvision<FlyingThings3D>("flying_things", [](auto& options, const Case& c) {
    kSplitOf(options, c);
    kPassOf(options, c);
    options.camera = c.text("camera");
  });
}
TEST(HD1K, EqualsTorchvision) { expect_flow_as_torchvision<HD1K>("hd1k", kSplitOf); }

TEST(CarlaStereo, EqualsTorchvision) { expect_flow_as_torchvision<CarlaStereo>("carla", kNothing); }
TEST(Kitti2012Stereo, EqualsTorchvision) { expect_flow_as_torchvision<Kitti2012Stereo>("kitti2012", kSplitOf); }

// In the real layout there is a second pair of each street, without a disparity.
Kitti2015Stereo kitti2015_of(const Case& c) { return Kitti2015Stereo({.root = c.text("root"), .split = c.text("split")}); }

TEST(Kitti2015Stereo, TestEqualsTorchvision) {
  const auto cases = oracle::cases("datasets_flow/kitti2015");
  const auto c = std::find_if(cases.begin(), cases.end(), [](const Case& one) { return one.text("split") == "test"; });
  ASSERT_NE(c, cases.end());
  const auto data = kitti2015_of(*c);
  ASSERT_EQ(data.size(), static_cast<size_t>(c->integer("length")));
  for (size_t i = 0; i < data.size(); ++i) expect_example(data.get(i), *c, std::to_string(i));
}
TEST(Kitti2015Stereo, TrainGivesDisparitiesToTheirPicturesWhereTorchvisionGivesThemToOthers) {
  const auto cases = oracle::cases("datasets_flow/kitti2015");
  const auto c = std::find_if(cases.begin(), cases.end(), [](const Case& one) { return one.text("split") == "train"; });
  ASSERT_NE(c, cases.end());
  const auto data = kitti2015_of(*c);
  ASSERT_EQ(2 * data.size(), static_cast<size_t>(c->integer("length")));
  for (size_t i = 0; i < data.size(); ++i) {
    SCOPED_TRACE(i);
    // torchvision's pairs are 0_10, 0_11, 1_10, 1_11, and its disparities 0_10, 1_10.
    const auto ours = data.get(i);
    EXPECT_TENSOR_EQ(ours.left.data, c->tensor("first" + std::to_string(2 * i)));
    EXPECT_TENSOR_EQ(ours.right.data, c->tensor("second" + std::to_string(2 * i)));
    EXPECT_TENSOR_EQ(ours.disparity, c->tensor("moved" + std::to_string(i)));
    EXPECT_FALSE(ours.valid.defined());
    EXPECT_FALSE(c->has_tensor("moved" + std::to_string(data.size() + i)));  // where it fails
  }
}
TEST(Middlebury2014Stereo, EqualsTorchvision) {
  expect_flow_as_torchvision<Middlebury2014Stereo>("middlebury", [](auto& options, const Case& c) {
    kSplitOf(options, c);
    options.calibration = c.is_null("calibration") ? std::nullopt : std::optional(c.text("calibration"));
  });
}
TEST(Middlebury2014Stereo, DrawsTheLightOfTheRightPicture) {
  const auto c = oracle::cases("datasets_flow/middlebury_light").front();
  const Middlebury2014Stereo scenes({.root = c.text("root"), .calibration = "perfect", .use_ambient_views = true});
  ASSERT_EQ(scenes.size(), static_cast<size_t>(c.integer("length")));
  for (size_t i = 0; i < scenes.size(); ++i) {
    SCOPED_TRACE(i);
    const auto rights = c.tensor("rights" + std::to_string(i));
    std::set<int64_t> seen;
    for (int drawn = 0; drawn < 40; ++drawn) {
      const auto example = scenes.get(i);
      EXPECT_TENSOR_EQ(example.left.data, c.tensor("left" + std::to_string(i)));
      for (int64_t which = 0; which < rights.size(0); ++which) {
        if (example.right.data.equal(rights[which])) seen.insert(which);
      }
    }
    EXPECT_EQ(seen.size(), static_cast<size_t>(rights.size(0)));
  }
}
TEST(CREStereo, EqualsTorchvision) { expect_flow_as_torchvision<CREStereo>("crestereo", kNothing); }
TEST(FallingThingsStereo, EqualsTorchvision) {
  expect_flow_as_torchvision<FallingThingsStereo>("falling_things",
                                                  [](auto& options, const Case& c) { options.variant = c.text("variant"); });
}
TEST(SceneFlowStereo, EqualsTorchvision) {
  expect_flow_as_torchvision<SceneFlowStereo>("scene_flow", [](auto& options, const Case& c) {
    options.variant = c.text("variant");
    kPassOf(options, c);
  });
}
TEST(SintelStereo, EqualsTorchvision) { expect_flow_as_torchvision<SintelStereo>("sintel_stereo", kPassOf); }
TEST(InStereo2k, EqualsTorchvision) { expect_flow_as_torchvision<InStereo2k>("instereo", kSplitOf); }
TEST(ETH3DStereo, EqualsTorchvision) { expect_flow_as_torchvision<ETH3DStereo>("eth3d", kSplitOf); }

TEST(FlowDataSets, TransformsMirrorBothFramesAndTheFlow) {
  const fs::path root = oracle::cases("datasets_flow/kitti_flow").front().text("root");
  const auto plain = KittiFlow({.root = root}).get(1);
  const auto mirrored = KittiFlow({.root = root, .transforms = transforms::RandomHorizontalFlip(1.0)}).get(1);
  EXPECT_TENSOR_EQ(mirrored.first.data, plain.first.data.flip(-1));
  EXPECT_TENSOR_EQ(mirrored.second.data, plain.second.data.flip(-1));
  EXPECT_TENSOR_EQ(mirrored.flow, torch::stack({-plain.flow[0], plain.flow[1]}).flip(-1));
  EXPECT_TENSOR_EQ(mirrored.valid, plain.valid.flip(-1));
  const auto without = KittiFlow({.root = root, .split = "test", .transforms = transforms::RandomHorizontalFlip(1.0)}).get(0);
  EXPECT_FALSE(without.flow.defined());
}

TEST(FlowDataSets, SayWhatIsWrong) {
  const support::TemporaryFolder root;
  EXPECT_ERROR(Sintel({.root = root.path()}), NotFoundError, "Sintel/training/clean is not there");
  EXPECT_ERROR(Sintel({.root = root.path(), .pass_name = "dirty"}), ValueError, "pass_name must be clean, final or both");
  EXPECT_ERROR(KittiFlow({.root = root.path()}), NotFoundError, "KittiFlow: its pictures are not in");
  EXPECT_ERROR(FlyingChairs({.root = root.path()}), NotFoundError, "FlyingChairs_train_val.txt is not there");
  EXPECT_ERROR(CarlaStereo({.root = root.path()}), NotFoundError, "matches trainingF/*/im0.png");
  EXPECT_ERROR(Middlebury2014Stereo({.root = root.path(), .split = "test"}), ValueError,
               "calibration must be none for the split test, got \"perfect\"");
  EXPECT_ERROR(Middlebury2014Stereo({.root = root.path(), .calibration = std::nullopt}), ValueError, "got none");
  root.write("carla-highres/trainingF/a/im0.png", "");
  root.write("carla-highres/trainingF/b/im0.png", "");
  root.write("carla-highres/trainingF/a/im1.png", "");
  EXPECT_ERROR(CarlaStereo({.root = root.path()}), DecodeError, "2 files match trainingF/*/im0.png and 1 match");
  root.write("FlyingChairs/data/1_flow.flo", "");
  root.write("FlyingChairs/FlyingChairs_train_val.txt", "1\n");
  EXPECT_ERROR(FlyingChairs({.root = root.path()}), DecodeError, "there are 1 flows and 0 frames");
}

}  // namespace
}  // namespace opsis::datasets
