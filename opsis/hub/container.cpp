#include "opsis/hub/container.h"

#include "opsis/core/check.h"

namespace opsis::inline v1::hub {

CheckpointFormat checkpoint_format(io::Bytes file) {
  if (file.empty()) return CheckpointFormat::Empty;
  if (io::has_magic(file, 0, "PK\3\4")) return CheckpointFormat::TorchZip;
  if (detail::stream_magic_size(file) != 0) return CheckpointFormat::TorchStream;
  if (io::has_magic(file, 257, "ustar")) return CheckpointFormat::TorchTar;
  // A length of 8 bytes, the upper three zero for any header that fits into memory, then a JSON object.
  if (io::has_magic(file, 5, std::string_view("\0\0\0{", 4))) return CheckpointFormat::Safetensors;
  return CheckpointFormat::Unknown;
}

Container read_container(io::Bytes file, const Limits& limits) {
  switch (checkpoint_format(file)) {
    case CheckpointFormat::TorchZip: return detail::read_zip_container(file, limits);
    case CheckpointFormat::TorchStream: return detail::read_stream_container(file, limits);
    case CheckpointFormat::TorchTar: return detail::read_tar_container(file, limits);
    case CheckpointFormat::Safetensors:
      raise<DecodeError>("a safetensors file; read it with load_safetensors or load_state_dict_file");
    case CheckpointFormat::Empty: raise<DecodeError>("the file is empty");
    case CheckpointFormat::Unknown: break;
  }
  raise<DecodeError>("neither a checkpoint of torch.save nor a safetensors file");
}

}  // namespace opsis::inline v1::hub
