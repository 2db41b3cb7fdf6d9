// An example of any data set as a picture with a caption.
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/sheet.h"
#include "opsis/core/check.h"
#include "opsis/datasets.h"
#include "opsis/transforms/geometry.h"
#include "opsis/utils.h"

namespace cli {

/// The name of a class, or its number where the data set tells no names.
template <class Data>
std::string class_name(const Data& data, int64_t label) {
  const auto name_in = [&](const auto& names) {
    return label >= 0 && label < std::ssize(names) ? std::string(names[static_cast<size_t>(label)]) : std::to_string(label);
  };
  if constexpr (requires { data.file().categories().at(label); }) {
    const auto& names = data.file().categories();
    return names.contains(label) ? names.at(label) : std::to_string(label);
  } else if constexpr (std::is_same_v<Data, opsis::datasets::VOCDetection>) {
    return name_in(opsis::datasets::voc_classes());
  } else if constexpr (requires { std::string(data.classes()[0]); }) {
    return name_in(data.classes());
  } else {
    return std::to_string(label);
  }
}

// The picture under a color for each number of a mask, but for 0 and for 255, which is no class.
inline opsis::Image under_mask(const opsis::Image& picture, const opsis::Mask& mask) {
  const auto numbers = mask.data.dim() == 3 && mask.data.size(0) == 1 ? mask.data[0].to(torch::kInt32) : torch::Tensor();
  if (!numbers.defined()) return opsis::utils::draw_segmentation_masks(picture, mask.data != 0, {.alpha = 0.6});
  const auto classes = std::get<0>(at::_unique(numbers));
  const auto kept = classes.masked_select((classes != 0) & (classes != 255));
  if (kept.numel() == 0) return picture;
  return opsis::utils::draw_segmentation_masks(picture, numbers.unsqueeze(0) == kept.view({-1, 1, 1}), {.alpha = 0.6});
}

/// The example with its boxes, masks and flow drawn, no side longer than `side`, and what is known of it in words.
template <class Data>
opsis::utils::LabelledImage tile_of(const Data& data, size_t index, int64_t side) {
  namespace utils = opsis::utils;
  auto example = data.get(index);
  opsis::Image picture;
  std::string label;
  if constexpr (requires { example.image; }) {
    if (example.image.data.numel() == 0) example.image = opsis::Image(torch::zeros({3, 1, 1}, torch::kUInt8));  // it has none
    // All of it is made small before anything is drawn, so that lines stay lines.
    const opsis::Size size{example.image.data.size(-2), example.image.data.size(-1)}, shown = size_on_sheet(size, side);
    if (shown != size) example = opsis::transforms::Resize({shown.height, shown.width})(std::move(example));
    picture = picture_of(example.image, side);
  } else if constexpr (requires { example.video; }) {
    picture = picture_of(opsis::Image(example.video.data[0]), side);
    label = opsis::text("{} frames", example.video.data.size(0));
  } else if constexpr (requires { example.left, example.right; }) {
    picture = utils::side_by_side({picture_of(example.left, side), picture_of(example.right, side)});
  } else {
    std::vector<opsis::Image> parts{picture_of(example.first, side)};
    if (example.second.data.defined()) parts.push_back(picture_of(example.second, side));
    if constexpr (requires { example.flow; }) {
      if (example.flow.defined()) parts.push_back(picture_of(opsis::Image(utils::flow_to_image(example.flow)), side));
    } else if constexpr (requires { example.same; }) {
      if (parts.size() > 1) label = example.same != 0 ? "the same" : "different";
    }
    picture = utils::side_by_side(parts);
  }

  if constexpr (requires { example.mask; }) {
    picture = under_mask(picture, example.mask);
  } else if constexpr (requires { example.semantic, example.instance; }) {
    if (const auto& mask = example.semantic ? example.semantic : example.instance) picture = under_mask(picture, *mask);
  } else if constexpr (requires { example.segmentation; }) {
    if (example.segmentation) picture = under_mask(picture, *example.segmentation);
  }
  if constexpr (requires { example.boxes.format; }) {
    utils::DrawBoundingBoxesOptions options{.width = 1, .font_size = 10};
    if constexpr (requires { example.labels; }) {
      std::vector<std::string> names;
      for (int64_t i = 0; i < example.labels.numel(); ++i)
        names.push_back(class_name(data, example.labels[i].template item<int64_t>()));
      options.labels = std::move(names);
    }
    const auto count = example.boxes.data.size(0);
    if (count > 0) picture = utils::draw_bounding_boxes(picture, example.boxes, options);
    label = opsis::text("{} objects", count);
  } else if constexpr (requires { example.captions; }) {
    if (!example.captions.empty()) label = example.captions[0];
  } else if constexpr (requires { example.identity; }) {
    label = opsis::text("person {}", example.identity);
  } else if constexpr (requires { example.key; }) {
    label = example.label >= 0 ? std::to_string(example.label) : example.text.empty() ? example.key : example.text;
  } else if constexpr (requires { example.label; }) {
    label = class_name(data, example.label);
  }
  constexpr size_t longest = 40;
  if (label.size() > longest) label = label.substr(0, longest - 3) + "...";
  return {std::move(picture), opsis::text("{}{}{}", index, label.empty() ? "" : ": ", label)};
}

}  // namespace cli
