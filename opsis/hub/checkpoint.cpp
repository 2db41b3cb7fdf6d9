#include "opsis/hub/checkpoint.h"

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/core/telling_where.h"
#include "opsis/hub/checkpoint_reader.h"
#include "opsis/hub/container.h"
#include "opsis/hub/mapped_state.h"
#include "opsis/hub/safetensors.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::hub {
namespace {

Value load_torch(const std::filesystem::path& path, std::shared_ptr<const io::MappedFile> file, const Limits& limits) {
  return telling_where("load " + path.string(), [&] { return detail::read_checkpoint(std::move(file), limits); });
}

bool is_state_dict(const Value& value) {
  if (!value.is_dict()) return false;
  for (const auto& [key, held] : value.entries()) {
    if (!key.is_string() || !held.is_tensor()) return false;
  }
  return true;
}

/// One whose tensors have their numbers in memory, one after the other.
StateDict plain_state_dict(const std::filesystem::path& path, const Value& value) {
  auto state = value.as_state_dict();
  for (const auto& [name, tensor] : state) {
    OPSIS_CHECK(!tensor.is_meta(), "load {}: \"{}\" is a meta tensor: the file has its shape, and no numbers", path.string(),
                name);
    OPSIS_CHECK(
        tensor.layout() == torch::kStrided,
        "load {}: \"{}\" is a sparse tensor, which no model has; make it plain: load(path).at(...).as_tensor().to_dense()",
        path.string(), name);
  }
  return state;
}

/// The state dict that a checkpoint is, or has under one of the names that training scripts give it.
StateDict find_state_dict(const std::filesystem::path& path, const Value& checkpoint) {
  if (is_state_dict(checkpoint)) return plain_state_dict(path, checkpoint);
  const Value* found = nullptr;
  for (const auto* name : {"model", "state_dict"}) {
    if (!checkpoint.is_dict() || !checkpoint.contains(name) || !is_state_dict(checkpoint.at(name))) continue;
    OPSIS_CHECK(!found,
                "load {}: there are tensors under \"model\" and under \"state_dict\"; choose: "
                "load(path).at(\"model\").as_state_dict()",
                path.string());
    found = &checkpoint.at(name);
  }
  if (found) return plain_state_dict(path, *found);

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

Value load_pickle(const std::filesystem::path& path, const Limits& limits) {
  return telling_where("load " + path.string(),
                       [&] { return detail::read_pickle_value(std::make_shared<const io::MappedFile>(path), limits); });
}

StateDict load_state_dict_file(const std::filesystem::path& path, const Limits& limits) {
  return detail::map_state_dict_file(path, limits).tensors;
}

detail::MappedState detail::map_state_dict_file(const std::filesystem::path& path, const Limits& limits) {
  auto file = std::make_shared<const io::MappedFile>(path);
  if (checkpoint_format(file->bytes()) == CheckpointFormat::Safetensors) {
    return {file, telling_where("load " + path.string(), [&] { return map_safetensors(file, limits); })};
  }
  return {file, find_state_dict(path, load_torch(path, file, limits))};
}

}  // namespace opsis::inline v1::hub
