// Times operators on tensors that scripts/bench_ops has made, and prints JSON for it:
//     opsis_bench_ops <folder> <seconds> <threads>
// The folder has ops.safetensors; results go to opsis_ops.safetensors there.
#include <torch/torch.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "benchmarks/timing.h"
#include "opsis/hub/safetensors.h"
#include "opsis/ops.h"

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::filesystem::path folder = argv[1];
  torch::set_num_threads(std::stoi(argv[3]));
  const torch::InferenceMode inference;
  using torch::Tensor;
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
      {"nms_rotated", [&] { return ops::nms_rotated(in["turned"], in["scores_1000"], 0.5); }},
      {"matrix_nms", [&] { return ops::matrix_nms(in["boxes_10000"], in["scores_10000"], in["classes"]); }},
      {"roi_align_rotated",
       [&] { return ops::roi_align_rotated(in["maps"], in["turned_rois"], 7, {.spatial_scale = 0.25, .sampling_ratio = 2}); }},
  };
  nlohmann::json found;
  opsis::hub::StateDict results;
  for (const auto& [name, call] : all) {
    found[name] = bench::least_milliseconds([&call = call] { call(); }, std::stod(argv[2]));
    results.emplace_back(name, call().clone());
  }
  opsis::hub::save_safetensors(folder / "opsis_ops.safetensors", results);
  std::cout << found << '\n';
}
