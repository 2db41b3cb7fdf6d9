// Prints what Opsis has of torchvision's names, as JSON: {"models": [...], "weights": [...], ...}. scripts/coverage reads it.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "opsis/opsis.h"

// Rooms without a registry of their own: a line whose name is not there does not compile.
namespace has {

namespace datasets {
#define OPSIS_NAME(name) using opsis::datasets::name;
#include "tests/coverage/datasets.def"
#undef OPSIS_NAME
}  // namespace datasets

namespace io {
#define OPSIS_NAME(name) using opsis::io::name;
#include "tests/coverage/io.def"
#undef OPSIS_NAME
}  // namespace io

namespace ops {
#define OPSIS_NAME(name) using opsis::ops::name;
#include "tests/coverage/ops.def"
#undef OPSIS_NAME
}  // namespace ops

namespace tv_tensors {
#define OPSIS_NAME(name) using opsis::tv_tensors::name;
#include "tests/coverage/tv_tensors.def"
#undef OPSIS_NAME
}  // namespace tv_tensors

namespace utils {
#define OPSIS_NAME(name) using opsis::utils::name;
#include "tests/coverage/utils.def"
#undef OPSIS_NAME
}  // namespace utils

namespace transforms_v1 {
#define OPSIS_NAME(name) using opsis::transforms::v1::name;
#include "tests/coverage/transforms_v1.def"
#undef OPSIS_NAME
}  // namespace transforms_v1

namespace functional_v1 {
#define OPSIS_NAME(name) using opsis::transforms::v1::functional::name;
#include "tests/coverage/functional_v1.def"
#undef OPSIS_NAME
}  // namespace functional_v1

// transforms.def holds classes only.
using opsis::transforms::check_type;
using opsis::transforms::get_bounding_boxes;
using opsis::transforms::get_keypoints;
using opsis::transforms::has_all;
using opsis::transforms::has_any;
using opsis::transforms::query_chw;
using opsis::transforms::query_size;

}  // namespace has

namespace {

#define OPSIS_NAME(name) #name,
const std::vector<std::string> io = {
#include "tests/coverage/io.def"
};
const std::vector<std::string> ops = {
#include "tests/coverage/ops.def"
};
const std::vector<std::string> transforms_v1 = {
#include "tests/coverage/transforms_v1.def"
};
const std::vector<std::string> functional_v1 = {
#include "tests/coverage/functional_v1.def"
};
const std::vector<std::string> tv_tensors = {
#include "tests/coverage/tv_tensors.def"
};
const std::vector<std::string> utils = {
#include "tests/coverage/utils.def"
};
#undef OPSIS_NAME

// "resize_mask" when resize(const Mask&, ...) compiles, and so on.
std::vector<std::string> kernels_of_single_kinds() {
  std::vector<std::string> names;
#define OPSIS_KERNEL(Kind, suffix, name, ...)                                                                         \
  {                                                                                                                   \
    using Result [[maybe_unused]] =                                                                                   \
        decltype(opsis::transforms::functional::name(std::declval<const opsis::Kind&>() __VA_OPT__(, ) __VA_ARGS__)); \
    names.emplace_back(#name "_" suffix);                                                                             \
  }
#define OPSIS_KERNELS_VIDEO(...) OPSIS_KERNEL(Video, "video", __VA_ARGS__)
#define OPSIS_KERNELS_IMAGE(...) OPSIS_KERNEL(Image, "image", __VA_ARGS__)
#define OPSIS_KERNELS_PIXELS(...)  \
  OPSIS_KERNELS_IMAGE(__VA_ARGS__) \
  OPSIS_KERNELS_VIDEO(__VA_ARGS__)
#define OPSIS_KERNELS_ALL(...)                               \
  OPSIS_KERNELS_PIXELS(__VA_ARGS__)                          \
  OPSIS_KERNEL(Mask, "mask", __VA_ARGS__)                    \
  OPSIS_KERNEL(BoundingBoxes, "bounding_boxes", __VA_ARGS__) \
  OPSIS_KERNEL(KeyPoints, "keypoints", __VA_ARGS__)
#include "tests/coverage/kernels.def"
  return names;
}

template <class Names>
std::vector<std::string> strings(const Names& names) {
  return {names.begin(), names.end()};
}

}  // namespace

int main() {
  auto datasets = strings(opsis::datasets::list_datasets());
#define OPSIS_NAME(name) datasets.emplace_back(#name);
#include "tests/coverage/datasets.def"
#undef OPSIS_NAME
  auto transforms = strings(opsis::transforms::list_transforms());
  transforms.insert(transforms.end(),
                    {"check_type", "get_bounding_boxes", "get_keypoints", "has_all", "has_any", "query_chw", "query_size"});
  auto functionals = strings(opsis::transforms::list_functionals());
  for (auto& name : kernels_of_single_kinds()) functionals.push_back(std::move(name));
  const nlohmann::json names{{"models", opsis::models::list_models()},
                             {"weights", opsis::models::list_weights()},
                             {"datasets", datasets},
                             {"transforms", transforms},
                             {"transforms v1", transforms_v1},
                             {"functional", functionals},
                             {"functional v1", functional_v1},
                             {"ops", ops},
                             {"io", io},
                             {"utils", utils},
                             {"tv_tensors", tv_tensors}};
  std::cout << names.dump(1) << '\n';
}
