#include "tests/support/color_operations.h"

#include <stdexcept>

namespace color_operations {
namespace {

using namespace opsis;
using operations::Operation;
using transforms::Value;
namespace F = transforms::functional;

template <class Kernel>
Operation on_pixels(Kernel kernel) {
  return [kernel](const Value& value) { return transforms::apply_kernel<Image, Video>(value, kernel); };
}

// torchvision has no kernel of these for videos, and lets them pass.
template <class Kernel>
Operation on_images(Kernel kernel) {
  return [kernel](const Value& value) { return transforms::apply_kernel<Image>(value, kernel); };
}

Operation normalize(std::vector<double> mean, std::vector<double> std) {
  return on_pixels([=](const auto& v) { return F::normalize(F::to_dtype(v, torch::kFloat32, {.scale = true}), mean, std); });
}

Operation erase(F::Region region, torch::Tensor pixels) {
  return on_pixels([=](const auto& v) { return F::erase(v, region, pixels); });
}

Operation permute(std::vector<int64_t> permutation) {
  return on_pixels([=](const auto& v) { return F::permute_channels(v, permutation); });
}

std::map<std::string, Operation> all() {
  std::map<std::string, Operation> out{
      {"gamma 0.7 gain 1.3", on_pixels([](const auto& v) { return F::adjust_gamma(v, 0.7, 1.3); })},
      {"gamma 2.2 gain 0.5", on_pixels([](const auto& v) { return F::adjust_gamma(v, 2.2, 0.5); })},
      {"autocontrast", on_pixels([](const auto& v) { return F::autocontrast(v); })},
      {"equalize", on_pixels([](const auto& v) { return F::equalize(v); })},
      {"invert", on_pixels([](const auto& v) { return F::invert(v); })},
      {"grayscale", on_images([](const auto& v) { return F::rgb_to_grayscale(v); })},
      {"grayscale 3", on_images([](const auto& v) { return F::to_grayscale(v, 3); })},
      {"to rgb", on_images([](const auto& v) { return F::grayscale_to_rgb(v); })},
      {"permute 2 0 1", permute({2, 0, 1})},
      {"permute 0", permute({0})},
      {"permute -1 0 1", permute({-1, 0, 1})},
      {"erase number", erase({1, 0, 4, 3}, torch::tensor({1.0f}).view({1, 1, 1}))},
      {"erase colour", erase({0, 1, 2, 90}, torch::tensor({0.0f, 1.0f, 0.5f}).view({3, 1, 1}))},
      {"erase beyond", erase({-1, -2, 3, 5}, torch::tensor({1.0f}))},
      {"to_dtype float", on_pixels([](const auto& v) { return F::to_dtype(v, torch::kFloat32, {.scale = true}); })},
      {"convert_image_dtype", on_images([](const auto& v) { return F::to_image(F::convert_image_dtype(v.data)); })},
      {"normalize", normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})},
      {"to_normalized", on_pixels([](const auto& v) {
         return F::to_normalized(v, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225});
       })},
      {"normalize one", normalize({0.5}, {0.37})},
  };
  const auto name = [](const std::string& kernel, const std::string& number) { return kernel + " " + number; };
  for (const std::string number : {"0.0", "0.37", "1.0", "1.9", "300.0", "nan", "inf"}) {
    const auto f = std::stod(number);
    out[name("brightness", number)] = on_pixels([f](const auto& v) { return F::adjust_brightness(v, f); });
    out[name("contrast", number)] = on_pixels([f](const auto& v) { return F::adjust_contrast(v, f); });
    out[name("saturation", number)] = on_pixels([f](const auto& v) { return F::adjust_saturation(v, f); });
  }
  for (const std::string number : {"-0.5", "-0.21", "0.0", "0.1", "0.5", "nan", "inf"}) {
    const auto f = std::stod(number);
    out[name("hue", number)] = on_pixels([f](const auto& v) { return F::adjust_hue(v, f); });
  }
  for (const std::string number : {"0.0", "0.45", "1.0", "2.0", "2.2", "nan", "inf"}) {
    const auto f = std::stod(number);
    out[name("gamma", number)] = on_pixels([f](const auto& v) { return F::adjust_gamma(v, f); });
  }
  for (const std::string number : {"0.0", "0.5", "1.0", "2.0", "13.7", "nan", "inf"}) {
    const auto f = std::stod(number);
    out[name("sharpness", number)] = on_pixels([f](const auto& v) { return F::adjust_sharpness(v, f); });
  }
  for (const std::string number : {"-1.0", "0.0", "0.5", "1.0", "100.5", "255.0", "nan", "inf"}) {
    const auto f = std::stod(number);
    out[name("solarize", number)] = on_pixels([f](const auto& v) { return F::solarize(v, f); });
  }
  for (const int64_t bits : {0, 1, 3, 7, 8}) {
    out[name("posterize", std::to_string(bits))] = on_pixels([bits](const auto& v) { return F::posterize(v, bits); });
  }
  return out;
}

const std::map<std::string, Operation>& operations_by_name() {
  static const auto operations = all();
  return operations;
}

}  // namespace

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto& [name, operation] : operations_by_name()) out.push_back(name);
  return out;
}

const Operation& named(const std::string& name) {
  const auto& operations = operations_by_name();
  const auto found = operations.find(name);
  if (found == operations.end()) throw std::runtime_error("color_operations: none is named " + name);
  return found->second;
}

}  // namespace color_operations
