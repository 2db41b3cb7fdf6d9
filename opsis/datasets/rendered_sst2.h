// Sentences about films, as pictures of text.
#pragma once

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Sentences of the Stanford Sentiment Treebank as pictures (448 x 448), negative (0) or positive (1); splits train (6,920),
/// val (872) and test (1,821). 127 MB to download.
///     datasets::RenderedSST2 sentences({.root = "data", .split = "val"});
/// Throws   NotFoundError when the folder is absent and download is false; ValueError for another split
/// Source   torchvision.datasets.RenderedSST2
class OPSIS_API RenderedSST2 final : public ClassifiedFiles {
 public:
  using Options = SplitScannedOptions;
  explicit RenderedSST2(Options options);
};

}  // namespace opsis::inline v1::datasets
