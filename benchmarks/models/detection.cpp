// Times detectors and segmentation models on a picture that scripts/bench_detection has made, and prints JSON for it:
//     opsis_bench_detection <folder> <seconds> <model> <threads> <how>...      how: eager, optimized
// The folder has <model>.pth and picture.safetensors; what is given goes to opsis_<model>_<how>.safetensors there.
#include <ATen/Context.h>
#include <torch/torch.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "benchmarks/timing.h"
#include "opsis/core/process_allocator.h"
#include "opsis/hub/safetensors.h"
#include "opsis/models.h"

namespace {

namespace models = opsis::models;

// A way to call the model, by how it is to be run.
using Call = std::function<torch::Tensor(const torch::Tensor& picture)>;

template <class Task, class Run>
Call call_of(const std::string& name, const std::filesystem::path& weights, bool optimized, const Run& run) {
  auto model = models::get_model<Task>(name, {.weights_file = weights, .weights_backbone = ""});
  model->eval();
  if (optimized) model = models::optimize(model);
  return [model, run](const torch::Tensor& picture) { return run(*model, picture); };
}

// A row for each detection: its score and its box.
torch::Tensor rows(models::DetectionModel& model, const torch::Tensor& picture) {
  const auto found = model.forward({picture}).front();
  return torch::cat({found.scores.unsqueeze(1), found.boxes}, 1);
}

int measure(const std::vector<std::string>& arguments) {
  const std::filesystem::path folder = arguments.at(0);
  const auto& name = arguments.at(2);
  torch::set_num_threads(std::stoi(arguments.at(3)));
  at::globalContext().setFlushDenormal(true);
  const torch::InferenceMode inference;
  const auto picture = opsis::hub::load_safetensors(folder / "picture.safetensors").at(0).second;
  nlohmann::json found;
  for (size_t i = 4; i < arguments.size(); ++i) {
    const auto& how = arguments[i];
    const auto weights = folder / (name + ".pth");
    const auto call = name.starts_with("deeplab")
                          ? call_of<models::SegmentationModel>(
                                name, weights, how == "optimized",
                                [](auto& model, const torch::Tensor& x) { return model.forward(x.unsqueeze(0)); })
                          : call_of<models::DetectionModel>(name, weights, how == "optimized",
                                                            [](auto& model, const torch::Tensor& x) { return rows(model, x); });
    torch::Tensor out;
    for (int warm = 0; warm < 2; ++warm) out = call(picture);
    found[how] = bench::least_milliseconds([&] { out = call(picture); }, std::stod(arguments.at(1)));
    opsis::hub::save_safetensors(folder / ("opsis_" + name + "_" + how + ".safetensors"), {{"result", out.clone()}});
  }
  std::cout << found << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 5) {
    std::fprintf(stderr, "usage: opsis_bench_detection folder seconds model threads how...\n");
    return 2;
  }
  opsis::keep_freed_memory();
  try {
    return measure(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "opsis_bench_detection: %s\n", error.what());
    return 1;
  }
}
