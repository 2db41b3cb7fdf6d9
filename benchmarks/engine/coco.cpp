// Times COCO's numbers on the boxes that scripts/bench_coco has made, and prints JSON for it:
//     opsis_bench_coco <folder> <threads>
// The folder has coco.safetensors: boxes XYWH, labels and images of the truth and of what was found, sorted by image.
#include <torch/torch.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "opsis/engine/coco_evaluator.h"
#include "opsis/hub/safetensors.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  torch::set_num_threads(std::stoi(argv[2]));
  std::map<std::string, torch::Tensor> in;
  for (const auto& [name, tensor] : opsis::hub::load_safetensors(std::filesystem::path(argv[1]) / "coco.safetensors"))
    in[name] = tensor;

  namespace engine = opsis::engine;
  const auto begin = std::chrono::steady_clock::now();
  // The rows of each image, cut as views.
  engine::CocoEvaluator evaluator({.box_format = opsis::BoundingBoxFormat::XYWH});
  const auto images = in["images"].item<int64_t>();
  const auto ends = [&](const char* name) {
    return torch::searchsorted(in[name], torch::arange(images), /*out_int32=*/false, /*right=*/true);
  };
  const auto truth_ends = ends("truth_images"), found_ends = ends("found_images");
  int64_t truth_begin = 0, found_begin = 0;
  for (int64_t image = 0; image < images; ++image) {
    const auto truth_end = truth_ends.data_ptr<int64_t>()[image], found_end = found_ends.data_ptr<int64_t>()[image];
    const auto truth = [&](const char* name) { return in[name].slice(0, truth_begin, truth_end); };
    const auto found = [&](const char* name) { return in[name].slice(0, found_begin, found_end); };
    evaluator.update(image, {.boxes = truth("truth_boxes"), .labels = truth("truth_labels")},
                     {.boxes = found("found_boxes"), .labels = found("found_labels"), .scores = found("found_scores")});
    truth_begin = truth_end;
    found_begin = found_end;
  }
  const auto result = evaluator.compute();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;

  nlohmann::json out{{"seconds", seconds.count()}, {"numbers", nlohmann::json::array()}};
  for (const auto& number : result.numbers) out["numbers"].push_back(number.value);
  std::cout << out << '\n';
}
