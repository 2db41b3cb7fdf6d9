#include "opsis/datasets/optical_flow.h"

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/datasets/glob.h"
#include "opsis/datasets/text_file.h"
#include "opsis/io/image.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

using FlowAndMask = std::pair<torch::Tensor, torch::Tensor>;

FlowAndMask flow_of_flo(const fs::path& path) { return {io::read_flo(path), {}}; }

FlowAndMask flow_of_pfm(const fs::path& path) { return {io::read_pfm(path).slice(0, 0, 2), {}}; }

// A PNG of 16 bits: right and down in 64ths of a pixel around 2^15, and whether they are known.
FlowAndMask flow_of_png(const fs::path& path) {
  const auto stored = io::decode_image(path).data.to(torch::kFloat32);
  if (stored.dim() != 3 || stored.size(0) != 3) raise<DecodeError>("{}: a flow's PNG must have 3 channels", path.string());
  return {((stored.slice(0, 0, 2) - 32768) / 64).contiguous(), stored[2] != 0};
}

std::vector<std::string> passes_of(const std::string& name, std::string_view prefix = "", std::string_view suffix = "") {
  std::vector<std::string> out;
  for (const auto* pass : {"clean", "final"}) {
    if (name == pass || name == "both") out.push_back(std::string(prefix) + pass + std::string(suffix));
  }
  return out;
}

void need_pictures(std::string_view dataset, bool there, const fs::path& root) {
  if (!there)
    raise<NotFoundError>("{}: its pictures are not in {}; see its documentation for their layout", dataset, root.string());
}

// As paths sort in Python, part by part: "A/1" comes before "A-b/1".
std::vector<fs::path> by_parts(const std::vector<FoundName>& found) {
  std::vector<fs::path> paths;
  detail::append_found(found, paths);
  std::sort(paths.begin(), paths.end());
  return paths;
}

// What globs found for pairs of frames and, if there are some, their flows.
struct FoundFlow {
  std::vector<FoundName> first{}, second{}, flows{};
  void append(const FoundName& one, const FoundName& other) {
    first.push_back(one);
    second.push_back(other);
  }
  FlowFiles files() const {
    FlowFiles out;
    detail::append_found(first, second, out.images);
    detail::append_found(flows, out.flows);
    return out;
  }
};

}  // namespace

FlowDataset::FlowDataset(std::string_view name, FlowFiles files, Reader reader, transforms::AnyTransform transforms,
                         ImageLoader loader)
    : name_(name),
      files_(std::move(files)),
      reader_(std::move(reader)),
      transforms_(std::move(transforms)),
      loader_(loader ? std::move(loader) : ImageLoader(default_loader)) {
  if (!files_.flows.empty() && files_.flows.size() != files_.images.size()) {
    raise<DecodeError>("{}: there are {} flows for {} pairs of frames", name_, files_.flows.size(), files_.images.size());
  }
}

FlowExample FlowDataset::get(size_t index) const {
  detail::check_index(name_, index, size());
  const auto& [first, second] = files_.images[index];
  FlowExample out{loader_(first), loader_(second)};
  if (!files_.flows.empty()) std::tie(out.flow, out.valid) = reader_(files_.flows[index]);
  return transforms_(std::move(out));
}

namespace {

FlowFiles sintel_files(const Sintel::Options& options) {
  detail::check_choice("Sintel", "split", options.split, {"train", "test"});
  detail::check_choice("Sintel", "pass_name", options.pass_name, {"clean", "final", "both"});
  const bool train = options.split == "train";
  const auto root = options.root / "Sintel";
  FolderGlob glob(root);
  FoundFlow out;
  for (const auto& pass : passes_of(options.pass_name)) {
    const auto folder = root / (train ? "training" : "test") / pass;
    for (const auto& scene : sorted_names(folder)) {
      const auto frames = glob(folder / scene, "*.png");
      for (size_t i = 0; i + 1 < frames.size(); ++i) out.append(frames[i], frames[i + 1]);
      if (!train) continue;
      const auto more = glob(root / "training" / "flow" / scene, "*.flo");
      out.flows.insert(out.flows.end(), more.begin(), more.end());
    }
  }
  return out.files();
}

FlowFiles kitti_flow_files(const KittiFlow::Options& options) {
  detail::check_choice("KittiFlow", "split", options.split, {"train", "test"});
  const auto root = options.root / "KittiFlow" / (options.split + "ing");
  FolderGlob glob(root);
  const auto first = glob("image_2/*_10.png"), second = glob("image_2/*_11.png");
  need_pictures("KittiFlow", !first.empty() && !second.empty(), root);
  FoundFlow out;
  for (size_t i = 0; i < std::min(first.size(), second.size()); ++i) out.append(first[i], second[i]);
  if (options.split == "train") out.flows = glob("flow_occ/*_10.png");
  return out.files();
}

FlowFiles flying_chairs_files(const FlyingChairs::Options& options) {
  detail::check_choice("FlyingChairs", "split", options.split, {"train", "val"});
  const auto root = options.root / "FlyingChairs", list = root / "FlyingChairs_train_val.txt";
  if (!detail::is_file(list)) {
    raise<NotFoundError>("FlyingChairs: {} is not there; fetch it from the page of the data set", list.string());
  }
  FolderGlob glob(root, options.index);
  const auto frames = glob("data/*.ppm"), all = glob("data/*.flo");
  if (frames.size() < 2 * all.size()) {
    raise<DecodeError>("FlyingChairs: there are {} flows and {} frames in {}", all.size(), frames.size(), root.string());
  }
  const TextFile splits(list);
  std::vector<std::pair<size_t, std::string_view>> words;  // with the number of the line
  for (size_t i = 0; i < splits.size(); ++i) {
    for (const auto word : splits.words(i)) words.emplace_back(i, word);
  }
  if (words.size() < all.size())
    splits.refuse(splits.size(), text("there are {} flows, so many numbers are needed", all.size()));
  FoundFlow out;
  for (size_t i = 0; i < all.size(); ++i) {
    if (splits.integer(words[i].first, words[i].second) != (options.split == "train" ? 1 : 2)) continue;
    out.append(frames[2 * i], frames[2 * i + 1]);
    out.flows.push_back(all[i]);
  }
  glob.keep();
  return out.files();
}

FlowFiles flying_things_files(const FlyingThings3D::Options& options) {
  detail::check_choice("FlyingThings3D", "split", options.split, {"train", "test"});
  detail::check_choice("FlyingThings3D", "pass_name", options.pass_name, {"clean", "final", "both"});
  detail::check_choice("FlyingThings3D", "camera", options.camera, {"left", "right", "both"});
  const std::string split = options.split == "train" ? "TRAIN" : "TEST";
  const auto root = options.root / "FlyingThings3D";
  const auto cameras = options.camera == "both" ? std::vector<std::string>{"left", "right"} : std::vector{options.camera};
  FolderGlob glob(root, options.index);
  FoundFlow out;
  for (const auto& pass : passes_of(options.pass_name, "frames_", "pass")) {
    const auto frame_folders = by_parts(glob(pass + "/" + split + "/*/*"));
    const auto flow_folders = by_parts(glob("optical_flow/" + split + "/*/*"));
    need_pictures("FlyingThings3D", !frame_folders.empty() && !flow_folders.empty(), root);
    for (const auto& camera : cameras) {
      for (const std::string direction : {"into_future", "into_past"}) {
        for (size_t k = 0; k < std::min(frame_folders.size(), flow_folders.size()); ++k) {
          const auto frames = glob(frame_folders[k] / camera, "*.png");
          const auto here = glob(flow_folders[k] / direction / camera, "*.pfm");
          if (frames.size() < here.size()) {
            raise<DecodeError>("FlyingThings3D: there are {} flows in {} for {} frames", here.size(),
                               (flow_folders[k] / direction / camera).string(), frames.size());
          }
          for (size_t i = 0; i + 1 < here.size(); ++i) {
            const bool future = direction == "into_future";
            out.append(frames[future ? i : i + 1], frames[future ? i + 1 : i]);
            out.flows.push_back(here[future ? i : i + 1]);
          }
        }
      }
    }
  }
  glob.keep();
  return out.files();
}

FlowFiles hd1k_files(const HD1K::Options& options) {
  detail::check_choice("HD1K", "split", options.split, {"train", "test"});
  const auto root = options.root / "hd1k";
  FolderGlob glob(root);
  FoundFlow out;
  if (options.split == "train") {
    constexpr int sequences = 36;
    for (int i = 0; i < sequences; ++i) {
      const auto pattern = text("0000{}{}_*.png", i / 10, i % 10);
      const auto here = glob("hd1k_flow_gt/flow_occ/" + pattern);
      const auto frames = glob("hd1k_input/image_2/" + pattern);
      if (frames.size() < here.size()) {
        raise<DecodeError>("HD1K: sequence {} has {} flows and {} frames", i, here.size(), frames.size());
      }
      for (size_t k = 0; k + 1 < here.size(); ++k) {
        out.flows.push_back(here[k]);
        out.append(frames[k], frames[k + 1]);
      }
    }
  } else {
    const auto first = glob("hd1k_challenge/image_2/*10.png"), second = glob("hd1k_challenge/image_2/*11.png");
    for (size_t i = 0; i < std::min(first.size(), second.size()); ++i) out.append(first[i], second[i]);
  }
  need_pictures("HD1K", !out.first.empty(), root);
  return out.files();
}

}  // namespace

Sintel::Sintel(Options options)
    : FlowDataset("Sintel", sintel_files(options), flow_of_flo, std::move(options.transforms), std::move(options.loader)) {}

KittiFlow::KittiFlow(Options options)
    : FlowDataset("KittiFlow", kitti_flow_files(options), flow_of_png, std::move(options.transforms),
                  std::move(options.loader)) {}

FlyingChairs::FlyingChairs(Options options)
    : FlowDataset("FlyingChairs", flying_chairs_files(options), flow_of_flo, std::move(options.transforms)) {}

FlyingThings3D::FlyingThings3D(Options options)
    : FlowDataset("FlyingThings3D", flying_things_files(options), flow_of_pfm, std::move(options.transforms),
                  std::move(options.loader)) {}

HD1K::HD1K(Options options)
    : FlowDataset("HD1K", hd1k_files(options), flow_of_png, std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
