// What tests of the loader load.
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "opsis/core/error.h"
#include "opsis/core/random.h"
#include "opsis/datasets/dataset.h"

namespace opsis {

// 0, 1, 2, ...
struct Numbers : datasets::Dataset<int64_t> {
  explicit Numbers(size_t size) : count(size) {}
  size_t size() const override { return count; }
  int64_t get(size_t index) const override { return static_cast<int64_t>(index); }
  size_t count;
};

// Each with three random numbers beside it, from the current generator.
struct Drawn : datasets::Dataset<std::pair<int64_t, torch::Tensor>> {
  explicit Drawn(size_t size) : count(size) {}
  size_t size() const override { return count; }
  Example get(size_t index) const override { return {static_cast<int64_t>(index), torch::rand({3}, random::current())}; }
  size_t count;
};

// Fails at some indices; the others take their time, so that later samples are ready before earlier ones.
struct Failing : datasets::Dataset<int64_t> {
  Failing(size_t size, std::vector<size_t> bad) : count(size), bad(std::move(bad)) {}
  size_t size() const override { return count; }
  int64_t get(size_t index) const override {
    std::this_thread::sleep_for(std::chrono::microseconds(index % 3 * 200));
    if (std::find(bad.begin(), bad.end(), index) != bad.end()) throw DecodeError("broken on purpose");
    return static_cast<int64_t>(index);
  }
  size_t count;
  std::vector<size_t> bad;
};

inline std::vector<int64_t> to_vector(const torch::Tensor& numbers) {
  return {numbers.const_data_ptr<int64_t>(), numbers.const_data_ptr<int64_t>() + numbers.numel()};
}

// Everything that `epochs` epochs give, in one tensor.
template <class Loader>
torch::Tensor all_of(Loader& loader, int epochs) {
  std::vector<torch::Tensor> out;
  for (int i = 0; i < epochs; ++i) {
    for (auto& [indices, draws] : loader) out.push_back(torch::cat({indices.unsqueeze(1).to(torch::kFloat32), draws}, 1));
  }
  return torch::cat(out);
}

}  // namespace opsis
