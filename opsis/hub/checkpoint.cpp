#include "opsis/hub/checkpoint.h"

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/hub/checkpoint_reader.h"
#include "opsis/hub/safetensors.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::hub {
namespace {

enum class CheckpointFormat { TorchZip, TorchLegacy, Safetensors, Empty, Unknown };

CheckpointFormat checkpoint_format(io::Bytes bytes) {
  if (bytes.empty()) return CheckpointFormat::Empty;
  if (io::has_magic(bytes, 0, "PK\3\4")) return CheckpointFormat::TorchZip;
  // Before 1.6 torch.save wrote pickles one after another, the first of which is one large number; still earlier, a tar archive.
  if (io::has_magic(bytes, 0, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e"))
    return CheckpointFormat::TorchLegacy;
  if (io::has_magic(bytes, 257, "ustar")) return CheckpointFormat::TorchLegacy;
  // A length of 8 bytes, the upper three zero for any header that fits into memory, then a JSON object.
  if (io::has_magic(bytes, 5, std::string_view("\0\0\0{", 4))) return CheckpointFormat::Safetensors;
  return CheckpointFormat::Unknown;
}

/// Throws what is wrong with a file that is no archive of torch.save.
[[noreturn]] void refuse(CheckpointFormat format) {
  switch (format) {
    case CheckpointFormat::TorchLegacy:
      raise<DecodeError>(
          "a checkpoint in the legacy format of PyTorch before 1.6, which is not read; load it in Python and "
          "save it again with PyTorch 1.6 or newer: torch.save(torch.load(path), path)");
    case CheckpointFormat::Safetensors:
      raise<DecodeError>("a safetensors file; read it with load_safetensors or load_state_dict_file");
    case CheckpointFormat::Empty: raise<DecodeError>("the file is empty");
    default: raise<DecodeError>("neither a checkpoint of torch.save nor a safetensors file");
  }
}

/// Runs a reader and puts the file's name before what it throws.
template <class Read>
auto reading(const std::filesystem::path& path, const Read& read) {
  try {
    return read();
  } catch (const DecodeError& error) {
    raise<DecodeError>("load {}: {}", path.string(), error.what());
  }
}

Value load_torch(const std::filesystem::path& path, std::shared_ptr<const io::MappedFile> file, const Limits& limits) {
  return reading(path, [&] {
    if (const auto format = checkpoint_format(file->bytes()); format != CheckpointFormat::TorchZip) refuse(format);
    return detail::read_checkpoint(std::move(file), limits);
  });
}

bool is_state_dict(const Value& value) {
  if (!value.is_dict()) return false;
  for (const auto& [key, held] : value.entries()) {
    if (!key.is_string() || !held.is_tensor()) return false;
  }
  return true;
}

/// The state dict that a checkpoint is, or has under one of the names that training scripts give it.
StateDict find_state_dict(const std::filesystem::path& path, const Value& checkpoint) {
  if (is_state_dict(checkpoint)) return checkpoint.as_state_dict();
  const Value* found = nullptr;
  for (const auto* name : {"model", "state_dict"}) {
    if (!checkpoint.is_dict() || !checkpoint.contains(name) || !is_state_dict(checkpoint.at(name))) continue;
    OPSIS_CHECK(!found,
                "load {}: there are tensors under \"model\" and under \"state_dict\"; choose: "
                "load(path).at(\"model\").as_state_dict()",
                path.string());
    found = &checkpoint.at(name);
  }
  if (found) return found->as_state_dict();

  OPSIS_CHECK(checkpoint.is_dict(), "load {}: no state dict: the checkpoint is {}", path.string(), checkpoint.kind());
  constexpr size_t shown = 20;
  std::string keys;
  for (size_t i = 0; i < std::min(shown, checkpoint.entries().size()); ++i) {
    const auto& [key, held] = checkpoint.entries()[i];
    keys += text("{}{} ({})", i > 0 ? ", " : "", key, held.kind());
  }
  if (checkpoint.entries().size() > shown) keys += ", ...";
  raise<ValueError>(
      "load {}: no state dict at the top, under \"model\" or under \"state_dict\"; take it out of load(path), "
      "whose keys are: {}",
      path.string(), keys);
}

}  // namespace

Value load(const std::filesystem::path& path, const Limits& limits) {
  return load_torch(path, std::make_shared<const io::MappedFile>(path), limits);
}

StateDict load_state_dict_file(const std::filesystem::path& path, const Limits& limits) {
  auto file = std::make_shared<const io::MappedFile>(path);
  if (checkpoint_format(file->bytes()) == CheckpointFormat::Safetensors) return load_safetensors(path, limits);
  return find_state_dict(path, load_torch(path, std::move(file), limits));
}

}  // namespace opsis::inline v1::hub
