#include "opsis/datasets/imagenet.h"

#include <map>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/listed.h"
#include "opsis/datasets/archive.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"
#include "opsis/hub/checkpoint.h"
#include "opsis/io/mat.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

using hub::Value;

constexpr auto kDevkit = "ILSVRC2012_devkit_t12.tar.gz";

const Resource& imagenet_archive(std::string_view name, const fs::path& root) {
  const auto& archive = resource("ImageNet", name);
  try {
    check_resource(archive, root);
  } catch (const NotFoundError&) {
    raise<NotFoundError>("ImageNet: {} is not there; download it from image-net.org and put it there", (root / name).string());
  }
  return archive;
}

fs::path kit_folder(const fs::path& root) { return root / ".devkit.extracting"; }

// What torchvision keeps of the development kit: ({wnid: (name, ...)}, [wnid of each validation image]).
void write_meta(const fs::path& root) {
  const auto& archive = imagenet_archive(kDevkit, root);
  const auto kit = kit_folder(root);
  remove_tree(kit);
  extract_archive(root / archive.file, kit);
  const auto data = kit / "ILSVRC2012_devkit_t12" / "data";

  const auto synsets = io::read_mat(data / "meta.mat", "synsets");
  std::vector<Value::Item> names;
  std::map<int64_t, std::string> wnid_of;
  for (size_t i = 0; i < synsets.size(); ++i) {
    if (synsets.field(i, "num_children").integer(0) != 0) continue;
    const auto& wnid = synsets.field(i, "WNID").text;
    wnid_of[synsets.field(i, "ILSVRC2012_ID").integer(0)] = wnid;
    std::vector<Value> words;
    std::string_view rest = synsets.field(i, "words").text;
    while (true) {
      const auto comma = rest.find(", ");
      words.emplace_back(rest.substr(0, comma));
      if (comma == rest.npos) break;
      rest.remove_prefix(comma + 2);
    }
    names.emplace_back(wnid, Value::tuple(std::move(words)));
  }
  std::vector<Value> truth;
  const TextFile lines(data / "ILSVRC2012_validation_ground_truth.txt");
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto found = wnid_of.find(lines.integer(i, lines.line(i)));
    if (found == wnid_of.end()) lines.refuse(i, "it is the number of no class");
    truth.emplace_back(found->second);
  }
  hub::save(root / "meta.bin", Value::tuple({Value::dict(std::move(names)), Value::list(std::move(truth))}));
}

// Unpacks beside the place of the split, which gets its name when all is there.
template <class Unpack>
void make_split(const fs::path& split, const Unpack& unpack) {
  auto half = split;
  half += ".extracting";
  remove_tree(half);
  make_folders(half);
  unpack(half);
  move_to(half, split);
}

void unpack_train(const fs::path& root) {
  const auto& archive = imagenet_archive("ILSVRC2012_img_train.tar", root);
  make_split(root / "train", [&](const fs::path& half) {
    extract_archive(root / archive.file, half);
    for (const auto& name : sorted_names(half)) {  // an archive a class
      extract_archive(half / name, half / fs::path(name).stem(), {.remove_finished = true});
    }
  });
}

void unpack_val(const fs::path& root, const Value& truth) {
  const auto& archive = imagenet_archive("ILSVRC2012_img_val.tar", root);
  make_split(root / "val", [&](const fs::path& half) {
    extract_archive(root / archive.file, half);
    const auto images = sorted_names(half);
    for (size_t i = 0; i < truth.items().size(); ++i) {
      const auto& wnid = truth.items()[i].as_string();
      make_folders(half / wnid);
      if (i < images.size()) move_to(half / images[i], half / wnid / images[i]);
    }
  });
}

ClassifiedList list_imagenet(const ImageNet::Options& options, std::vector<std::string>& wnids) {
  detail::check_choice("ImageNet", "split", options.split, {"train", "val"});
  const auto meta_file = options.root / "meta.bin", folder = options.root / options.split, kit = kit_folder(options.root);
  std::optional<FolderLock> lock;
  if (!detail::is_file(meta_file) || !detail::is_folder(folder) || is_there(kit)) {
    lock.emplace(options.root, detail::is_folder(options.root));
  }
  if (!detail::is_file(meta_file)) write_meta(options.root);
  if (lock) {  // what we, or one that was killed when meta.bin was there, need no more
    std::error_code ignored;
    fs::remove_all(kit, ignored);
  }
  const auto meta = hub::load(meta_file);
  if (!detail::is_folder(folder)) options.split == "train" ? unpack_train(options.root) : unpack_val(options.root, meta.at(1));
  lock.reset();

  auto list = list_folder(folder, {.extensions = image_extensions(), .index = options.index});
  wnids = list.classes;
  list.class_to_idx.clear();
  for (size_t i = 0; i < list.classes.size(); ++i) {
    const auto names = meta.get<std::vector<std::string>>(0, list.classes[i]);
    for (const auto& name : names) list.class_to_idx[name] = static_cast<int64_t>(i);
    list.classes[i] = listed(names);
  }
  return list;
}

}  // namespace

ImageNet::ImageNet(Options options) : ImageNet(std::move(options), {}) {}

ImageNet::ImageNet(Options options, std::vector<std::string> wnids)
    : ClassifiedFiles("ImageNet", list_imagenet(options, wnids), std::move(options.transforms), std::move(options.loader)),
      wnids_(std::move(wnids)) {}

}  // namespace opsis::inline v1::datasets
