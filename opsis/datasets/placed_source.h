// Data sets that write a picture where it is wanted.
#pragma once

#include <cstddef>

#include "opsis/core/api.h"
#include "opsis/transforms/image_place.h"

namespace opsis::inline v1::datasets {

/// What a data set is besides, when it can make the picture of an example in memory of who asks for it. A data loader that
/// collates as usual asks for it, also behind views (Dataset::origin), with the picture's place in the batch: pixels are then
/// never copied.
template <class T>
class OPSIS_API PlacedSource {
 public:
  virtual ~PlacedSource() = default;
  /// What get(index) gives, to the bit and with the same draws; in `place` the first of what collate stacks, of Classified the
  /// image, where it can be made there.
  /// Throws   as get, and what `place` throws
  virtual T get_placed(size_t index, const transforms::ImagePlace& place) const = 0;

 protected:
  PlacedSource() = default;
  PlacedSource(const PlacedSource&) = default;
  PlacedSource& operator=(const PlacedSource&) = default;
};

}  // namespace opsis::inline v1::datasets
