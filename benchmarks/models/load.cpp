// How long a checkpoint takes into a model, and by how much the process grows meanwhile. scripts/bench runs it beside Python.
//     opsis_bench_load resnet50 resnet50.pth
#include <chrono>
#include <iostream>
#include <string>

#include "opsis/models.h"
#include "tests/support/memory.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: opsis_bench_load MODEL CHECKPOINT\n";
    return 2;
  }
  const auto model = opsis::models::get_model(argv[1]);
  if (!support::begin_peak_memory()) std::cerr << "opsis_bench_load: the system tells no peak of a part; MiB are wrong\n";
  const auto before = support::peak_memory();
  std::string times;
  for (int i = 0; i < 7; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    opsis::models::load_weights(*model, argv[2]);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    times += (i > 0 ? ", " : "") + std::to_string(took.count());
  }
  std::cout << "{\"seconds\": [" << times << "], \"mib\": " << static_cast<double>(support::peak_memory() - before) / (1 << 20)
            << "}\n";
}
