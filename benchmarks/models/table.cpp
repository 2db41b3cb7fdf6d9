// Times models on tensors that scripts/bench_models has made, and prints JSON for it:
//     opsis_bench_models <folder> <seconds> <model> <batch> <threads> <how>...      how: eager, optimized, bfloat16
// The folder has <model>.pth and images.safetensors; outputs go to opsis_<model>_<batch>_<how>.safetensors there.
#include <ATen/Context.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "benchmarks/timing.h"
#include "opsis/hub/safetensors.h"
#include "opsis/models/optimize.h"
#include "opsis/models/registry.h"

namespace {

int measure(const std::vector<std::string>& arguments) {
  namespace models = opsis::models;
  const std::filesystem::path folder = arguments.at(0);
  const auto seconds = std::stod(arguments.at(1));
  const auto& name = arguments.at(2);
  const auto batch = std::stoll(arguments.at(3));
  torch::set_num_threads(std::stoi(arguments.at(4)));
  at::globalContext().setFlushDenormal(true);
  const torch::InferenceMode inference;
  const auto images = opsis::hub::load_safetensors(folder / "images.safetensors").at(0).second.slice(0, 0, batch);
  const auto eager = models::get_model(name, {.weights_file = folder / (name + ".pth")});
  eager->eval();
  nlohmann::json found;
  for (size_t i = 5; i < arguments.size(); ++i) {
    const auto& how = arguments[i];
    auto model = eager;
    if (how != "eager") model = models::optimize(eager, {.dtype = how == "bfloat16" ? torch::kBFloat16 : torch::kFloat32});
    torch::Tensor out;
    found[how] = bench::least_milliseconds([&] { out = model->forward(images); }, seconds);
    const auto file = "opsis_" + name + "_" + arguments[3] + "_" + how + ".safetensors";
    opsis::hub::save_safetensors(folder / file, {{"result", out.clone()}});
  }
  std::cout << found << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 6) {
    std::fprintf(stderr, "usage: opsis_bench_models folder seconds model batch threads how...\n");
    return 2;
  }
  try {
    return measure(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "opsis_bench_models: %s\n", error.what());
    return 1;
  }
}
