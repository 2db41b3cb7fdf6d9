// ILSVRC 2012: the thousand classes that networks are measured by.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// 1,281,167 photos to train and 50,000 to validate, of 1,000 classes. The archives are brought by hand into root, and unpacked
/// by the first who opens the set: ILSVRC2012_devkit_t12.tar.gz and ILSVRC2012_img_train.tar or ILSVRC2012_img_val.tar.
///     datasets::ImageNet photos({.root = "imagenet", .split = "val"});
///     photos.class_to_idx().at("tench");   // 0; a class may have several names, which classes() joins by ", "
/// Throws   NotFoundError when archives are absent; IntegrityError for archives of other hashes; DecodeError for damaged ones;
///          ValueError for another split; NotBuiltError when something has to be unpacked in a build without libarchive or
///          zlib
/// Source   torchvision.datasets.ImageNet
class OPSIS_API ImageNet final : public ClassifiedFiles {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    transforms::AnyTransform transforms{};
    ImageLoader loader{};  ///< in place of default_loader
    bool index = false;    ///< keep the list of files for the next time, as make_dataset says: it opens in half a second
  };
  explicit ImageNet(Options options);

  /// WordNet's numbers of the classes: {"n01440764", ...}.
  const std::vector<std::string>& wnids() const { return wnids_; }

 private:
  ImageNet(Options options, std::vector<std::string> wnids);
  std::vector<std::string> wnids_;
};

}  // namespace opsis::inline v1::datasets
