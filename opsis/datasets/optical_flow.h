// Pairs of frames and the flow between them.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opsis/datasets/classified.h"
#include "opsis/datasets/examples.h"

namespace opsis::inline v1::datasets {

/// The files of a data set of optical flow.
struct FlowFiles {
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> images{};
  std::vector<std::filesystem::path> flows{};  ///< of each pair, or of none
};

/// What data sets of optical flow share: files in pairs, and a flow for each pair, or for none. None can be downloaded by us;
/// where each comes from is said at its class.
class OPSIS_API FlowDataset : public Dataset<FlowExample> {
 public:
  size_t size() const override { return files_.images.size(); }
  FlowExample get(size_t index) const override;
  const FlowFiles& files() const { return files_; }

 protected:
  /// What is in a file: the flow, and where it is known if the file says that.
  using Reader = std::function<std::pair<torch::Tensor, torch::Tensor>(const std::filesystem::path&)>;
  /// `name` begins the messages and must outlive the data set.
  /// Throws   DecodeError when there are flows, but not one for each pair
  FlowDataset(std::string_view name, FlowFiles files, Reader reader, transforms::AnyTransform transforms,
              ImageLoader loader = {});

 private:
  std::string_view name_;
  FlowFiles files_;
  Reader reader_;
  transforms::AnyTransform transforms_;
  ImageLoader loader_;
};

/// Frames of the film Sintel: splits train (1,041 pairs a pass, with flow) and test (552, without); passes clean, final or
/// both. From http://sintel.is.tue.mpg.de, into root/Sintel.
///     datasets::Sintel film({.root = "data", .pass_name = "both"});
///     auto [first, second, flow, valid] = film.get(0);   // valid is undefined
/// Throws   NotFoundError when folders are absent; ValueError for another split or pass
/// Differs  scenes are in the order of their names, where torchvision's is that of the file system
/// Source   torchvision.datasets.Sintel
class OPSIS_API Sintel final : public FlowDataset {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    std::string pass_name = "clean";
    transforms::AnyTransform transforms{};
    ImageLoader loader{};  ///< in place of default_loader
  };
  explicit Sintel(Options options);
};

/// Streets from a car, 2015: splits train (200 pairs, with sparse flow) and test (200, without). From
/// http://www.cvlibs.net/datasets/kitti/eval_scene_flow.php?benchmark=flow, into root/KittiFlow.
/// Throws   NotFoundError when there are no pictures; ValueError for another split
/// Source   torchvision.datasets.KittiFlow
class OPSIS_API KittiFlow final : public FlowDataset {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    transforms::AnyTransform transforms{};
    ImageLoader loader{};
  };
  explicit KittiFlow(Options options);
};

/// Rendered chairs before photos: splits train (22,232 pairs) and val (640). From
/// https://lmb.informatik.uni-freiburg.de/resources/datasets/FlyingChairs.en.html, with FlyingChairs_train_val.txt, into
/// root/FlyingChairs.
/// Throws   NotFoundError when the list of splits is absent; DecodeError when it does not fit the files; ValueError for another
///          split
/// Source   torchvision.datasets.FlyingChairs
class OPSIS_API FlyingChairs final : public FlowDataset {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    transforms::AnyTransform transforms{};
    bool index = false;  ///< keep what the folders hold for the next time, as make_dataset does
  };
  explicit FlyingChairs(Options options);
};

/// Rendered things in flight, both ways through time: splits train and test; passes clean, final or both; cameras left, right
/// or both. From https://lmb.informatik.uni-freiburg.de/resources/datasets/SceneFlowDatasets.en.html, into root/FlyingThings3D.
/// Throws   NotFoundError when there are no folders; DecodeError when frames do not fit the flows; ValueError for another
///          option
/// Source   torchvision.datasets.FlyingThings3D
class OPSIS_API FlyingThings3D final : public FlowDataset {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    std::string pass_name = "clean";
    std::string camera = "left";
    transforms::AnyTransform transforms{};
    ImageLoader loader{};
    bool index = false;  ///< keep what the folders hold for the next time, as make_dataset does
  };
  explicit FlyingThings3D(Options options);
};

/// A street in all weathers: splits train (1,047 pairs, with sparse flow) and test (without). From
/// http://hci-benchmark.iwr.uni-heidelberg.de, into root/hd1k.
/// Throws   NotFoundError when there are no pictures; ValueError for another split
/// Source   torchvision.datasets.HD1K
class OPSIS_API HD1K final : public FlowDataset {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    transforms::AnyTransform transforms{};
    ImageLoader loader{};
  };
  explicit HD1K(Options options);
};

}  // namespace opsis::inline v1::datasets
