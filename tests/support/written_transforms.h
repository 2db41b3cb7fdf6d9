// Transforms beside their own code: at least one of each class that names its arguments.
#pragma once

#include <string_view>
#include <tuple>
#include <vector>

#include "opsis/transforms.h"

namespace written {

struct Written {
  std::string_view code;
  opsis::transforms::AnyTransform transform;
};

/// The code is what the compiler has just read, so that what is printed can be held against it.
const std::vector<Written>& transforms();

/// Samples of which each of these transforms takes one at least: an image with boxes, a mask and key points; an image alone; a
/// video; an image in [0, 1]; one of two numbers.
using Whole = std::tuple<opsis::Image, opsis::BoundingBoxes, opsis::Mask, opsis::KeyPoints>;
struct Samples {
  Whole whole;
  opsis::Image image;
  opsis::Video video;
  opsis::Image floats, two_numbers;
};
const Samples& samples();

/// With memory of its own, for what writes into its input.
template <class Sample>
Sample copied(Sample sample) {
  if constexpr (requires { sample.data; }) {
    sample.data = sample.data.clone();
  } else {
    std::apply([](auto&... value) { ((value.data = value.data.clone()), ...); }, sample);
  }
  return sample;
}

/// What such a sample is made of.
template <class Sample>
std::vector<torch::Tensor> tensors(const Sample& sample) {
  if constexpr (requires { sample.data; }) {
    return {sample.data};
  } else {
    return std::apply([](const auto&... value) { return std::vector<torch::Tensor>{value.data...}; }, sample);
  }
}

}  // namespace written
