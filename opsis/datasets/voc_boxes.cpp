#include "opsis/datasets/voc_boxes.h"

#include <charconv>
#include <cmath>

#include "opsis/core/check.h"

namespace opsis::inline v1::datasets {
namespace {

// Far beyond any picture, and within what whole numbers hold.
constexpr double kMostVocPixels = 1e9;

const Json::List& voc_objects(const Json& tree) { return tree["annotation"]["object"].items(); }

}  // namespace

double voc_pixels(const Json& element, std::string_view side) {
  const auto& word = element[side].text();
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  OPSIS_CHECK(error == std::errc() && end == word.data() + word.size() && std::abs(value) <= kMostVocPixels,
              "{} must be a number of pixels, got \"{}\"", side, word);
  return value;
}

std::vector<VocBox> voc_boxes(const Json& tree) {
  std::vector<VocBox> out;
  for (const auto& object : voc_objects(tree)) {
    const auto& box = object["bndbox"];
    out.push_back({object["name"].text(), voc_pixels(box, "xmin"), voc_pixels(box, "ymin"), voc_pixels(box, "xmax"),
                   voc_pixels(box, "ymax")});
  }
  return out;
}

std::vector<std::string> voc_names(const Json& tree) {
  std::vector<std::string> out;
  for (const auto& object : voc_objects(tree)) out.push_back(object["name"].text());
  return out;
}

}  // namespace opsis::inline v1::datasets
