// Data sets made of others: several as one, parts, repetitions, changed and kept examples. Subset stands in dataset.h.
//     const datasets::CachedDataset photos(datasets::ImageFolder({.root = "photos"}), int64_t{4} << 30);
//     const auto parts = datasets::random_split(photos, {0.8, 0.2});
//     data::DataLoader loader(datasets::MappedDataset(parts[0], augment), {.batch_size = 64, .shuffle = true});
#pragma once

#include <ATen/core/Generator.h>
#include <torch/types.h>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/datasets/dataset.h"

namespace opsis::inline v1::datasets {

/// A data set whose ownership is shared: a shared_ptr to one, or a copy of what is given (those of Opsis are cheap to copy).
/// Views take this, so that either can be handed to them.
template <class T>
class SharedDataset {
 public:
  using Example = T;
  template <class D>
  requires std::is_base_of_v<Dataset<T>, D> SharedDataset(D dataset)
      : dataset_(std::make_shared<const D>(std::move(dataset))) {}
  template <class D>
  requires std::is_base_of_v<Dataset<T>, D> SharedDataset(std::shared_ptr<D> dataset) : dataset_(std::move(dataset)) {}

  const Dataset<T>& operator*() const { return *dataset_; }
  const Dataset<T>* operator->() const { return dataset_.get(); }
  operator std::shared_ptr<const Dataset<T>>() const { return dataset_; }

 private:
  std::shared_ptr<const Dataset<T>> dataset_;
};

template <class D>
SharedDataset(D) -> SharedDataset<typename D::Example>;
template <class D>
SharedDataset(std::shared_ptr<D>) -> SharedDataset<typename D::Example>;

/// The examples of a data set, or of what a shared_ptr points to.
template <class D>
using ExampleOf = typename decltype(SharedDataset(std::declval<D>()))::Example;

namespace detail {

// Where each part ends, of parts that follow each other. Throws ValueError when there is none.
OPSIS_API std::vector<size_t> ends_of(const std::vector<size_t>& sizes);
// The part that has this number, and its number within the part.
OPSIS_API std::pair<size_t, size_t> part_of(const std::vector<size_t>& ends, size_t index);

// size * times. Throws ValueError when that is beyond size_t, or times is 0.
OPSIS_API size_t repeated_size(size_t size, size_t times);

// The numbers of each part of a split.
OPSIS_API std::vector<std::vector<size_t>> random_parts(size_t size, const std::vector<double>& lengths,
                                                        std::optional<at::Generator> generator);
OPSIS_API std::vector<std::vector<size_t>> stratified_parts(size_t size, const std::vector<int64_t>& labels,
                                                            const std::vector<double>& lengths,
                                                            std::optional<at::Generator> generator);

// use(tensor) for each tensor of an example: in tv_tensors, optionals, vectors, tuples, and structs with fields().
template <class T, class Use>
void each_tensor(T& value, const Use& use) {
  if constexpr (std::is_same_v<T, torch::Tensor>) {
    if (value.defined()) use(value);
  } else if constexpr (requires { requires std::is_same_v<std::remove_cvref_t<decltype(value.data)>, torch::Tensor>; }) {
    each_tensor(value.data, use);
  } else if constexpr (requires { value.fields(); }) {
    std::apply([&](auto&... fields) { (each_tensor(fields, use), ...); }, value.fields());
  } else if constexpr (requires { value.has_value(), *value; }) {
    if (value.has_value()) each_tensor(*value, use);
  } else if constexpr (requires { std::tuple_size<T>::value; }) {
    std::apply([&](auto&... parts) { (each_tensor(parts, use), ...); }, value);
  } else if constexpr (requires {
                         typename T::value_type;
                         requires std::is_same_v<T, std::vector<typename T::value_type>>;
                       }) {
    if constexpr (!std::is_arithmetic_v<typename T::value_type>) {
      for (auto& item : value) each_tensor(item, use);
    }
  }
}

// Has the classes of its examples at hand, without reading them.
template <class D>
concept KnowsLabels = requires(const D& dataset) {
  dataset.targets();
}
|| requires(const D& dataset) { dataset.labels(); };

template <KnowsLabels D>
std::vector<int64_t> labels_of(const D& dataset) {
  if constexpr (requires { dataset.targets(); }) {
    return dataset.targets();
  } else {
    const torch::Tensor labels = dataset.labels().to(torch::kInt64).contiguous();
    return {labels.data_ptr<int64_t>(), labels.data_ptr<int64_t>() + labels.numel()};
  }
}

template <class T>
std::vector<Subset<T>> subsets_of(const SharedDataset<T>& dataset, std::vector<std::vector<size_t>> parts) {
  std::vector<Subset<T>> out;
  for (auto& part : parts) out.emplace_back(std::shared_ptr<const Dataset<T>>(dataset), std::move(part));
  return out;
}

}  // namespace detail

/// Several data sets one after the other.
///     const datasets::ConcatDataset photos(train, extra);
/// Throws   ValueError when there is none
/// Source   torch.utils.data.ConcatDataset
template <class T>
class ConcatDataset final : public Dataset<T> {
 public:
  explicit ConcatDataset(std::vector<SharedDataset<T>> datasets) : datasets_(std::move(datasets)) {
    std::vector<size_t> sizes;
    for (const auto& dataset : datasets_) sizes.push_back(dataset->size());
    ends_ = detail::ends_of(sizes);
  }
  template <class First, class... Rest>
  requires(std::convertible_to<First, SharedDataset<T>>&&...&&
               std::convertible_to<Rest, SharedDataset<T>>) explicit ConcatDataset(First first, Rest... rest)
      : ConcatDataset(std::vector<SharedDataset<T>>{SharedDataset<T>(std::move(first)), SharedDataset<T>(std::move(rest))...}) {
  }

  size_t size() const override { return ends_.back(); }
  T get(size_t index) const override {
    detail::check_index("ConcatDataset", index, size());
    const auto [part, within] = detail::part_of(ends_, index);
    return datasets_[part]->get(within);
  }
  ExampleOrigin<T> origin(size_t index) const override {
    detail::check_index("ConcatDataset", index, size());
    const auto [part, within] = detail::part_of(ends_, index);
    return datasets_[part]->origin(within);
  }
  /// Where each of them ends.
  const std::vector<size_t>& cumulative_sizes() const { return ends_; }

 private:
  std::vector<SharedDataset<T>> datasets_;
  std::vector<size_t> ends_;
};

template <class T>
ConcatDataset(std::vector<SharedDataset<T>>) -> ConcatDataset<T>;
template <class First, class... Rest>
ConcatDataset(First, Rest...) -> ConcatDataset<ExampleOf<First>>;

/// A data set several times over, as one epoch: index % size is the example.
/// Throws   ValueError when times is 0
template <class T>
class RepeatedDataset final : public Dataset<T> {
 public:
  RepeatedDataset(SharedDataset<T> dataset, size_t times)
      : dataset_(std::move(dataset)), size_(detail::repeated_size(dataset_->size(), times)) {}
  size_t size() const override { return size_; }
  T get(size_t index) const override {
    detail::check_index("RepeatedDataset", index, size_);
    return dataset_->get(index % dataset_->size());
  }
  ExampleOrigin<T> origin(size_t index) const override {
    detail::check_index("RepeatedDataset", index, size_);
    return dataset_->origin(index % dataset_->size());
  }

 private:
  SharedDataset<T> dataset_;
  size_t size_;
};

template <class D>
RepeatedDataset(D, size_t) -> RepeatedDataset<ExampleOf<D>>;

/// What a function, or a transform, makes of each example, when it is read. Called from many threads.
///     const datasets::MappedDataset flipped(photos, transforms::RandomHorizontalFlip());
///     const datasets::MappedDataset labels(photos, [](const datasets::Classified& example) { return example.label; });
template <class T, class F>
class MappedDataset final : public Dataset<std::decay_t<std::invoke_result_t<const F&, T>>> {
 public:
  MappedDataset(SharedDataset<T> dataset, F function) : dataset_(std::move(dataset)), function_(std::move(function)) {}
  size_t size() const override { return dataset_->size(); }
  std::decay_t<std::invoke_result_t<const F&, T>> get(size_t index) const override { return function_(dataset_->get(index)); }

 private:
  SharedDataset<T> dataset_;
  F function_;
};

template <class D, class F>
MappedDataset(D, F) -> MappedDataset<ExampleOf<D>, F>;

/// Keeps examples in memory once they were read, until their tensors would take more than `bytes`; what comes later is read
/// each time. Nothing is thrown out, since an epoch comes back to all examples alike. What is kept is as the data set gave it,
/// so transforms that draw belong behind it, into a MappedDataset. get() gives copies, and copies of this share what is kept.
/// Bytes    of the examples' tensors; texts and annotations are not counted
template <class T>
class CachedDataset final : public Dataset<T> {
 public:
  CachedDataset(SharedDataset<T> dataset, int64_t bytes) : dataset_(std::move(dataset)), kept_(std::make_shared<Kept>()) {
    kept_->free = bytes;
    kept_->examples.resize(dataset_->size());
  }
  size_t size() const override { return kept_->examples.size(); }
  T get(size_t index) const override {
    detail::check_index("CachedDataset", index, size());
    const auto known = [&] {
      const std::lock_guard lock(kept_->mutex);
      return kept_->examples[index];
    }();
    if (known) return copy_of(*known);
    auto example = dataset_->get(index);
    int64_t needs = 0;
    detail::each_tensor(example, [&](const torch::Tensor& tensor) { needs += static_cast<int64_t>(tensor.nbytes()); });
    const std::lock_guard lock(kept_->mutex);
    if (!kept_->examples[index] && needs <= kept_->free) {
      kept_->examples[index] = std::make_shared<const T>(copy_of(example));
      kept_->free -= needs;
      ++kept_->count;
    }
    return example;
  }
  /// Of what is not kept: a loader passes over the cache for what makes whole batches, which is in memory already.
  ExampleOrigin<T> origin(size_t index) const override { return dataset_->origin(index); }
  /// How many examples are kept.
  size_t cached() const {
    const std::lock_guard lock(kept_->mutex);
    return kept_->count;
  }

 private:
  struct Kept {
    std::mutex mutex;
    int64_t free = 0;
    size_t count = 0;
    std::vector<std::shared_ptr<const T>> examples;
  };
  static T copy_of(T example) {
    detail::each_tensor(example, [](torch::Tensor& tensor) { tensor = tensor.clone(); });
    return example;
  }
  SharedDataset<T> dataset_;
  std::shared_ptr<Kept> kept_;
};

template <class D>
CachedDataset(D, int64_t) -> CachedDataset<ExampleOf<D>>;

/// The examples that `keep` takes. Asked by number, keep(size_t), it reads nothing; asked for examples, keep(const T&), it
/// reads all of them now, with what their transforms draw.
///     const auto cats = datasets::filter(photos, [&](size_t i) { return photos.samples()[i].second == 0; });
template <class D, class Keep>
auto filter(D dataset, const Keep& keep) {
  const SharedDataset shared(std::move(dataset));
  using T = typename decltype(shared)::Example;
  std::vector<size_t> indices;
  for (size_t i = 0; i < shared->size(); ++i) {
    bool kept;
    if constexpr (std::is_invocable_r_v<bool, const Keep&, size_t>) {
      kept = keep(i);
    } else {
      kept = keep(shared->get(i));
    }
    if (kept) indices.push_back(i);
  }
  return Subset<T>(std::shared_ptr<const Dataset<T>>(shared), std::move(indices));
}

/// Parts of a data set that have nothing in common, at random. `lengths` are whole numbers that sum up to the size, or
/// fractions that sum up to 1: then each part has floor(fraction * size) examples, and what is left goes one by one to the
/// first parts.
///     const auto parts = datasets::random_split(photos, {0.9, 0.1});   // parts[0], parts[1]
/// Draws    torch.randperm(size), from `generator` or the current one
/// Throws   ValueError for lengths that do not sum up, are negative or no whole numbers
/// Differs  Python takes negative lengths
/// Source   torch.utils.data.random_split
template <class D>
std::vector<Subset<ExampleOf<D>>> random_split(D dataset, const std::vector<double>& lengths,
                                               std::optional<at::Generator> generator = {}) {
  const SharedDataset shared(std::move(dataset));
  return detail::subsets_of(shared, detail::random_parts(shared->size(), lengths, std::move(generator)));
}

/// random_split in which each part has its share of each class: as many as its part of the whole, but for one or two. `labels`
/// has the class of each example.
/// Draws    as random_split
/// Throws   ValueError too when there are not as many labels as examples
template <class D>
std::vector<Subset<ExampleOf<D>>> stratified_split(D dataset, const std::vector<double>& lengths,
                                                   const std::vector<int64_t>& labels,
                                                   std::optional<at::Generator> generator = {}) {
  const SharedDataset shared(std::move(dataset));
  return detail::subsets_of(shared, detail::stratified_parts(shared->size(), labels, lengths, std::move(generator)));
}

/// The same of a data set that knows its labels without reading examples: by targets() or labels().
///     const auto parts = datasets::stratified_split(datasets::Digits(), {0.8, 0.2});
template <detail::KnowsLabels D>
std::vector<Subset<ExampleOf<D>>> stratified_split(D dataset, const std::vector<double>& lengths,
                                                   std::optional<at::Generator> generator = {}) {
  const auto labels = detail::labels_of(dataset);
  return stratified_split(std::move(dataset), lengths, labels, std::move(generator));
}

}  // namespace opsis::inline v1::datasets
