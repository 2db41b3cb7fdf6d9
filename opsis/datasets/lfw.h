// Labeled Faces in the Wild: people, and pairs of people.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "opsis/datasets/classified.h"
#include "opsis/datasets/examples.h"

namespace opsis::inline v1::datasets {

/// What both sets of LFW take: splits 10fold, train and test; image sets original, funneled and deepfunneled. The archive of an
/// image set, unpacked, and the lists are brought by hand into root/lfw-py, for their server is gone.
struct LfwOptions {
  std::filesystem::path root;
  std::string split = "10fold";
  std::string image_set = "funneled";
  transforms::AnyTransform transforms{};
  bool download = false;  ///< refused
  ImageLoader loader{};   ///< in place of default_loader
};

/// Faces and whose they are: 13,233 of 5,749 people.
///     datasets::LFWPeople faces({.root = "data", .split = "test"});
///     faces.class_to_idx().at("Kofi_Annan");
/// Throws   NotFoundError when files are absent; IntegrityError for files of other hashes; DecodeError, with the line, for
///          lists that are not sound; ValueError for another split or image set, and for download
/// Source   torchvision.datasets.LFWPeople
class OPSIS_API LFWPeople final : public ClassifiedFiles {
 public:
  using Options = LfwOptions;
  explicit LFWPeople(Options options);
};

/// Pairs of faces, of one person or of two; transforms apply to both with the same draw.
/// Throws   as LFWPeople
/// Differs  torchvision draws anew for the second face
/// Source   torchvision.datasets.LFWPairs
class OPSIS_API LFWPairs final : public Dataset<ImagePair> {
 public:
  using Options = LfwOptions;
  explicit LFWPairs(Options options);
  size_t size() const override { return pairs_.size(); }
  ImagePair get(size_t index) const override;
  /// The names of the two people.
  const std::vector<std::pair<std::string, std::string>>& pair_names() const { return names_; }

 private:
  struct Pair {
    std::filesystem::path first, second;
    int64_t same;
  };
  Options options_;
  std::vector<Pair> pairs_;
  std::vector<std::pair<std::string, std::string>> names_;
};

}  // namespace opsis::inline v1::datasets
