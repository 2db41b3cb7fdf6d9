// How many images of a batch an optimized model computes at once.
#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

#include "opsis/models/program.h"

namespace opsis::inline v1::models::detail {

/// Activations of a few images stay in the caches, and a thread that has images of its own waits for no other after every layer. So
/// many at once, a divisor of the batch, that reading the weights anew for each part costs little; all of them where the parts could
/// not keep all threads busy. `of_one` is the program of one image, before anything is packed.
int64_t images_at_once(const Program& of_one, int64_t batch, int64_t threads);

/// Whether the model computes each image by itself, so that parts of a batch, `part` images each, give what the batch gives: its
/// steps for a batch and for a part are the same ones, all that they make grows with the images, and on noise of that shape every
/// part gives what the batch has there.
bool looks_at_images_alone(const std::function<std::vector<torch::Tensor>(torch::Tensor)>& forward, at::IntArrayRef shape,
                           torch::MemoryFormat format, int64_t part);

}  // namespace opsis::inline v1::models::detail
