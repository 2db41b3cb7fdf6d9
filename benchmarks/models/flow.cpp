// How long a model of optical flow takes, and by how much the process grows meanwhile. scripts/bench_flow runs it beside Python.
//     opsis_bench_flow raft_small 256 320 2 eager       model, height, width, threads; eager or optimized
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>

#include "opsis/models.h"
#include "tests/support/memory.h"

int main(int argc, char** argv) {
  if (argc != 6) {
    std::cerr << "usage: opsis_bench_flow MODEL HEIGHT WIDTH THREADS eager|optimized\n";
    return 2;
  }
  torch::set_num_threads(std::stoi(argv[4]));
  torch::manual_seed(0);
  auto model = opsis::models::get_model<opsis::models::FlowModel>(argv[1]);
  model->eval();
  if (argv[5] == std::string("optimized")) model = opsis::models::optimize(model);
  const torch::InferenceMode inference;
  const std::vector<int64_t> shape{1, 3, std::stoll(argv[2]), std::stoll(argv[3])};
  const auto first = torch::rand(shape) * 2 - 1, second = torch::rand(shape) * 2 - 1;
  if (!support::begin_peak_memory()) std::cerr << "opsis_bench_flow: the system tells no peak of a part; MiB are wrong\n";
  const auto before = support::peak_memory();
  auto flow = model->outputs(first, second).back();
  const auto mib = static_cast<double>(support::peak_memory() - before) / (1 << 20);
  double least = 1e9;
  for (int i = 0; i < 5; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    flow = model->outputs(first, second).back();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
    least = std::min(least, took.count());
  }
  std::cout << "{\"ms\": " << least << ", \"mib\": " << mib << ", \"mean\": " << flow.abs().mean().item<double>() << "}\n";
}
