// Times models on tensors that scripts/bench_models has made, and prints JSON for it:
//     opsis_bench_models <folder> <seconds> <model> <batch> <threads> <how>...      how: eager, optimized, bfloat16
// The folder has <model>.pth and images.safetensors; outputs go to opsis_<model>_<batch>_<how>.safetensors there.
//     opsis_bench_models speed <seconds> <model> <side>    of an image and weights of zeros: milliseconds of one thread's work;
//                                                          a quantized model has weights that were drawn
#include <ATen/Context.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "benchmarks/timing.h"
#include "opsis/core/process_allocator.h"
#include "opsis/hub/safetensors.h"
#include "opsis/models/optimize.h"
#include "opsis/models/registry.h"
#include "opsis/models/skip_initialisation.h"

namespace {

int measure_speed(const std::vector<std::string>& arguments) {
  namespace models = opsis::models;
  torch::set_num_threads(1);
  const torch::InferenceMode inference;
  const auto& name = arguments.at(2);
  const auto model = [&] {
    if (name.starts_with("quantized_")) return models::get_model(name, {.quantize = true});
    const models::SkipInitialisation skip;
    return models::get_model(name);
  }();
  for (auto& parameter : model->parameters()) parameter.zero_();
  model->eval();
  const auto side = std::stoll(arguments.at(3));
  const auto image = torch::zeros({1, 3, side, side});
  // Of the processor and not of the clock on the wall: machines have other work too.
  const auto milliseconds = [] { return 1000.0 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; };
  const auto begin = milliseconds();
  double least = 1e9;
  for (int i = 0; i < 3 || milliseconds() - begin < 1000 * std::stod(arguments.at(1)); ++i) {
    const auto before = milliseconds();
    model->forward(image);
    least = std::min(least, milliseconds() - before);
  }
  std::cout << least << '\n';
  return 0;
}

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
  const bool speed = arguments.size() == 4 && arguments[0] == "speed";
  if (!speed && arguments.size() < 6) {
    std::fprintf(stderr, "usage: opsis_bench_models folder seconds model batch threads how...\n");
    return 2;
  }
  opsis::keep_freed_memory();
  try {
    return speed ? measure_speed(arguments) : measure(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "opsis_bench_models: %s\n", error.what());
    return 1;
  }
}
