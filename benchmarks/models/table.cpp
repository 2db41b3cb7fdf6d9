// Times models on tensors that scripts/bench_models has made, and prints JSON for it:
//     opsis_bench_models <folder> <seconds> <times> <model> <batch> <threads> <how>...      how: eager, optimized, bfloat16
// The folder has <model>.pth and images.safetensors; outputs go to opsis_<model>_<batch>_<how>.safetensors there. The least of so
// many calls at least counts.
//     opsis_bench_models speed <seconds> <model> <side> <result>    milliseconds of one thread's work on one image. The weights are
//                                                    those of scripts/bench_models's fill(), a quantized model's were drawn
#include <ATen/Context.h>
#include <torch/torch.h>

#include <cmath>
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

// The numbers of fill() in scripts/bench_models, which says why.
void fill(torch::nn::Module& model) {
  torch::manual_seed(0);
  const auto block = torch::randn({65521});
  int64_t number = 0;
  for (auto& parameter : model.named_parameters()) {
    auto& tensor = parameter.value();
    if (tensor.dim() < 2) {
      tensor.fill_(parameter.key().ends_with("weight") ? 1 : 0);
    } else {
      const auto inputs = static_cast<double>(tensor[0].numel());
      const auto scaled = block.roll(-97 * number) * std::sqrt(1 / inputs);
      const auto copies = (tensor.numel() + block.numel() - 1) / block.numel();
      tensor.copy_(scaled.repeat({copies}).slice(0, 0, tensor.numel()).view_as(tensor));
    }
    ++number;
  }
}

int measure_speed(const std::vector<std::string>& arguments) {
  namespace models = opsis::models;
  torch::set_num_threads(1);
  at::globalContext().setFlushDenormal(true);
  const torch::InferenceMode inference;
  const auto& name = arguments.at(2);
  const auto model = [&] {
    if (name.starts_with("quantized_")) {
      torch::manual_seed(0);
      return models::get_model(name, {.quantize = true});
    }
    auto made = [&] {
      const models::SkipInitialisation skip;
      return models::get_model(name);
    }();
    fill(*made);
    return made;
  }();
  model->eval();
  const auto side = std::stoll(arguments.at(3));
  torch::manual_seed(1);
  const auto image = torch::randn({1, 3, side, side});
  // Of the processor and not of the clock on the wall: machines have other work too.
  const auto processor = [] { return 1000.0 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; };
  torch::Tensor out;
  const auto least = bench::least_milliseconds([&] { out = model->forward(image); }, std::stod(arguments.at(1)), 2, processor);
  opsis::hub::save_safetensors(arguments.at(4), {{"result", out.clone()}});
  std::cout << least << '\n';
  return 0;
}

int measure(const std::vector<std::string>& arguments) {
  namespace models = opsis::models;
  const std::filesystem::path folder = arguments.at(0);
  const auto seconds = std::stod(arguments.at(1));
  const auto times = std::stoi(arguments.at(2));
  const auto& name = arguments.at(3);
  const auto batch = std::stoll(arguments.at(4));
  torch::set_num_threads(std::stoi(arguments.at(5)));
  at::globalContext().setFlushDenormal(true);
  const torch::InferenceMode inference;
  const auto images = opsis::hub::load_safetensors(folder / "images.safetensors").at(0).second.slice(0, 0, batch);
  const auto eager =
      models::get_model(name, {.weights_file = folder / (name + ".pth"), .quantize = name.starts_with("quantized_")});
  eager->eval();
  nlohmann::json found;
  for (size_t i = 6; i < arguments.size(); ++i) {
    const auto& how = arguments[i];
    auto model = eager;
    if (how != "eager") model = models::optimize(eager, {.dtype = how == "bfloat16" ? torch::kBFloat16 : torch::kFloat32});
    torch::Tensor out;
    found[how] = bench::least_milliseconds([&] { out = model->forward(images); }, seconds, times);
    const auto file = "opsis_" + name + "_" + arguments[4] + "_" + how + ".safetensors";
    opsis::hub::save_safetensors(folder / file, {{"result", out.clone()}});
  }
  std::cout << found << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool speed = arguments.size() == 5 && arguments[0] == "speed";
  if (!speed && arguments.size() < 7) {
    std::fprintf(stderr, "usage: opsis_bench_models folder seconds times model batch threads how...\n");
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
