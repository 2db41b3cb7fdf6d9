// A base for data sets of your own.
#pragma once

#include <filesystem>
#include <sstream>
#include <string>
#include <utility>

#include "opsis/datasets/dataset.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::datasets {

/// Examples of type T that are kept in a folder and transformed. Of you it wants size() and read(); get() checks the index and
/// applies the transforms to all fields of what was read.
///     class Slides final : public datasets::VisionDataset<datasets::Classified> {
///      public:
///       explicit Slides(fs::path root, transforms::AnyTransform transforms = {})
///           : VisionDataset("Slides", std::move(root), std::move(transforms)) {}
///       size_t size() const override { return 60; }
///
///      private:
///       datasets::Classified read(size_t index) const override { return {open_slide(root(), index), 0}; }
///     };
/// Throws   get throws ValueError, by the name, for an index that is not below size(), and what read throws
/// Differs  there is one transform, of examples, where torchvision takes `transforms` or `transform` and `target_transform`
/// Source   torchvision.datasets.VisionDataset
template <class T>
class VisionDataset : public Dataset<T> {
 public:
  T get(size_t index) const final {
    detail::check_index(name_, index, this->size());
    return read_transformed(index);
  }
  const std::filesystem::path& root() const { return root_; }
  const transforms::AnyTransform& transforms() const { return transforms_; }

  /// As torchvision prints it:
  ///     Dataset Slides
  ///         Number of datapoints: 60
  ///         Root location: slides
  std::string repr() const {
    std::ostringstream out;
    out << "Dataset " << name_ << "\n    Number of datapoints: " << this->size();
    if (!root_.empty()) out << "\n    Root location: " << root_.string();
    std::istringstream extra(extra_repr());
    for (std::string line; std::getline(extra, line);) out << "\n    " << line;
    if (transforms_) out << "\n    " << transforms_.repr();
    return out.str();
  }

 protected:
  /// `name` begins the messages.
  VisionDataset(std::string name, std::filesystem::path root, transforms::AnyTransform transforms = {})
      : name_(std::move(name)), root_(std::move(root)), transforms_(std::move(transforms)) {}

  /// The example of that number as it is on the disk; the number is below size(). Called from many threads.
  virtual T read(size_t index) const = 0;
  /// What the transforms make of it. For who reads no more than they keep.
  virtual T read_transformed(size_t index) const { return transforms_(read(index)); }
  /// Lines of repr() about this data set.
  virtual std::string extra_repr() const { return {}; }

 private:
  std::string name_;
  std::filesystem::path root_;
  transforms::AnyTransform transforms_;
};

}  // namespace opsis::inline v1::datasets
