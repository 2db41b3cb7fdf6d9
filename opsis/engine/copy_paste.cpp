#include "opsis/engine/copy_paste.h"

#include <torch/torch.h>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/models/detection/transform.h"
#include "opsis/ops/boxes.h"
#include "opsis/transforms/functional/resize.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::engine {
namespace {

using models::DetectionTarget;
using torch::Tensor;

struct Pasted {
  Tensor image;
  DetectionTarget target;
};

Size size_of(const Tensor& image) { return {image.size(-2), image.size(-1)}; }

DetectionTarget selected(const DetectionTarget& target, const Tensor& rows) {
  return {.boxes = target.boxes.index_select(0, rows),
          .labels = target.labels.index_select(0, rows),
          .masks = target.masks.index_select(0, rows)};
}

// Some of the things of a picture, each at most once.
DetectionTarget drawn(const DetectionTarget& things) {
  const auto count = things.labels.size(0);
  const auto numbers = at::randint(0, count, {count}, random::current(), torch::dtype(torch::kInt64));
  return selected(things, std::get<0>(at::_unique(numbers, /*sorted=*/true)).to(things.labels.device()));
}

void scale(Pasted& above, Size size) {
  const auto before = size_of(above.image);
  if (before == size) return;
  const std::vector<int64_t> sides{size.height, size.width};
  above.image = transforms::functional::resize(above.image, sides);
  above.target.masks = transforms::functional::resize(Mask(above.target.masks), sides).data;
  above.target.boxes = models::detection::resize_boxes(above.target.boxes, before, size);
}

Pasted onto(const Pasted& below, Pasted above) {
  if (above.target.labels.size(0) == 0) return below;
  above.target = drawn(above.target);
  scale(above, size_of(below.image));
  const auto& things = above.target;
  // What torchvision blurs is cut out where anything is left of it: it is wider by the blur's two pixels.
  const auto outline = things.masks.ne(0).any(0, /*keepdim=*/true).to(torch::kFloat32);
  const auto covered = torch::max_pool2d(outline, {5, 5}, {1, 1}, {2, 2})[0] > 0;

  const auto masks = below.target.masks.masked_fill(covered, 0);
  const auto left = masks.flatten(1).ne(0).any(1).nonzero().squeeze(1);
  const auto seen = masks.index_select(0, left);
  DetectionTarget all{.boxes = torch::cat({ops::masks_to_boxes(seen), things.boxes}),
                      .labels = torch::cat({below.target.labels.index_select(0, left), things.labels}),
                      .masks = torch::cat({seen, things.masks})};
  const auto sound = (all.boxes.slice(1, 2) > all.boxes.slice(1, 0, 2)).all(1).nonzero().squeeze(1);
  return {torch::where(covered, above.image, below.image), selected(all, sound)};
}

}  // namespace

void copy_paste(std::vector<Tensor>& images, std::vector<DetectionTarget>& targets) {
  OPSIS_CHECK(images.size() == targets.size(), "copy_paste: there must be a target for each picture, got {} pictures and {}",
              images.size(), targets.size());
  for (size_t i = 0; i < images.size(); ++i) {
    const auto& masks = targets[i].masks;
    OPSIS_CHECK(masks.defined() && masks.dim() == 3 && size_of(masks) == size_of(images[i]),
                "copy_paste: target {} must have masks of its picture's size, got {} for a picture of {}", i,
                opsis::detail::shape(masks), opsis::detail::shape(images[i]));
  }
  const auto pictures = images;
  const auto things = targets;
  for (size_t i = 0; i < images.size(); ++i) {
    const auto before = (i + images.size() - 1) % images.size();
    auto [image, target] = onto({pictures[i], things[i]}, {pictures[before], things[before]});
    images[i] = std::move(image);
    targets[i] = std::move(target);
  }
}

}  // namespace opsis::inline v1::engine
