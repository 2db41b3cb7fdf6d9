#include "tests/support/transform_catalogue.h"

#include <map>
#include <stdexcept>

namespace catalogue {
namespace {

using namespace opsis;
using namespace opsis::transforms;

const std::map<std::string, AnyTransform>& all() {
  static const std::map<std::string, AnyTransform> transforms{
      {"Resize(16)", Resize(16)},
      {"Resize({16, 24})", Resize({16, 24}, {.interpolation = InterpolationMode::BICUBIC, .antialias = false})},
      {"Resize({}, 20)", Resize({}, {.max_size = 20})},
      {"Resize(16, 20)", Resize(16, {.interpolation = InterpolationMode::NEAREST, .max_size = 20})},
      {"CenterCrop(16)", CenterCrop(16)},
      {"CenterCrop({50, 20})", CenterCrop({50, 20})},
      {"RandomCrop(16)", RandomCrop(16)},
      {"RandomCrop({33, 20})", RandomCrop({33, 20})},
      {"RandomCrop(32, padding)", RandomCrop(32, {.padding = {4}})},
      {"RandomCrop(64, needed)", RandomCrop(64, {.pad_if_needed = true, .fill = {1, 2, 3}})},
      {"RandomCrop({40, 30}, all)", RandomCrop({40, 30}, {.padding = {1, 2, 3, 4}, .pad_if_needed = true, .fill = 0.5})},
      {"RandomResizedCrop(24)", RandomResizedCrop(24)},
      {"RandomResizedCrop({20, 30})",
       RandomResizedCrop({20, 30}, {.scale = {0.5, 0.75}, .ratio = {0.5, 2.0}, .interpolation = InterpolationMode::NEAREST})},
      {"RandomResizedCrop(24, middle)", RandomResizedCrop(24, {.scale = {2.0, 3.0}, .ratio = {2.0, 3.0}, .antialias = false})},
      {"RandomResizedCrop(24, tall)", RandomResizedCrop(24, {.scale = {2.0, 3.0}, .ratio = {0.2, 0.3}})},
      {"RandomHorizontalFlip()", RandomHorizontalFlip()},
      {"RandomHorizontalFlip(0.1)", RandomHorizontalFlip(0.1)},
      {"RandomHorizontalFlip(1)", RandomHorizontalFlip(1.0)},
      {"Pad(2)", Pad(2)},
      {"Pad({1, 2})", Pad({1, 2}, {.fill = 7})},
      {"Pad({1, 2, 3, 4}, per kind)", Pad({1, 2, 3, 4}, {.fill = PerKind<Fill>{.image = Fill{1, 2, 3}, .others = 9}})},
      {"ToDtype(float)", ToDtype(torch::kFloat32)},
      {"ToDtype(float, scale)", ToDtype(torch::kFloat32, {.scale = true})},
      {"ToDtype(per kind)", ToDtype({.image = torch::kFloat64, .mask = torch::kInt64, .others = unchanged}, {.scale = true})},
      {"Compose(one)", Compose{Resize(16)}},
      {"Compose(nested)", Compose{Resize(20), Compose{RandomCrop(16), Pad(1)}, RandomHorizontalFlip()}},
      {"RandomApply(one)", RandomApply({RandomHorizontalFlip(0.7)}, 0.3)},
      {"RandomApply(two)", RandomApply({Pad(2), RandomCrop(16)})},
      {"Compose(train)", Compose{RandomResizedCrop(24), RandomHorizontalFlip(), ToDtype(torch::kFloat32, {.scale = true}),
                                 Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})}},
      {"Normalize", Normalize({0.485, 1e-5, 1.0}, {1e17, 2.5, 100.0})},
      {"Normalize(inplace)", Normalize({0.5}, {0.5}, {.inplace = true})},
      {"Pad(none)", Pad(2, {.fill = Fill(), .padding_mode = PaddingMode::Edge})},
      {"Lambda", Lambda([](const auto& value) { return value; })},
      {"Lambda(Image, Mask)",
       Lambda([]<class T>(const T& value) requires(std::is_same_v<T, Image> || std::is_same_v<T, Mask>) { return value; })},
  };
  return transforms;
}

}  // namespace

AnyTransform named(const std::string& name) {
  const auto found = all().find(name);
  if (found == all().end()) throw std::runtime_error("catalogue: no transform is named " + name);
  return found->second;
}

}  // namespace catalogue
