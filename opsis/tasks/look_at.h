// The images of what a task is asked about. For Opsis's own sources.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "opsis/tasks/picture.h"

namespace opsis::inline v1::tasks::detail {

/// The image of each picture; files are decoded on many threads. `of_each` are asked about together.
/// Throws   what Picture::image throws; ValueError unless they are (3, H, W) with pixels. Among several the message begins with the
///          place, "Detector: inputs[2]: ...", of the first that is bad
std::vector<Image> look_at(std::string_view task, std::span<const Picture> pictures, size_t of_each = 1);

inline Image look_at(std::string_view task, const Picture& picture) {
  return std::move(look_at(task, std::span(&picture, 1)).front());
}

/// Throws   ValueError for an image of which, when its shorter side is resized to `side`, more than `most` pixels are made. Among
///          several the message begins with the place
void check_resized(std::string_view task, std::span<const Image> images, int64_t side, int64_t most);

}  // namespace opsis::inline v1::tasks::detail
