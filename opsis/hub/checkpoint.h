// Checkpoints: what torch.save writes, read without Python, and what torch.load reads, written without it.
#pragma once

#include <filesystem>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/hub/state_dict.h"
#include "opsis/hub/value.h"

namespace opsis::inline v1::hub {

/// Everything in a checkpoint of torch.save, of any PyTorch. Nothing of it is run: what is not data is refused by name.
/// The file is mapped: tensors cost memory only where they are touched, are writable (writing copies the page, the file stays)
/// and keep the mapping alive; only those of before PyTorch 1.6, at odd addresses, are copied. Tensors that shared memory share
/// it again. All are on the CPU.
///     auto checkpoint = hub::load("checkpoint.pth");
///     load_state_dict(*model, checkpoint.at("model").as_state_dict());
/// Types    quantized, sparse and meta tensors too; NumPy's arrays become tensors and its numbers plain ones, sets lists, dtypes,
///          layouts and devices strings ("torch.float32", "cuda:0"), of which dtypes are written as such again
/// Throws   IoError when the file cannot be read; DecodeError when it is not such a checkpoint, is damaged, goes over a limit
///          or wants code to be run
/// Source   torch.load(path, map_location="cpu", mmap=True, weights_only=True)
OPSIS_API Value load(const std::filesystem::path& path, const Limits& limits = {});

/// Everything in a file that is one pickle and nothing more, as data sets are kept in; of Python 2 too. Nothing of it is run.
/// Types    as load; a string of Python 2 is a string when it is UTF-8, else bytes
/// Throws   as load
/// Source   pickle.load(file, encoding="latin1")
OPSIS_API Value load_pickle(const std::filesystem::path& path, const Limits& limits = {});

/// Writes a checkpoint that torch.load(path, weights_only=True) reads. Memory that tensors share is written once and whole,
/// views stay views. The file gets its name only when all of it is on the disk.
///     hub::save("checkpoint.pth", Value::dict({{"model", state_dict(*model)}, {"epoch", epoch}}));
/// Throws   ValueError for what a checkpoint cannot hold (an undefined tensor; one memory seen as two types), naming the way to
///          it; IoError when writing fails
/// Source   torch.save
OPSIS_API void save(const std::filesystem::path& path, const Value& value);

/// A model's tensors from a file of any format that Opsis reads; its content says which, not its name: a checkpoint of
/// torch.save or a safetensors file. In a training checkpoint they are what is under "model" or "state_dict".
/// Throws   as load and load_safetensors; ValueError when a checkpoint holds no state dict, naming what it holds, or one with a
///          sparse or meta tensor, which no model has
OPSIS_API StateDict load_state_dict_file(const std::filesystem::path& path, const Limits& limits = {});

}  // namespace opsis::inline v1::hub
