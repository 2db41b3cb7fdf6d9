// Images that a table names.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Images and classes from a CSV file, whose first row names its columns; others than the two are passed over. Fields may be in
/// double quotes (RFC 4180). Files are relative to `root`. Classes are sorted and numbered as ImageFolder does, unless
/// `classes` gives them; a column of whole numbers from 0 on has the numbers of the classes themselves.
///     datasets::ManifestFolder slides({.manifest = "slides/train.csv"});   // file,label
///                                                                          // a/1.png,benign
/// Throws   IoError when the manifest cannot be read; DecodeError, with the row, for one without these columns or with a row
///          that is too short, and for a class that is none of `classes`; get throws IoError and DecodeError with the file's
///          path
class OPSIS_API ManifestFolder final : public ClassifiedFiles {
 public:
  struct Options {
    std::filesystem::path manifest;
    std::filesystem::path root{};  ///< the manifest's folder when not given
    std::string file_column = "file";
    std::string label_column = "label";
    std::vector<std::string> classes{};
    char separator = ',';
    transforms::AnyTransform transforms{};
    ImageLoader loader{};  ///< in place of default_loader
    bool index = false;    ///< keep what the manifest says beside it, or in the user's cache, for the next time
  };
  explicit ManifestFolder(Options options);
};

}  // namespace opsis::inline v1::datasets
