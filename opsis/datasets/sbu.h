// A million photos of Flickr, each with what its photographer wrote.
#pragma once

#include <filesystem>

#include "opsis/datasets/flickr.h"

namespace opsis::inline v1::datasets {

/// Photos with one caption each, as many of the million as there are in root/dataset. With download, when that folder is
/// not there, the list is fetched and then each photo of it, of which many are gone: those are passed over.
///     datasets::SBU photos({.root = "data", .download = false});
/// With .index what the lists say of the photos that are there is kept beside the archive, or in the user's cache; the lists and
/// the folder are read again, and the archive is hashed again, when one of them has changed.
/// Throws   NotFoundError when the archive of the list is absent and download is false; IntegrityError when it has another hash
/// Source   torchvision.datasets.SBU
class OPSIS_API SBU final : public CaptionedFiles {
 public:
  struct Options {
    std::filesystem::path root;
    transforms::AnyTransform transforms{};
    bool download = true;
    ImageLoader loader{};  ///< in place of default_loader
    bool index = false;    ///< keep what the lists say for the next time
  };
  explicit SBU(Options options);
};

}  // namespace opsis::inline v1::datasets
