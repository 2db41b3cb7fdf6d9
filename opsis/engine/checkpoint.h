// A training run on the disk: all that it needs to go on as if it had never stopped.
#pragma once

#include <torch/optim/optimizer.h>

#include <filesystem>

#include "opsis/core/api.h"
#include "opsis/engine/classification.h"
#include "opsis/hub/checkpoint.h"
#include "opsis/models/task.h"

namespace opsis::inline v1::engine {

/// What a run's checkpoint has besides the model and the optimizer.
struct SavedRun {
  hub::Value history{};  ///< a list, an entry an epoch, of what the caller wants to know of it
  hub::Value loaders{};  ///< a dict of what DataLoader::state gave, by the loader's part in the run; none in older checkpoints
};

/// Writes the model, the optimizer, the current generator's state, what `run` has and the entries of `extra` (a dict, or none)
/// as a torch file; an older one stays until the new one is whole.
/// Throws   IoError; ValueError when `extra` names an entry of the checkpoint's own
OPSIS_API void save_run(const std::filesystem::path& path, const torch::nn::Module& model, torch::optim::Optimizer& optimizer,
                        SavedRun run, const hub::Value& extra = {});

/// Brings model, optimizer and generator back, and returns the rest: the history's size is the number of the next epoch.
/// Throws   IoError, DecodeError; ValueError when it belongs to another model or optimizer
OPSIS_API SavedRun load_run(const std::filesystem::path& path, torch::nn::Module& model, torch::optim::Optimizer& optimizer);

/// Throws IoError unless a file of that name can be written: better before an epoch than after it.
OPSIS_API void check_writable(const std::filesystem::path& path);

}  // namespace opsis::inline v1::engine
