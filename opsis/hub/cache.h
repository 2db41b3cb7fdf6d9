// Where PyTorch keeps what it downloads. Opsis shares that place, so nothing is fetched twice.
#pragma once

#include <filesystem>
#include <string_view>

#include "opsis/core/api.h"

namespace opsis::inline v1::hub {

/// $TORCH_HOME, else $XDG_CACHE_HOME/torch, else ~/.cache/torch; a leading ~ is the user's home.
/// Source   torch.hub._get_torch_home
OPSIS_API std::filesystem::path torch_home();

/// torch_home()/hub/checkpoints
/// Source   torch.hub.load_state_dict_from_url
OPSIS_API std::filesystem::path checkpoints_folder();

/// Where the checkpoint of a url belongs: in checkpoints_folder(), under the last part of the url's path.
///     cached_checkpoint("https://download.pytorch.org/models/resnet18-f37072fd.pth")
///     // ~/.cache/torch/hub/checkpoints/resnet18-f37072fd.pth
OPSIS_API std::filesystem::path cached_checkpoint(std::string_view url);

}  // namespace opsis::inline v1::hub
