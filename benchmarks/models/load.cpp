// How long a checkpoint takes into a model, and by how much the process grows meanwhile. scripts/bench runs it beside Python.
//     opsis_bench_load resnet50 resnet50.pth
#include <chrono>
#include <fstream>
#include <iostream>
#include <string>

#include "opsis/models.h"

namespace {

// The most memory that the process had, in MiB, since the peak began anew.
double peak() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (double kib = 0; word == "VmHWM:" && status >> kib) return kib / 1024;
  }
  return 0;
}

void begin_anew() { std::ofstream("/proc/self/clear_refs") << "5"; }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: opsis_bench_load MODEL CHECKPOINT\n";
    return 2;
  }
  const auto model = opsis::models::get_model(argv[1]);
  begin_anew();
  const auto before = peak();
  std::string times;
  for (int i = 0; i < 7; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    opsis::models::load_weights(*model, argv[2]);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    times += (i > 0 ? ", " : "") + std::to_string(took.count());
  }
  std::cout << "{\"seconds\": [" << times << "], \"mib\": " << peak() - before << "}\n";
}
