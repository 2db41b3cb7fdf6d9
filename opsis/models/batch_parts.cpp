#include "opsis/models/batch_parts.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/randn.h>
#include <c10/util/accumulate.h>

#include <algorithm>
#include <exception>
#include <utility>
#include <variant>

#include "opsis/models/fusion_graph.h"

namespace opsis::inline v1::models::detail {
namespace {

using torch::Tensor;

struct Work {
  int64_t multiply_adds = 0, bytes_of_constants = 0;
};

// Of how many products a number of a layer's result is the sum, if its weights are known; 0 of what is no such layer.
int64_t depth_of(const Program& program, const Step& step) {
  const auto constant = [&](size_t input) {
    const auto slot = step.input(input);
    return slot >= 0 && program.constant(slot).defined() && program.constant(slot).dim() >= 2 ? program.constant(slot)
                                                                                              : Tensor();
  };
  if (is_conv(step) || is_linear(step)) {
    const auto weight = constant(1);
    return weight.defined() && weight.numel() > 0 ? weight.numel() / weight.size(0) : 0;
  }
  const bool adds = step.is("aten::addmm");
  if (!adds && !step.is("aten::matmul") && !step.is("aten::mm")) return 0;
  const auto weight = constant(adds ? 2 : 1);
  return weight.defined() ? weight.size(-2) : 0;
}

Work work_of(const Program& program) {
  Work work;
  for (Slot slot = 0; slot < static_cast<Slot>(program.slots()); ++slot) {
    if (const auto& constant = program.constant(slot); constant.defined())
      work.bytes_of_constants += static_cast<int64_t>(constant.nbytes());
  }
  for (const auto& step : program.steps) {
    const auto depth = depth_of(program, step);
    if (depth > 0) work.multiply_adds += depth * c10::multiply_integers(program.shape(step.output()));
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

namespace {

// Whether programs of a batch and of a part of it do the same, and all that they make grows with the images: a number of a whole
// batch, such as its maximum, does not.
bool grow_alike(const Program& whole, int64_t batch, const Program& some, int64_t part) {
  const auto grows = [&](const Argument& a, const Argument& b) {
    const auto *one = std::get_if<Slot>(&a), *other = std::get_if<Slot>(&b);
    if (!one || !other) {
      const auto *list = std::get_if<std::vector<Slot>>(&a), *others = std::get_if<std::vector<Slot>>(&b);
      return list && others && list->size() == others->size() &&
             std::equal(list->begin(), list->end(), others->begin(), [&](Slot slot, Slot also) {
               return c10::multiply_integers(whole.shape(slot)) * part == c10::multiply_integers(some.shape(also)) * batch;
             });
    }
    return c10::multiply_integers(whole.shape(*one)) * part == c10::multiply_integers(some.shape(*other)) * batch;
  };
  return std::equal(whole.steps.begin(), whole.steps.end(), some.steps.begin(), some.steps.end(),
                    [&](const Step& a, const Step& b) {
                      return a.name() == b.name() &&
                             std::equal(a.outputs.begin(), a.outputs.end(), b.outputs.begin(), b.outputs.end(), grows);
                    });
}

}  // namespace

bool looks_at_images_alone(const std::function<std::vector<Tensor>(Tensor)>& forward, at::IntArrayRef shape,
                           torch::MemoryFormat format, int64_t part) {
  // Sums are made in another order. What all images have in common must not hide what they have of each other.
  constexpr double kNear = 1e-3, kRounding = 1e-5;  // of how far numbers lie from their mean, and of the greatest
  const auto images = torch::randn(shape, at::detail::createCPUGenerator(0)).contiguous(format);
  const auto batch = shape[0];
  const auto greatest = [](const Tensor& numbers) { return numbers.abs().max().item<double>(); };
  try {
    std::vector<Tensor> whole, some;
    const auto of_whole = Program::record(images.clone(), [&](Tensor x) { return whole = forward(std::move(x)); });
    for (int64_t first = 0; first < batch; first += part) {
      auto images_of_part = images.slice(0, first, first + part).clone();
      if (first == 0) {
        const auto of_part = Program::record(images_of_part, [&](Tensor x) { return some = forward(std::move(x)); });
        if (!grow_alike(of_whole, batch, of_part, part)) return false;
      } else {
        some = forward(std::move(images_of_part));
      }
      if (some.size() != whole.size()) return false;
      for (size_t i = 0; i < some.size(); ++i) {
        if (whole[i].dim() == 0 || whole[i].size(0) != batch || some[i].dim() == 0 || some[i].size(0) != part) return false;
        const auto expected = whole[i].slice(0, first, first + part);
        if (expected.sizes() != some[i].sizes() || expected.scalar_type() != some[i].scalar_type()) return false;
        if (expected.numel() == 0) continue;
        const auto bound = kNear * greatest(expected - expected.mean()) + kRounding * greatest(expected);
        if (!(greatest(some[i] - expected) <= bound)) return false;  // nor where they are no numbers
      }
    }
  } catch (const std::exception&) {
    return false;  // takes batches of this size alone
  }
  return true;
}

}  // namespace opsis::inline v1::models::detail
