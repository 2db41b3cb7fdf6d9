#include "opsis/models/batch_parts.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/randn.h>
#include <c10/util/accumulate.h>

#include <algorithm>
#include <exception>

namespace opsis::inline v1::models::detail {
namespace {

using torch::Tensor;

struct Work {
  int64_t multiply_adds = 0, bytes_of_constants = 0;
};

// Every weight meets every number of a channel's or a feature's result. What has no weights is little beside that.
Work work_of(const Program& program) {
  Work work;
  for (Slot slot = 0; slot < static_cast<Slot>(program.slots()); ++slot) {
    if (const auto& constant = program.constant(slot); constant.defined())
      work.bytes_of_constants += static_cast<int64_t>(constant.nbytes());
  }
  for (const auto& step : program.steps) {
    const auto out = step.output();
    for (size_t i = 0; out >= 0 && i < step.inputs.size(); ++i) {
      const auto slot = step.input(i);
      if (slot < 0 || !program.constant(slot).defined() || program.constant(slot).dim() < 2) continue;
      const auto& weight = program.constant(slot);
      if (weight.numel() > 0)
        work.multiply_adds += c10::multiply_integers(program.shape(out)) * (weight.numel() / weight.size(0));
    }
  }
  return work;
}

}  // namespace

int64_t images_at_once(const Program& of_one, int64_t batch, int64_t threads) {
  constexpr int64_t kWorthAPart = 500'000'000;  // multiply-adds: operators have some hundred microseconds of their own
  constexpr int64_t kAByte = 10;                // and for each byte of weights, which all threads read by the same way
  const auto [each, bytes] = work_of(of_one);
  for (int64_t part = 1; part < batch; ++part) {
    if (batch % part != 0 || part * each < std::max(kWorthAPart, kAByte * threads * bytes)) continue;
    // The last turn of the threads may leave some of them idle, though not a tenth of the time of all.
    const auto parts = batch / part, turns = (parts + threads - 1) / threads;
    if (10 * parts >= 9 * turns * threads) return part;
  }
  return batch;
}

bool looks_at_images_alone(const std::function<std::vector<Tensor>(Tensor)>& forward, at::IntArrayRef shape,
                           torch::MemoryFormat format, int64_t part) {
  constexpr double kNear = 1e-3;  // of the greatest number: sums are made in another order
  const auto images = torch::randn(shape, at::detail::createCPUGenerator(0)).contiguous(format);
  const auto batch = shape[0];
  try {
    const auto whole = forward(images.clone());
    for (const auto first : {int64_t{0}, batch - part}) {
      const auto some = forward(images.slice(0, first, first + part).clone());
      if (some.size() != whole.size()) return false;
      for (size_t i = 0; i < some.size(); ++i) {
        if (whole[i].dim() == 0 || whole[i].size(0) != batch || some[i].dim() == 0 || some[i].size(0) != part) return false;
        const auto expected = whole[i].slice(0, first, first + part);
        if (expected.sizes() != some[i].sizes() || expected.scalar_type() != some[i].scalar_type()) return false;
        if (expected.numel() == 0) continue;
        const auto gap = (some[i] - expected).abs().max().item<double>(), greatest = expected.abs().max().item<double>();
        if (!(gap <= kNear * greatest)) return false;  // nor where they are no numbers
      }
    }
  } catch (const std::exception&) {
    return false;  // takes batches of this size alone
  }
  return true;
}

}  // namespace opsis::inline v1::models::detail
