#include "tests/support/table_draws.h"

#include <torch/library.h>
#include <torch/torch.h>

namespace support {
namespace {

constexpr auto kKey = c10::DispatchKey::TESTING_ONLY_GenericWrapper;
constexpr int64_t kLength = 1000003;
thread_local int64_t draws = 0;

// Twice, so that a draw can begin anywhere.
struct Tables {
  torch::Tensor normal, uniform;

  Tables() {
    const c10::impl::ExcludeDispatchKeyGuard real(kKey);
    auto generator = torch::make_generator<torch::CPUGeneratorImpl>(1);
    normal = torch::randn({kLength}, generator).clamp_(-1.9, 1.9).repeat({2});
    uniform = torch::rand({kLength}, generator).repeat({2});
  }
};

const Tables& tables() {
  static const Tables all;
  return all;
}

torch::Tensor& fill(torch::Tensor& tensor, const torch::Tensor& table, double scale, double shift) {
  const torch::NoGradGuard no_grad;
  const auto begin = 7919 * draws++ % kLength;
  auto flat = tensor.view({-1});
  for (auto& chunk : flat.split(kLength)) chunk.copy_(table.slice(0, begin, begin + chunk.numel()));
  flat.mul_(scale).add_(shift);
  return tensor;
}

torch::Tensor& normal_(torch::Tensor& self, double mean, double std, std::optional<torch::Generator> /*generator*/) {
  const c10::impl::ExcludeDispatchKeyGuard once(kKey);
  return fill(self, tables().normal, std, mean);
}

torch::Tensor& uniform_(torch::Tensor& self, double low, double high, std::optional<torch::Generator> /*generator*/) {
  const c10::impl::ExcludeDispatchKeyGuard once(kKey);
  return fill(self, tables().uniform, high - low, low);
}

}  // namespace

TORCH_LIBRARY_IMPL(_, TESTING_ONLY_GenericWrapper, library) { library.fallback(torch::CppFunction::makeFallthrough()); }

TORCH_LIBRARY_IMPL(aten, TESTING_ONLY_GenericWrapper, library) {
  library.impl("normal_", normal_);
  library.impl("uniform_", uniform_);
}

TableDraws::TableDraws() : guard_(c10::DispatchKeySet(kKey)) {
  tables();
  draws = 0;
}

}  // namespace support
