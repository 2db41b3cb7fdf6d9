// What a data set is: examples of one type, by number.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::datasets {

template <class T>
class Dataset;

/// Where an example is read from: a data set, and its number in that.
template <class T>
struct ExampleOrigin {
  const Dataset<T>* dataset = nullptr;
  size_t index = 0;
};

/// Examples of type T, numbered from 0. Reading is const and may happen on many threads at once; what an example draws (in
/// its transforms) comes from the reading thread's current generator.
///     for (size_t i = 0; i < digits.size(); ++i) use(digits.get(i));
template <class T>
class Dataset {
 public:
  using Example = T;
  virtual ~Dataset() = default;
  virtual size_t size() const = 0;
  /// Throws   ValueError when index is not below size(); what reading the example throws
  virtual T get(size_t index) const = 0;
  /// Where get(index) reads its example from, if it gives it as it is there: this data set, or of a view of others that which it
  /// shows. So a loader finds out that what is behind a view makes whole batches.
  ///     Subset(digits, {3, 1, 4}).origin(0);   // {&digits, 3}
  /// Throws   ValueError, of a view, when index is not below size()
  virtual ExampleOrigin<T> origin(size_t index) const { return {this, index}; }

 protected:
  Dataset() = default;
  Dataset(const Dataset&) = default;
  Dataset& operator=(const Dataset&) = default;
  Dataset(Dataset&&) noexcept = default;
  Dataset& operator=(Dataset&&) noexcept = default;
};

/// A batch of Classified.
/// Shapes   images (N, ...), labels (N) int64
struct ClassifiedBatch {
  torch::Tensor images;
  torch::Tensor labels;
  auto fields() { return std::tie(images, labels); }
};

/// An image and the number of its class.
struct Classified {
  using Batch = ClassifiedBatch;  ///< what the data loader makes of many
  Image image;
  int64_t label = 0;
  auto fields() { return std::tie(image, label); }
};

namespace detail {

// Refuses what is not below the size: "Digits: index must be below 360, got 360".
OPSIS_API void check_index(std::string_view dataset, size_t index, size_t size);

}  // namespace detail

/// Some examples of another data set, in an order of their own.
///     Subset few(digits, {3, 1, 4});   // few.get(0) is digits.get(3)
/// Source   torch.utils.data.Subset
template <class T>
class Subset final : public Dataset<T> {
 public:
  /// Shares the data set. Throws ValueError when an index is not below its size.
  Subset(std::shared_ptr<const Dataset<T>> dataset, std::vector<size_t> indices)
      : dataset_(std::move(dataset)), indices_(std::move(indices)) {
    for (const auto index : indices_) detail::check_index("Subset", index, dataset_->size());
  }
  /// Takes a copy of the data set; those of Opsis are cheap to copy.
  template <class D>
  requires std::is_base_of_v<Dataset<T>, D> Subset(D dataset, std::vector<size_t> indices)
      : Subset(std::shared_ptr<const Dataset<T>>(std::make_shared<const D>(std::move(dataset))), std::move(indices)) {}

  size_t size() const override { return indices_.size(); }
  T get(size_t index) const override {
    detail::check_index("Subset", index, indices_.size());
    return dataset_->get(indices_[index]);
  }
  ExampleOrigin<T> origin(size_t index) const override {
    detail::check_index("Subset", index, indices_.size());
    return dataset_->origin(indices_[index]);
  }
  const std::vector<size_t>& indices() const { return indices_; }

 private:
  std::shared_ptr<const Dataset<T>> dataset_;
  std::vector<size_t> indices_;
};

template <class D>
Subset(std::shared_ptr<D>, std::vector<size_t>) -> Subset<typename D::Example>;
template <class D>
Subset(D, std::vector<size_t>) -> Subset<typename D::Example>;

}  // namespace opsis::inline v1::datasets
