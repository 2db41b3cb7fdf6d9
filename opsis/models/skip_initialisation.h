// Models that are about to be filled need no first numbers.
#pragma once

#include <c10/core/impl/LocalDispatchKeySet.h>

#include "opsis/core/api.h"

namespace opsis::inline v1::models {

/// While it lives, this thread draws no random numbers into tensors: models that it builds have arbitrary ones, and are built in a
/// fraction of the time. For models whose every tensor a checkpoint brings.
///     auto model = [] {
///       const models::SkipInitialisation skip;
///       return models::resnet50();
///     }();
///     models::load_weights(*model, "resnet50.pth");
/// The generator stays where it is, so that what is drawn afterwards is not what Python draws after building the model.
class OPSIS_API SkipInitialisation {
 public:
  SkipInitialisation();

 private:
  c10::impl::IncludeDispatchKeyGuard guard_;
};

namespace detail {
/// Whether one lives on this thread.
bool initialisation_is_skipped();
}  // namespace detail

}  // namespace opsis::inline v1::models
