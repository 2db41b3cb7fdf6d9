// Pictures of two cameras and the disparity between them.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opsis/datasets/classified.h"
#include "opsis/datasets/examples.h"

namespace opsis::inline v1::datasets {

/// The files of a data set of stereo pairs.
struct StereoFiles {
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> images{};
  std::vector<std::filesystem::path> disparities{};  ///< of each left picture, or of none
};

/// What data sets of stereo pairs share. The disparity is that of the left picture. Unless said otherwise they are brought by
/// hand; where each comes from is said at its class.
class OPSIS_API StereoDataset : public Dataset<StereoExample> {
 public:
  size_t size() const override { return files_.images.size(); }
  StereoExample get(size_t index) const override;
  const StereoFiles& files() const { return files_; }

 protected:
  /// What is in a file: the disparity, and where it is known if that is told.
  using Reader = std::function<std::pair<torch::Tensor, torch::Tensor>(const std::filesystem::path&)>;
  /// Which file is read for that of a right picture.
  using RightPath = std::function<std::filesystem::path(const std::filesystem::path&)>;
  /// `name` begins the messages and must outlive the data set; a right_path that is empty leaves them as they are.
  /// Throws   DecodeError when there are disparities, but not one for each pair
  StereoDataset(std::string_view name, StereoFiles files, Reader reader, transforms::AnyTransform transforms,
                RightPath right_path = {});

 private:
  std::string_view name_;
  StereoFiles files_;
  Reader reader_;
  transforms::AnyTransform transforms_;
  RightPath right_path_;
};

/// Pictures of a driving simulator, 1920 x 1080. From https://github.com/cogsys-tuebingen/uncertainty-aware-ml-stereo, into
/// root/carla-highres.
/// Throws   NotFoundError when there are no pictures; DecodeError when left and right ones are not as many
/// Source   torchvision.datasets.CarlaStereo
class OPSIS_API CarlaStereo final : public StereoDataset {
 public:
  struct Options {
    std::filesystem::path root;
    transforms::AnyTransform transforms{};
    bool index = false;  ///< keep what the folders hold for the next time, as make_dataset does
  };
  explicit CarlaStereo(Options options);
};

/// Streets from a car, 2012: splits train (194 pairs, with sparse disparities) and test (195, without). From
/// http://www.cvlibs.net/datasets/kitti/eval_stereo_flow.php?benchmark=stereo, into root/Kitti2012.
/// Types    disparity float64
/// Throws   NotFoundError when there are no pictures; DecodeError when left and right ones are not as many; ValueError for
///          another split
/// Source   torchvision.datasets.Kitti2012Stereo
class OPSIS_API Kitti2012Stereo final : public StereoDataset {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    transforms::AnyTransform transforms{};
  };
  explicit Kitti2012Stereo(Options options);
};

/// Streets from a car, 2015: splits train (200 pairs, with sparse disparities) and test (400, without: of each street the pair
/// that follows too). From
/// http://www.cvlibs.net/datasets/kitti/eval_stereo_flow.php?benchmark=stereo, into root/Kitti2015.
/// Types    disparity float64
/// Throws   as Kitti2012Stereo
/// Differs  of the split train takes the pictures *_10.png alone; torchvision takes those that follow (*_11.png) too, which have
///          no disparity, so it gives the first 200 pairs those of others, and fails at the rest
/// Source   torchvision.datasets.Kitti2015Stereo
class OPSIS_API Kitti2015Stereo final : public StereoDataset {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    transforms::AnyTransform transforms{};
  };
  explicit Kitti2015Stereo(Options options);
};

/// Still lives in high resolution: splits train (10 scenes), additional (13) and test (15, without disparities, and without
/// calibration); calibration perfect, imperfect or both. Downloaded scene by scene into root/Middlebury2014.
///     datasets::Middlebury2014Stereo scenes({.root = "data", .split = "test", .calibration = std::nullopt, .download = true});
/// Draws    with use_ambient_views, one torch.randint(n) for which of n lightings of the right picture is read
/// Throws   NotFoundError when the folder is absent and download is false; ValueError for another split or calibration, and for
///          a calibration of the test split or none of the others
/// Differs  use_ambient_views draws from the current generator, where torchvision draws from Python's random
/// Source   torchvision.datasets.Middlebury2014Stereo
class OPSIS_API Middlebury2014Stereo final : public StereoDataset {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    std::optional<std::string> calibration = "perfect";
    bool use_ambient_views = false;
    transforms::AnyTransform transforms{};
    bool download = false;
  };
  explicit Middlebury2014Stereo(Options options);
};

/// Rendered shapes, mirrors, trees and holes. From https://github.com/megvii-research/CREStereo, into root/CREStereo.
/// Throws   as CarlaStereo
/// Source   torchvision.datasets.CREStereo
class OPSIS_API CREStereo final : public StereoDataset {
 public:
  struct Options {
    std::filesystem::path root;
    transforms::AnyTransform transforms{};
    bool index = false;  ///< keep what the folders hold for the next time, as make_dataset does
  };
  explicit CREStereo(Options options);
};

/// Rendered household things in flight: variants single, mixed or both. From
/// https://research.nvidia.com/publication/2018-06_falling-things-synthetic-dataset-3d-object-detection-and-pose-estimation,
/// into root/FallingThings.
/// Throws   as CarlaStereo; ValueError for another variant
/// Source   torchvision.datasets.FallingThingsStereo
class OPSIS_API FallingThingsStereo final : public StereoDataset {
 public:
  struct Options {
    std::filesystem::path root;
    std::string variant = "single";
    transforms::AnyTransform transforms{};
    bool index = false;  ///< keep what the folders hold for the next time, as make_dataset does
  };
  explicit FallingThingsStereo(Options options);
};

/// Rendered scenes: variants FlyingThings3D, Driving and Monkaa; passes clean, final or both. From
/// https://lmb.informatik.uni-freiburg.de/resources/datasets/SceneFlowDatasets.en.html, into root/SceneFlow.
/// Throws   as CarlaStereo; ValueError for another variant or pass
/// Source   torchvision.datasets.SceneFlowStereo
class OPSIS_API SceneFlowStereo final : public StereoDataset {
 public:
  struct Options {
    std::filesystem::path root;
    std::string variant = "FlyingThings3D";
    std::string pass_name = "clean";
    transforms::AnyTransform transforms{};
    bool index = false;  ///< keep what the folders hold for the next time, as make_dataset does
  };
  explicit SceneFlowStereo(Options options);
};

/// The film Sintel with two cameras: passes final, clean or both; what only one camera sees is not valid. From
/// http://sintel.is.tue.mpg.de/stereo, into root/Sintel.
/// Throws   as CarlaStereo; ValueError for another pass; get throws NotFoundError when a mask is absent
/// Source   torchvision.datasets.SintelStereo
class OPSIS_API SintelStereo final : public StereoDataset {
 public:
  struct Options {
    std::filesystem::path root;
    std::string pass_name = "final";
    transforms::AnyTransform transforms{};
  };
  explicit SintelStereo(Options options);
};

/// Rooms, by an active sensor: splits train (2,010 pairs) and test (50). From https://github.com/YuhuaXu/StereoDataset, into
/// root/InStereo2k.
/// Throws   as CarlaStereo; ValueError for another split
/// Source   torchvision.datasets.InStereo2k
class OPSIS_API InStereo2k final : public StereoDataset {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    transforms::AnyTransform transforms{};
    bool index = false;  ///< keep what the folders hold for the next time, as make_dataset does
  };
  explicit InStereo2k(Options options);
};

/// Gray pictures of rooms and gardens: splits train (27 pairs, with masks of what is not hidden) and test (20, without
/// disparities). From https://www.eth3d.net/datasets, into root/ETH3D.
/// Throws   as CarlaStereo; ValueError for another split
/// Source   torchvision.datasets.ETH3DStereo
class OPSIS_API ETH3DStereo final : public StereoDataset {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    transforms::AnyTransform transforms{};
  };
  explicit ETH3DStereo(Options options);
};

}  // namespace opsis::inline v1::datasets
