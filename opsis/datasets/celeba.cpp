#include "opsis/datasets/celeba.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/lower_case.h"
#include "opsis/datasets/archive.h"
#include "opsis/datasets/classified.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/list_index.h"
#include "opsis/datasets/picture.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

constexpr auto kCelebAPictures = "img_align_celeba.zip";

// A list: after some lines of head, a file's name and numbers on each line.
struct CelebAList {
  std::vector<std::string> header;
  JoinedTexts files;
  torch::Tensor numbers;  // (N, columns)
};

ListedFiles parse_celeba_list(const TextFile& lines, size_t head) {
  ListedFiles out;
  if (head > 0) {
    for (const auto word : lines.words(head - 1)) out.words.emplace_back(word);
  }
  size_t columns = 0;
  for (size_t i = head; i < lines.size(); ++i) {
    const auto words = lines.words(i);
    if (words.empty()) continue;
    if (out.names.size() == 0) columns = words.size() - 1;
    if (words.size() != columns + 1) lines.refuse(i, text("it must have a file and {} numbers", columns));
    out.names.add(words[0]);
    for (size_t k = 1; k < words.size(); ++k) out.numbers.push_back(lines.integer(i, words[k]));
  }
  return out;
}

// columns: of numbers; 0: as many as the head has words.
CelebAList read_celeba_list(const std::filesystem::path& base, std::string_view name, size_t head, size_t columns, bool index) {
  const auto& file = resource("CelebA", name);
  const auto columns_of = [](const ListedFiles& list) {
    return list.names.size() == 0 ? size_t{0} : list.numbers.size() / list.names.size();
  };
  const auto fits = [&](const ListedFiles& list) {
    return list.numbers.size() == (columns > 0 ? columns : list.words.size()) * list.names.size();
  };
  const auto read = [&] {
    if (index) check_resource(file, base);
    return parse_celeba_list(TextFile(base / file.file), head);
  };
  // A list that is as it was when it had the hashes has them.
  const auto hashes = expected_hashes(file);
  auto list = read_list(base / file.file,
                        {.index = index, .asked = text("CelebA {} {}", hashes.md5, hashes.sha256), .fits = fits, .read = read});
  const auto shape = std::vector<int64_t>{std::ssize(list.names), static_cast<int64_t>(columns_of(list))};
  return {std::move(list.words), std::move(list.names), torch::tensor(list.numbers, torch::kInt64).view(shape)};
}

void bring_celeba(const std::filesystem::path& base) {
  const auto files = resources("CelebA");
  const auto is_whole = [&] {
    return detail::is_folder(base / "img_align_celeba") && std::all_of(files.begin(), files.end(), [&](const Resource& file) {
             return file.file == kCelebAPictures || is_intact(file, base);
           });
  };
  make_once(base, is_whole, [&] {
    for (const auto& file : files) fetch_resource(file, base);
    extract_archive(base / kCelebAPictures);
  });
}

}  // namespace

CelebA::CelebA(Options options) : options_(std::move(options)) {
  options_.split = in_lower_case(options_.split);
  detail::check_choice("CelebA", "split", options_.split, {"train", "valid", "test", "all"});
  const auto base = options_.root / "celeba";
  if (options_.download) bring_celeba(base);
  for (const auto& file : resources("CelebA")) {
    if (file.file == kCelebAPictures) continue;
    options_.index ? detail::check_file("CelebA", base / file.file) : check_resource(file, base);
  }
  detail::check_folder("CelebA", base / "img_align_celeba");

  const auto read = [&](std::string_view name, size_t head, size_t columns) {
    return read_celeba_list(base, name, head, columns, options_.index);
  };
  const auto parts = read("list_eval_partition.txt", 0, 1), identity = read("identity_CelebA.txt", 0, 1),
             boxes = read("list_bbox_celeba.txt", 2, 4), landmarks = read("list_landmarks_align_celeba.txt", 2, 10),
             attr = read("list_attr_celeba.txt", 2, 0);
  const auto count = std::ssize(parts.files);
  const auto check = [&](const CelebAList& list, int64_t columns) {
    if (std::ssize(list.files) != count || list.numbers.size(1) != columns) {
      raise<DecodeError>("CelebA: the lists in {} do not agree on the number of faces", base.string());
    }
  };
  check(parts, 1);
  check(identity, 1);
  check(boxes, 4);
  check(landmarks, 10);
  check(attr, std::ssize(attr.header));

  const int64_t wanted = options_.split == "train" ? 0 : options_.split == "valid" ? 1 : 2;
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < count; ++i) {
    if (options_.split != "all" && parts.numbers.data_ptr<int64_t>()[i] != wanted) continue;
    chosen.push_back(i);
    files_.emplace_back(parts.files[static_cast<size_t>(i)]);
  }
  const auto index = torch::tensor(chosen, torch::kInt64);
  attr_names_ = attr.header;
  attr_ = (attr.numbers.index_select(0, index) + 1).div(2, "floor");
  identity_ = identity.numbers.index_select(0, index);
  boxes_ = boxes.numbers.index_select(0, index);
  landmarks_ = landmarks.numbers.index_select(0, index);
}

CelebA CelebA::untransformed() const {
  auto out = *this;
  out.options_.transforms = {};
  return out;
}

CelebAExample CelebA::get_placed(size_t index, const transforms::ImagePlace& place) const {
  detail::check_index("CelebA", index, size());
  const auto i = static_cast<int64_t>(index);
  const detail::Picture photo(options_.root / "celeba" / "img_align_celeba" / files_[index], io::ImageReadMode::UNCHANGED,
                              options_.transforms);
  CelebAExample out{photo.image()};
  out.attr = attr_[i].clone();
  out.identity = identity_.data_ptr<int64_t>()[i];
  out.boxes = boxes_[i].clone().unsqueeze(0);
  out.boxes.slice(1, 2) += out.boxes.slice(1, 0, 2);
  out.landmarks = KeyPoints(landmarks_[i].clone().view({-1, 2}), photo.size());
  return detail::transformed(options_.transforms, std::move(out), {&photo}, place);
}

}  // namespace opsis::inline v1::datasets
