// Being told of every module that runs. LibTorch's modules have no hooks: what Opsis builds calls its parts by Layer and
// Observed, which look whether somebody watches. That is one load and one branch a call; an observer costs nothing while there
// is none.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <type_traits>
#include <utility>

#include "opsis/core/api.h"

namespace opsis::inline v1::ops {

/// While it lives, this thread tells it of each module that it enters and of what the module gives. Observers nest: the
/// innermost alone is told. It must end on the thread where it began.
class OPSIS_API Observer {
 public:
  Observer();
  virtual ~Observer();
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  virtual void enter(const torch::nn::Module& module) = 0;
  /// Not called for modules that an exception left. May throw itself, which ends the forward pass.
  virtual void leave(const torch::nn::Module& module, const torch::Tensor& output) = 0;

 private:
  Observer* outer_;
};

namespace detail {
extern OPSIS_API constinit thread_local Observer* observer;

// What an observer is told that a module gave: a tensor, the first of a pair, the last of a dictionary.
template <class Output>
const torch::Tensor& shown(const Output& output) {
  if constexpr (std::is_same_v<Output, torch::Tensor>) {
    return output;
  } else if constexpr (requires { output.first; }) {
    return shown(output.first);
  } else {
    return shown(output.back().value());
  }
}
}  // namespace detail

/// module.forward(arguments...), of which the observer is told.
template <class Module, class... Arguments>
auto call(Module& module, Arguments&&... arguments) {
  auto* const observer = detail::observer;
  if (!observer) [[likely]]
    return module.forward(std::forward<Arguments>(arguments)...);
  observer->enter(module);
  auto output = module.forward(std::forward<Arguments>(arguments)...);
  observer->leave(module, detail::shown(output));
  return output;
}

/// A module holder whose calls are observed; LibTorch's holder of the same module converts to it.
///     Observed<torch::nn::Linear> fc = register_module("fc", torch::nn::Linear(512, 10));
template <class Holder>
class Observed : public Holder {
 public:
  using Impl = typename Holder::ContainedType;
  using Holder::Holder;
  Observed() = default;
  Observed(Holder holder) : Holder(std::move(holder)) {}

  template <class... Arguments>
  auto operator()(Arguments&&... arguments) {
    return ops::call(*this->get(), std::forward<Arguments>(arguments)...);
  }
};

}  // namespace opsis::inline v1::ops
