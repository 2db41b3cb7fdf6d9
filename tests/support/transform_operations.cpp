#include "tests/support/transform_operations.h"

#include <stdexcept>

namespace operations {
namespace {

using namespace opsis;
using transforms::Fill;
using transforms::InterpolationMode;
using transforms::PaddingMode;
using transforms::Value;
namespace F = transforms::functional;

template <class Kernel>
Operation on(Kernel kernel) {
  return [kernel](const Value& value) { return transforms::apply_kernel(value, kernel); };
}

Operation resize(std::vector<int64_t> size, transforms::ResizeOptions options = {}) {
  return on([=](const auto& v) { return F::resize(v, size, options); });
}

Operation pad(std::vector<int64_t> padding, Fill fill = {}, PaddingMode mode = PaddingMode::Constant) {
  return on([=](const auto& v) { return F::pad(v, padding, fill, mode); });
}

Operation center_crop(std::vector<int64_t> size) {
  return on([=](const auto& v) { return F::center_crop(v, size); });
}

Operation crop(F::Region region) {
  return on([=](const auto& v) { return F::crop(v, region); });
}

Operation resized_crop(F::Region region, std::vector<int64_t> size, F::ResizedCropOptions options = {}) {
  return on([=](const auto& v) { return F::resized_crop(v, region, size, options); });
}

const std::map<std::string, Operation> all{
    {"resize 7", resize({7})},
    {"resize 16x24", resize({16, 24})},
    {"resize 1x2", resize({1, 2})},
    {"resize 20 to 24", resize({20}, {.max_size = 24})},
    {"resize longer 30", resize({}, {.max_size = 30})},
    {"resize nearest", resize({16, 24}, {.interpolation = InterpolationMode::NEAREST})},
    {"resize nearest-exact", resize({16, 24}, {.interpolation = InterpolationMode::NEAREST_EXACT})},
    {"resize aliased", resize({16, 24}, {.antialias = false})},
    {"center_crop 8", center_crop({8})},
    {"center_crop 40x20", center_crop({40, 20})},
    {"center_crop 60x61", center_crop({60, 61})},
    {"crop inside", crop({2, 3, 10, 12})},
    {"crop beyond", crop({-4, 5, 60, 11})},
    {"crop outside", crop({50, 60, 8, 9})},
    {"crop before", crop({-20, -30, 8, 9})},
    {"resized_crop", resized_crop({2, 3, 10, 12}, {9, 15})},
    {"resized_crop nearest-exact", resized_crop({1, 2, 13, 17}, {9, 15}, {.interpolation = InterpolationMode::NEAREST_EXACT})},
    {"horizontal_flip", on([](const auto& v) { return F::horizontal_flip(v); })},
    {"pad 2", pad({2})},
    {"pad 2 1 with 3", pad({2, 1}, 3)},
    {"pad 0 1 2 3 with half", pad({0, 1, 2, 3}, 0.5)},
    {"pad negative", pad({-3, 2, 1, -2})},
    {"pad edge", pad({2, 3}, {}, PaddingMode::Edge)},
    {"pad reflect", pad({2, 3, 1, 0}, {}, PaddingMode::Reflect)},
    {"pad symmetric", pad({2, 3, 1, 4}, {}, PaddingMode::Symmetric)},
    {"pad symmetric negative", pad({-2, 3, 1, -4}, {}, PaddingMode::Symmetric)},
    {"pad colour", pad({2, 3, 1, 0}, {1.5, 2.5, 3.5})},
    {"pad all but one side", pad({0, 3, 1, 4}, {1, 2, 3})},
    {"pad list of one", pad({2}, std::vector<double>{4})},
    {"resize bicubic", resize({16, 24}, {.interpolation = InterpolationMode::BICUBIC})},
    {"resize bicubic aliased", resize({50, 61}, {.interpolation = InterpolationMode::BICUBIC, .antialias = false})},
    {"resize lanczos", resize({16, 24}, {.interpolation = InterpolationMode::LANCZOS})},
};

}  // namespace

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto& [name, operation] : all) out.push_back(name);
  return out;
}

const Operation& named(const std::string& name) {
  const auto found = all.find(name);
  if (found == all.end()) throw std::runtime_error("operations: none is named " + name);
  return found->second;
}

torch::Tensor laid_out(const torch::Tensor& image, const std::string& layout) {
  if (layout == "channels_last") return image.movedim(-3, -1).contiguous().movedim(-1, -3);
  if (layout == "sliced") return torch::stack({image, image}, -1).select(-1, 0);
  if (layout == "cropped") return laid_out(torch::cat({image, image}, -1), "channels_last").slice(-1, 0, image.size(-1));
  return image;
}

Size size(const std::vector<int64_t>& height_and_width) { return {height_and_width.at(0), height_and_width.at(1)}; }

BoundingBoxes boxes(const oracle::Case& c) {
  const auto clamping = c.text("clamping");
  return {c.tensor("input"), tv_tensors::bounding_box_format(c.text("format")), size(c.ints("canvas")),
          clamping == "none"   ? ClampingMode::None
          : clamping == "hard" ? ClampingMode::Hard
                               : ClampingMode::Soft};
}

KeyPoints points(const oracle::Case& c) { return {c.tensor("input"), size(c.ints("canvas"))}; }

}  // namespace operations
