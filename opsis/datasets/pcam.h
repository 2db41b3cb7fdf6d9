// PatchCamelyon: is there a tumour in the middle?
#pragma once

#include <vector>

#include "opsis/datasets/dataset.h"
#include "opsis/datasets/options.h"
#include "opsis/io/hdf5.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::datasets {

/// Patches of microscopic scans of lymph nodes: images (3, 96, 96) uint8, of label 1 when the middle has metastatic tissue;
/// splits train (262,144), val and test (32,768 each). 8 GB to download from Google Drive, into root/pcam. Pictures stay on the
/// disk until they are asked for.
///     datasets::PCAM patches({.root = "data", .split = "val"});
/// Throws   NotFoundError when files are absent and download is false; IntegrityError for downloads of other hashes;
///          DecodeError, with the file, for files that are not sound; ValueError for another split; NotBuiltError in a build
///          without zlib
/// Source   torchvision.datasets.PCAM
class OPSIS_API PCAM final : public Dataset<Classified> {
 public:
  using Options = SplitOptions;
  explicit PCAM(Options options);
  size_t size() const override { return labels_.size(); }
  Classified get(size_t index) const override;

 private:
  transforms::AnyTransform transforms_;
  io::Hdf5Array images_;
  std::vector<int64_t> labels_;
};

}  // namespace opsis::inline v1::datasets
