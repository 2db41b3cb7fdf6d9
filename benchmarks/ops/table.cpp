// Times operators on tensors that scripts/bench_ops has made, and prints JSON for it:
//     opsis_bench_ops <folder> <seconds> <threads>
// The folder has ops.safetensors; results go to opsis_ops.safetensors there.
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "opsis/hub/safetensors.h"
#include "opsis/ops.h"

namespace {

using Clock = std::chrono::steady_clock;
using torch::Tensor;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// The least time of a call; what disturbs only ever adds.
double least_milliseconds(const std::function<void()>& call, double seconds) {
  call();
  double least = 1e9;
  const auto begin = Clock::now();
  for (int i = 0; i < 5 || milliseconds_since(begin) < 1000 * seconds; ++i) {
    const auto before = Clock::now();
    call();
    least = std::min(least, milliseconds_since(before));
  }
  return least;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::filesystem::path folder = argv[1];
  torch::set_num_threads(std::stoi(argv[3]));
  const torch::InferenceMode inference;
  std::map<std::string, Tensor> in;
  for (const auto& [name, tensor] : opsis::hub::load_safetensors(folder / "ops.safetensors")) in[name] = tensor;

  namespace ops = opsis::ops;
  // The names and arguments of scripts/bench_ops.
  const std::map<std::string, std::function<Tensor()>> all{
      {"nms_1000", [&] { return ops::nms(in["boxes_1000"], in["scores_1000"], 0.5); }},
      {"nms_10000", [&] { return ops::nms(in["boxes_10000"], in["scores_10000"], 0.5); }},
      {"nms_100000", [&] { return ops::nms(in["boxes_100000"], in["scores_100000"], 0.5); }},
      {"batched_nms", [&] { return ops::batched_nms(in["boxes_10000"], in["scores_10000"], in["classes"], 0.5); }},
      {"box_iou", [&] { return ops::box_iou(in["boxes_10000"], in["boxes_1000"]); }},
      {"masks_to_boxes", [&] { return ops::masks_to_boxes(in["masks"]); }},
      {"roi_align", [&] { return ops::roi_align(in["maps"], in["rois"], 7, {.spatial_scale = 0.25, .sampling_ratio = 2}); }},
      {"roi_pool", [&] { return ops::roi_pool(in["maps"], in["rois"], 7, 0.25); }},
      {"deform_conv2d", [&] { return ops::deform_conv2d(in["image"], in["offset"], in["weight"], {.padding = 1}); }},
  };
  nlohmann::json found;
  opsis::hub::StateDict results;
  for (const auto& [name, call] : all) {
    found[name] = least_milliseconds([&call = call] { call(); }, std::stod(argv[2]));
    results.emplace_back(name, call().clone());
  }
  opsis::hub::save_safetensors(folder / "opsis_ops.safetensors", results);
  std::cout << found << '\n';
}
