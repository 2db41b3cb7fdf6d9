#include "opsis/datasets/stereo_matching.h"

#include <ATen/ops/abs.h>
#include <ATen/ops/logical_and.h>

#include <algorithm>
#include <array>
#include <span>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/glob.h"
#include "opsis/datasets/json_file.h"
#include "opsis/datasets/picture.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"
#include "opsis/io/image.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

using DisparityAndMask = std::pair<torch::Tensor, torch::Tensor>;

// Finds the files of a data set below its root, and puts them into lists.
class StereoGlob {
 public:
  // `dataset` begins the messages.
  StereoGlob(std::string_view dataset, fs::path root, bool index = false)
      : dataset_(dataset), root_(std::move(root)), glob_(root_, index) {}

  // Adds the pairs of two patterns.
  void append_pairs(const std::string& left, const std::string& right, StereoFiles& out) {
    const auto [lefts, rights] = pairs(left, right);
    detail::append_found(lefts, rights, out.images);
  }
  // Adds the disparities of a pattern. Where there are some of the right pictures too, these must be as many.
  void append_disparities(const std::string& left, const std::string& right, StereoFiles& out) {
    detail::append_found(right.empty() ? found(left) : pairs(left, right).first, out.disparities);
  }
  // To be called last: keeps what the folders hold for the next time.
  void keep() { glob_.keep(); }

 private:
  std::vector<FoundName> found(const std::string& pattern) {
    auto out = glob_(pattern);
    if (out.empty()) raise<NotFoundError>("{}: nothing in {} matches {}", dataset_, root_.string(), pattern);
    return out;
  }
  std::pair<std::vector<FoundName>, std::vector<FoundName>> pairs(const std::string& left, const std::string& right) {
    auto lefts = found(left), rights = found(right);
    if (lefts.size() != rights.size()) {
      raise<DecodeError>("{}: in {}, {} files match {} and {} match {}", dataset_, root_.string(), lefts.size(), left,
                         rights.size(), right);
    }
    return {std::move(lefts), std::move(rights)};
  }

  std::string_view dataset_;
  fs::path root_;
  FolderGlob glob_;
};

torch::Tensor pfm_disparity(const fs::path& path) { return at::abs(io::read_pfm(path).slice(0, 0, 1)).contiguous(); }

DisparityAndMask plain_pfm_disparity(const fs::path& path) { return {pfm_disparity(path), {}}; }

// One channel of a picture of whole numbers, (1, H, W).
torch::Tensor stored_levels(const fs::path& path) {
  const auto levels = io::decode_image(path).data;
  if (levels.size(0) != 1) raise<DecodeError>("{}: it must have one channel, got {}", path.string(), levels.size(0));
  return levels.to(torch::kFloat32);
}

}  // namespace

StereoDataset::StereoDataset(std::string_view name, StereoFiles files, Reader reader, transforms::AnyTransform transforms,
                             RightPath right_path)
    : name_(name),
      files_(std::move(files)),
      reader_(std::move(reader)),
      transforms_(std::move(transforms)),
      right_path_(std::move(right_path)) {
  if (!files_.disparities.empty() && files_.disparities.size() != files_.images.size()) {
    raise<DecodeError>("{}: there are {} disparities for {} pairs of pictures", name_, files_.disparities.size(),
                       files_.images.size());
  }
}

StereoExample StereoDataset::get(size_t index) const {
  detail::check_index(name_, index, size());
  const auto& [left, right] = files_.images[index];
  const detail::Picture left_picture(left, io::ImageReadMode::RGB, transforms_);
  const detail::Picture right_picture(right_path_ ? right_path_(right) : right, io::ImageReadMode::RGB, transforms_);
  StereoExample out{left_picture.image(), right_picture.image()};
  if (!files_.disparities.empty()) std::tie(out.disparity, out.valid) = reader_(files_.disparities[index]);
  return detail::transformed(transforms_, std::move(out), {&left_picture, &right_picture});
}

// --- Each: where its files are, and how a disparity is kept -------------------------------------------------------------

namespace {

StereoFiles carla_files(const CarlaStereo::Options& options) {
  StereoGlob glob("CarlaStereo", options.root / "carla-highres", options.index);
  StereoFiles out;
  glob.append_pairs("trainingF/*/im0.png", "trainingF/*/im1.png", out);
  glob.append_disparities("trainingF/*/disp0GT.pfm", "trainingF/*/disp1GT.pfm", out);
  glob.keep();
  return out;
}

// A PNG of 16 bits, in 256ths of a pixel, which torchvision divides as double.
DisparityAndMask kitti_disparity(const fs::path& path) { return {(stored_levels(path).to(torch::kFloat64) / 256), {}}; }

StereoFiles kitti2012_files(const Kitti2012Stereo::Options& options) {
  detail::check_choice("Kitti2012Stereo", "split", options.split, {"train", "test"});
  StereoGlob glob("Kitti2012Stereo", options.root / "Kitti2012" / (options.split + "ing"));
  StereoFiles out;
  glob.append_pairs("colored_0/*_10.png", "colored_1/*_10.png", out);
  if (options.split == "train") glob.append_disparities("disp_noc/*.png", "", out);
  return out;
}

StereoFiles kitti2015_files(const Kitti2015Stereo::Options& options) {
  detail::check_choice("Kitti2015Stereo", "split", options.split, {"train", "test"});
  StereoGlob glob("Kitti2015Stereo", options.root / "Kitti2015" / (options.split + "ing"));
  StereoFiles out;
  // Beside each picture there is the one that follows (_11), which has no disparity.
  if (options.split == "train") {
    glob.append_pairs("image_2/*_10.png", "image_3/*_10.png", out);
    glob.append_disparities("disp_occ_0/*_10.png", "disp_occ_1/*_10.png", out);
  } else {
    glob.append_pairs("image_2/*.png", "image_3/*.png", out);
  }
  return out;
}

constexpr auto kMiddlebury = "Middlebury2014Stereo";

std::span<const std::string_view> middlebury_scenes(std::string_view split) {
  static constexpr std::array<std::string_view, 10> train{"Adirondack", "Jadeplant", "Motorcycle", "Piano",   "Pipes",
                                                          "Playroom",   "Playtable", "Recycle",    "Shelves", "Vintage"};
  static constexpr std::array<std::string_view, 13> additional{"Backpack", "Bicycle1", "Cable",   "Classroom1", "Couch",
                                                               "Flowers",  "Mask",     "Shopvac", "Sticks",     "Storage",
                                                               "Sword1",   "Sword2",   "Umbrella"};
  static constexpr std::array<std::string_view, 15> test{"Plants",   "Classroom2E", "Classroom2", "Australia",  "DjembeL",
                                                         "CrusadeP", "Crusade",     "Hoops",      "Bicycle2",   "Staircase",
                                                         "Newkuba",  "AustraliaP",  "Djembe",     "Livingroom", "Computer"};
  if (split == "train") return train;
  return split == "test" ? std::span<const std::string_view>(test) : additional;
}

// An archive goes last: while it is there, something is left to do.
void download_middlebury_test(const fs::path& root) {
  const auto scenes = middlebury_scenes("test");
  const auto folder = root / "test", archive = root / "MiddEval3-data-F.zip", unpacked = root / "MiddEval3";
  const auto is_whole = [&] {
    return !is_there(archive) &&
           std::all_of(scenes.begin(), scenes.end(), [&](auto scene) { return is_there(folder / scene); });
  };
  make_once(root, is_whole, [&] {
    fetch_and_extract(resource(kMiddlebury, archive.filename().string()), root);
    make_folders(folder);
    for (const auto& scene : sorted_names(unpacked / "testF", Listing::Folders)) {
      if (!is_there(folder / scene)) move_to(unpacked / "testF" / scene, folder / scene);
    }
    remove_tree(unpacked);
    remove_tree(archive);
  });
}

void download_middlebury(const fs::path& root, const std::string& split) {
  if (split == "test") return download_middlebury_test(root);
  const auto folder = root / split;
  for (const auto scene : middlebury_scenes(split)) {
    for (const auto* calibration : {"perfect", "imperfect"}) {
      const auto name = text("{}-{}", scene, calibration), zip = name + ".zip";
      make_once(
          root, [&] { return is_there(folder / name) && !is_there(folder / zip); },
          [&] { fetch_and_extract(resource(kMiddlebury, zip), folder, {}, {.remove_finished = true}); });
    }
  }
}

StereoFiles middlebury_files(const Middlebury2014Stereo::Options& options) {
  const auto& split = options.split;
  detail::check_choice(kMiddlebury, "split", split, {"train", "test", "additional"});
  std::vector<std::string> endings{""};
  if (options.calibration) {
    const auto& calibration = *options.calibration;
    detail::check_choice(kMiddlebury, "calibration", calibration, {"perfect", "imperfect", "both"});
    OPSIS_CHECK(split != "test", "{}: calibration must be none for the split test, got \"{}\"", kMiddlebury, calibration);
    endings = calibration == "both" ? std::vector<std::string>{"-perfect", "-imperfect"} : std::vector{"-" + calibration};
  } else {
    OPSIS_CHECK(split == "test", "{}: calibration must be perfect, imperfect or both for the split {}, got none", kMiddlebury,
                split);
  }
  const auto root = options.root / "Middlebury2014";
  if (options.download) download_middlebury(root, split);
  detail::check_folder(kMiddlebury, root / split);
  const auto there = sorted_names(root / split);
  const auto known = middlebury_scenes(split);
  const auto is_known = [&](const std::string& name) {
    return std::any_of(known.begin(), known.end(), [&](auto scene) { return name.starts_with(scene); });
  };
  if (std::none_of(there.begin(), there.end(), is_known)) {
    raise_with<NotFoundError>(WayOut::Download, "pass .download = true", "{}: none of its scenes is in {}", kMiddlebury,
                              (root / split).string());
  }
  StereoGlob glob(kMiddlebury, root / split);
  StereoFiles out;
  for (const auto& ending : endings) {
    glob.append_pairs("*" + ending + "/im0.png", "*" + ending + "/im1.png", out);
    if (split == "test") continue;
    glob.append_disparities("*" + ending + "/disp0.pfm", "*" + ending + "/disp1.pfm", out);
  }
  return out;
}

DisparityAndMask middlebury_disparity(const fs::path& path) {
  auto disparity = pfm_disparity(path);
  disparity.masked_fill_(disparity.isinf(), 0);
  return {disparity, (disparity > 0).squeeze(0)};
}

// The right picture, or one of the same under other light.
fs::path any_light(const fs::path& path) {
  std::vector<fs::path> lights;
  for (const auto* name : {"im1E.png", "im1L.png"}) {
    if (detail::is_file(path.parent_path() / name)) lights.push_back(path.parent_path() / name);
  }
  lights.push_back(path);
  return lights[static_cast<size_t>(random::integer(0, std::ssize(lights)))];
}

StereoFiles crestereo_files(const CREStereo::Options& options) {
  StereoGlob glob("CREStereo", options.root / "CREStereo", options.index);
  StereoFiles out;
  for (const std::string part : {"shapenet/", "reflective/", "tree/", "hole/"}) {
    glob.append_pairs(part + "*_left.jpg", part + "*_right.jpg", out);
    glob.append_disparities(part + "*_left.disp.png", part + "*_right.disp.png", out);
  }
  glob.keep();
  return out;
}

DisparityAndMask crestereo_disparity(const fs::path& path) { return {stored_levels(path) / 32, {}}; }

StereoFiles falling_things_files(const FallingThingsStereo::Options& options) {
  detail::check_choice("FallingThingsStereo", "variant", options.variant, {"single", "mixed", "both"});
  StereoGlob glob("FallingThingsStereo", options.root / "FallingThings", options.index);
  StereoFiles out;
  for (const std::string variant : {"single", "mixed"}) {
    if (options.variant != variant && options.variant != "both") continue;
    const auto folder = variant + (variant == "single" ? "/*/*/" : "/*/");
    glob.append_pairs(folder + "*.left.jpg", folder + "*.right.jpg", out);
    glob.append_disparities(folder + "*.left.depth.png", folder + "*.right.depth.png", out);
  }
  glob.keep();
  return out;
}

// A depth; the file beside it knows the focal length. The base between the cameras is 6 cm, a unit of depth 0.1 mm.
DisparityAndMask falling_things_disparity(const fs::path& path) {
  const auto depth = stored_levels(path);
  const auto focal = read_json(path.parent_path() / "_camera_settings.json", [](const Json& file) {
    const auto& cameras = file["camera_settings"].items();
    OPSIS_CHECK(!cameras.empty(), "there is no camera");
    return cameras[0]["intrinsic_settings"]["fx"].number();
  });
  return {torch::full({}, 6 * focal * 100, torch::kFloat32) / depth, {}};
}

StereoFiles scene_flow_files(const SceneFlowStereo::Options& options) {
  const auto& variant = options.variant;
  detail::check_choice("SceneFlowStereo", "variant", variant, {"FlyingThings3D", "Driving", "Monkaa"});
  detail::check_choice("SceneFlowStereo", "pass_name", options.pass_name, {"clean", "final", "both"});
  StereoGlob glob("SceneFlowStereo", options.root / "SceneFlow" / variant, options.index);
  const std::string folders = variant == "Monkaa" ? "/*/" : "/*/*/*/";
  StereoFiles out;
  for (const std::string pass : {"clean", "final"}) {
    if (options.pass_name != pass && options.pass_name != "both") continue;
    const auto frames = "frames_" + pass + "pass" + folders;
    glob.append_pairs(frames + "left/*.png", frames + "right/*.png", out);
    glob.append_disparities("disparity" + folders + "left/*.pfm", "disparity" + folders + "right/*.pfm", out);
  }
  glob.keep();
  return out;
}

StereoFiles sintel_stereo_files(const SintelStereo::Options& options) {
  detail::check_choice("SintelStereo", "pass_name", options.pass_name, {"final", "clean", "both"});
  StereoGlob glob("SintelStereo", options.root / "Sintel" / "training");
  StereoFiles out;
  for (const std::string pass : {"final", "clean"}) {
    if (options.pass_name != pass && options.pass_name != "both") continue;
    glob.append_pairs(pass + "_left/*/*.png", pass + "_right/*/*.png", out);
    glob.append_disparities("disparities/*/*.png", "", out);
  }
  return out;
}

// Three bytes a pixel; beside them two pictures of what is hidden and what is out of the frame.
DisparityAndMask sintel_disparity(const fs::path& path) {
  const auto bytes = io::decode_image(path, {.mode = io::ImageReadMode::RGB}).data.to(torch::kFloat32);
  const auto disparity = bytes.slice(0, 0, 1) * 4 + bytes.slice(0, 1, 2) / 64 + bytes.slice(0, 2, 3) / 16384;
  const auto scene = path.parent_path().filename(), sample = path.parent_path().parent_path().parent_path();
  const auto clear = [&](const char* kind) {
    const auto mask = sample / kind / scene / path.filename();
    if (!detail::is_file(mask)) raise<NotFoundError>("SintelStereo: the mask {} is not there", mask.string());
    return stored_levels(mask)[0] == 0;
  };
  const auto not_hidden = clear("occlusions");
  return {disparity, at::logical_and(clear("outofframe"), not_hidden)};
}

StereoFiles instereo_files(const InStereo2k::Options& options) {
  detail::check_choice("InStereo2k", "split", options.split, {"train", "test"});
  StereoGlob glob("InStereo2k", options.root / "InStereo2k" / options.split, options.index);
  StereoFiles out;
  glob.append_pairs("*/left.png", "*/right.png", out);
  glob.append_disparities("*/left_disp.png", "*/right_disp.png", out);
  glob.keep();
  return out;
}

DisparityAndMask instereo_disparity(const fs::path& path) { return {stored_levels(path) / 1024, {}}; }

StereoFiles eth3d_files(const ETH3DStereo::Options& options) {
  detail::check_choice("ETH3DStereo", "split", options.split, {"train", "test"});
  StereoGlob glob("ETH3DStereo", options.root / "ETH3D");
  const std::string pictures = options.split == "train" ? "two_view_training" : "two_view_test";
  StereoFiles out;
  glob.append_pairs(pictures + "/*/im0.png", pictures + "/*/im1.png", out);
  if (options.split == "train") glob.append_disparities("two_view_training_gt/*/disp0GT.pfm", "", out);
  return out;
}

DisparityAndMask eth3d_disparity(const fs::path& path) {
  return {pfm_disparity(path), stored_levels(path.parent_path() / "mask0nocc.png")[0] != 0};
}

}  // namespace

CarlaStereo::CarlaStereo(Options options)
    : StereoDataset("CarlaStereo", carla_files(options), plain_pfm_disparity, std::move(options.transforms)) {}

Kitti2012Stereo::Kitti2012Stereo(Options options)
    : StereoDataset("Kitti2012Stereo", kitti2012_files(options), kitti_disparity, std::move(options.transforms)) {}

Kitti2015Stereo::Kitti2015Stereo(Options options)
    : StereoDataset("Kitti2015Stereo", kitti2015_files(options), kitti_disparity, std::move(options.transforms)) {}

Middlebury2014Stereo::Middlebury2014Stereo(Options options)
    : StereoDataset(kMiddlebury, middlebury_files(options), middlebury_disparity, std::move(options.transforms),
                    options.use_ambient_views ? RightPath(any_light) : RightPath()) {}

CREStereo::CREStereo(Options options)
    : StereoDataset("CREStereo", crestereo_files(options), crestereo_disparity, std::move(options.transforms)) {}

FallingThingsStereo::FallingThingsStereo(Options options)
    : StereoDataset("FallingThingsStereo", falling_things_files(options), falling_things_disparity,
                    std::move(options.transforms)) {}

SceneFlowStereo::SceneFlowStereo(Options options)
    : StereoDataset("SceneFlowStereo", scene_flow_files(options), plain_pfm_disparity, std::move(options.transforms)) {}

SintelStereo::SintelStereo(Options options)
    : StereoDataset("SintelStereo", sintel_stereo_files(options), sintel_disparity, std::move(options.transforms)) {}

InStereo2k::InStereo2k(Options options)
    : StereoDataset("InStereo2k", instereo_files(options), instereo_disparity, std::move(options.transforms)) {}

ETH3DStereo::ETH3DStereo(Options options)
    : StereoDataset("ETH3DStereo", eth3d_files(options), eth3d_disparity, std::move(options.transforms)) {}

}  // namespace opsis::inline v1::datasets
