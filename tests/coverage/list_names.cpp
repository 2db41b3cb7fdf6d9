// Prints what Opsis has of torchvision's names, as JSON: {"models": [...], "weights": [...], ...}. scripts/coverage reads it.
#include <iostream>
#include <nlohmann/json.hpp>

#include "opsis/opsis.h"

// Rooms without a registry of their own: a line whose name is not there does not compile.
namespace has {
namespace io {
#define OPSIS_NAME(name) using opsis::io::name;
#include "tests/coverage/io.def"
#undef OPSIS_NAME
}  // namespace io
namespace utils {
#define OPSIS_NAME(name) using opsis::utils::name;
#include "tests/coverage/utils.def"
#undef OPSIS_NAME
}  // namespace utils
namespace tv_tensors {
#define OPSIS_NAME(name) using opsis::tv_tensors::name;
#include "tests/coverage/tv_tensors.def"
#undef OPSIS_NAME
}  // namespace tv_tensors
namespace ops {
#define OPSIS_NAME(name) using opsis::ops::name;
#include "tests/coverage/ops.def"
#undef OPSIS_NAME
}  // namespace ops
}  // namespace has

int main() {
  using nlohmann::json;
  const auto list = [](const auto& names) {
    auto out = json::array();
    for (const auto& name : names) out.push_back(std::string(name));
    return out;
  };
#define OPSIS_NAME(name) #name,
  const std::vector<std::string> io{
#include "tests/coverage/io.def"
  };
  const std::vector<std::string> utils{
#include "tests/coverage/utils.def"
  };
  const std::vector<std::string> tv_tensors{
#include "tests/coverage/tv_tensors.def"
  };
  const std::vector<std::string> ops{
#include "tests/coverage/ops.def"
  };
#undef OPSIS_NAME
  std::cout << json{{"models", list(opsis::models::list_models())},
                    {"weights", list(opsis::models::list_weights())},
                    {"datasets", list(opsis::datasets::list_datasets())},
                    {"transforms", list(opsis::transforms::list_transforms())},
                    {"functional", list(opsis::transforms::list_functionals())},
                    {"io", list(io)},
                    {"utils", list(utils)},
                    {"tv_tensors", list(tv_tensors)},
                    {"ops", list(ops)}}
                   .dump(1)
            << '\n';
}
