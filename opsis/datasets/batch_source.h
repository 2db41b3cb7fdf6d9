// Data sets that make whole batches at once.
#pragma once

#include <cstddef>
#include <span>

#include "opsis/core/api.h"

namespace opsis::inline v1::datasets {

/// What a data set is besides, when a batch of its examples costs less than they do one by one: where they are small, most of
/// their time goes into making tensors of each. A data loader that collates as usual asks for it, also behind views
/// (Dataset::origin): of a split, and of several that are one. Those parts of a batch that are of one source are made at once,
/// and put together where Batch is made of tensors.
/// Source   torch.utils.data asks for __getitems__
template <class Batch>
class OPSIS_API BatchSource {
 public:
  virtual ~BatchSource() = default;
  /// Whether it makes batches; not so when its transforms draw, or look at more than a pixel.
  virtual bool gives_batches() const = 0;
  /// What collate makes of these examples, to the bit. From any thread; the indices are below size().
  virtual Batch get_batch(std::span<const size_t> indices) const = 0;

 protected:
  BatchSource() = default;
  BatchSource(const BatchSource&) = default;
  BatchSource& operator=(const BatchSource&) = default;
};

}  // namespace opsis::inline v1::datasets
