#include "opsis/hub/export_archive.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/telling_where.h"
#include "opsis/hub/tensor_bounds.h"
#include "opsis/io/file.h"
#include "opsis/io/zip_reader.h"

namespace opsis::inline v1::hub {
namespace {

/// Programs of another major version are written otherwise.
constexpr int64_t major_version = 8;

/// A file of the archive; its own name ends in ".json".
constexpr std::string_view models = "models/";

constexpr std::pair<int64_t, torch::ScalarType> exported_types[] = {{1, torch::kUInt8},
                                                                    {2, torch::kInt8},
                                                                    {3, torch::kInt16},
                                                                    {4, torch::kInt32},
                                                                    {5, torch::kInt64},
                                                                    {6, torch::kFloat16},
                                                                    {7, torch::kFloat32},
                                                                    {8, torch::kFloat64},
                                                                    {9, torch::kComplexHalf},
                                                                    {10, torch::kComplexFloat},
                                                                    {11, torch::kComplexDouble},
                                                                    {12, torch::kBool},
                                                                    {13, torch::kBFloat16},
                                                                    {28, torch::kUInt16},
                                                                    {29, torch::kFloat8_e4m3fn},
                                                                    {30, torch::kFloat8_e5m2},
                                                                    {31, torch::kFloat8_e4m3fnuz},
                                                                    {32, torch::kFloat8_e5m2fnuz},
                                                                    {33, torch::kFloat8_e8m0fnu},
                                                                    {34, torch::kUInt32},
                                                                    {35, torch::kUInt64}};

class ArchiveReader {
 public:
  ArchiveReader(const std::filesystem::path& path, const Limits& limits)
      : file_(std::make_shared<const io::MappedFile>(path)), limits_(limits), zip_(io::read_zip(file_->bytes())) {
    for (const auto& entry : zip_.entries) entries_.emplace(entry.name, &entry);
  }

  ExportArchive read() {
    const auto model = find_model();
    ExportArchive out;
    out.program = json(folder_ + std::string(models) + model + ".json");
    check_version(out.program);
    if (const auto* order = find(folder_ + "byteorder")) {
      if (io::as_text(io::read_zip_entry(file_->bytes(), *order)) != "little")
        raise<DecodeError>("its byte order is not little");
    }
    if (const auto* version = find(folder_ + "archive_version")) {
      const auto text = io::as_text(io::read_zip_entry(file_->bytes(), *version));
      if (text != "0") raise<DecodeError>("version {} of the archive, of which 0 is known", text.substr(0, 20));
    }
    out.weights = tensors(model, "weights");
    out.constants = tensors(model, "constants");
    return out;
  }

 private:
  /// The name of the one program in the archive. Its folder has the name of the file that was written.
  std::string find_model() {
    std::string found;
    bool compiled = false;
    for (const auto& entry : zip_.entries) {
      const auto slash = entry.name.find('/');
      if (slash == std::string::npos) {
        if (entry.name == "serialized_exported_program.json") fail_old();
        continue;
      }
      const auto inside = std::string_view(entry.name).substr(slash + 1);
      compiled = compiled || inside.starts_with("data/aotinductor/");
      if (!inside.starts_with(models) || !inside.ends_with(".json")) continue;
      if (!found.empty()) raise<DecodeError>("it holds more than one program; save each in a file of its own");
      folder_ = entry.name.substr(0, slash + 1);
      found = inside.substr(models.size(), inside.size() - models.size() - std::string_view(".json").size());
    }
    if (found.empty() && compiled) {
      raise<DecodeError>("a package that AOTInductor compiled; it is run by torch::inductor::AOTIModelPackageLoader");
    }
    if (found.empty()) raise<DecodeError>("it holds no program; torch.export.save writes such files");
    return found;
  }

  [[noreturn]] static void fail_old() {
    raise<DecodeError>("an exported program of a PyTorch before 2.9; load it in a newer one and save it again");
  }

  const io::ZipEntry* find(std::string_view name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : found->second;
  }

  const io::ZipEntry& entry(std::string_view name) const {
    const auto* const found = find(name);
    if (!found) raise<DecodeError>("{} is missing", name);
    return *found;
  }

  Json json(const std::string& name) const {
    const auto bytes = io::read_zip_entry(file_->bytes(), entry(name));
    if (static_cast<int64_t>(bytes.size()) > limits_.program_bytes) {
      raise<DecodeError>("{} has {} bytes, over limits.program_bytes of {}; raise it for programs that you trust", name,
                         bytes.size(), limits_.program_bytes);
    }
    return telling_where<DecodeError, ValueError>(name, [&] { return Json::parse(io::as_text(bytes)); });
  }

  static void check_version(const Json& program) {
    const auto version = program["schema_version"]["major"].integer();
    if (version < major_version) fail_old();
    if (version > major_version) {
      raise<DecodeError>("a program of version {} of the format, of which {} is known; save it by an older PyTorch", version,
                         major_version);
    }
  }

  StateDict tensors(const std::string& model, const std::string& kind) {
    const auto place = folder_ + "data/" + kind + '/';
    if (find(place + model + ".pt")) fail_old();
    const auto config = json(place + model + '_' + kind + "_config.json");
    StateDict out;
    for (const auto& entry : config["config"].members()) {
      const auto read = [&] { return tensor(place, entry.second); };
      out.emplace_back(entry.first, telling_where<DecodeError, ValueError>(entry.first, read));
    }
    return out;
  }

  torch::Tensor tensor(const std::string& place, const Json& told) {
    const auto& file = told["path_name"].text();
    if (told["use_pickle"].boolean() || !(file.starts_with("weight_") || file.starts_with("tensor_"))) {
      raise<DecodeError>("it is an object of Python's; export a model whose state is plain tensors");
    }
    const auto& meta = told["tensor_meta"];
    const auto type = detail::exported_type(meta["dtype"].integer());
    if (detail::exported_layout(meta["layout"].integer()) != torch::kStrided) {
      raise<DecodeError>("a sparse tensor; export a model whose state is dense");
    }
    const auto device = detail::exported_device(meta["device"]);
    const auto memory = storage(entry(place + file), device);
    const auto sizes = numbers(meta["sizes"]), strides = numbers(meta["strides"]);
    const auto offset = number(meta["storage_offset"]);
    const auto elements = static_cast<int64_t>(memory.nbytes() / c10::elementSize(type));
    if (const auto why = detail::why_out_of_bounds(offset, sizes, strides, elements); !why.empty())
      raise<DecodeError>("{}", why);
    auto out = torch::empty({0}, torch::TensorOptions(type).device(device)).set_(memory, offset, sizes, strides);
    if (told["is_param"].boolean() && meta["requires_grad"].boolean()) {
      if (!out.is_floating_point() && !out.is_complex()) raise<DecodeError>("a parameter of {} with a gradient", type);
      out.set_requires_grad(true);
    }
    return out;
  }

  /// A number that was known when the model was exported, as those of a state are.
  static int64_t number(const Json& told) {
    const auto value = told["as_int"].integer();
    if (value < 0) raise<DecodeError>("a tensor's size, stride or offset is {}", value);
    return value;
  }

  static std::vector<int64_t> numbers(const Json& told) {
    if (told.items().size() > detail::most_dimensions) raise<DecodeError>("a tensor of {} dimensions", told.items().size());
    std::vector<int64_t> out;
    for (const auto& item : told.items()) out.push_back(number(item));
    return out;
  }

  /// The bytes of a file of the archive, on a device; those of one file are one memory.
  torch::Storage storage(const io::ZipEntry& entry, torch::Device device) {
    if (entry.compressed) raise<DecodeError>("{} is compressed", entry.name);
    auto& known = storages_[entry.name + ' ' + device.str()];
    if (known.defined()) return known.storage();
    auto* const data = file_->writable() + entry.offset;
    known = torch::from_blob(
        data, {static_cast<int64_t>(entry.size)}, [file = file_](void*) {}, torch::kUInt8);
    if (reinterpret_cast<uintptr_t>(data) % detail::widest_element != 0) known = known.clone();
    known = known.to(device);
    return known.storage();
  }

  std::shared_ptr<const io::MappedFile> file_;
  const Limits& limits_;
  io::ZipDirectory zip_;
  std::unordered_map<std::string_view, const io::ZipEntry*> entries_;  // every tensor asks for one
  std::string folder_;
  std::unordered_map<std::string, torch::Tensor> storages_;
};

}  // namespace

torch::ScalarType detail::exported_type(int64_t number) {
  for (const auto& [known, type] : exported_types) {
    if (known == number) return type;
  }
  raise<DecodeError>("type {} is unknown", number);
}

torch::MemoryFormat detail::exported_memory_format(int64_t number) {
  switch (number) {
    case 1: return torch::MemoryFormat::Contiguous;
    case 2: return torch::MemoryFormat::ChannelsLast;
    case 3: return torch::MemoryFormat::ChannelsLast3d;
    case 4: return torch::MemoryFormat::Preserve;
    default: raise<DecodeError>("memory format {} is unknown", number);
  }
}

torch::Layout detail::exported_layout(int64_t number) {
  switch (number) {
    case 1: return torch::kSparse;
    case 2: return torch::kSparseCsr;
    case 3: return torch::kSparseCsc;
    case 4: return torch::kSparseBsr;
    case 5: return torch::kSparseBsc;
    case 6: return torch::kMkldnn;
    case 7: return torch::kStrided;
    default: raise<DecodeError>("layout {} is unknown", number);
  }
}

torch::Device detail::exported_device(const Json& device) {
  auto name = device["type"].text();
  if (const auto* index = device.find("index"); index && !index->is_null()) name += text(":{}", index->integer());
  try {
    return torch::Device(name);
  } catch (const c10::Error&) {
    raise<DecodeError>("there is no device \"{}\"", name);
  }
}

ExportArchive read_export_archive(const std::filesystem::path& path, const Limits& limits) {
  const c10::InferenceMode off(false);  // a parameter can be learned, wherever it was read
  return telling_where<DecodeError, ValueError>("read_export_archive " + path.string(), [&] {
    try {
      return ArchiveReader(path, limits).read();
    } catch (const ValueError& error) {  // of JSON that is not as it must be
      raise<DecodeError>("{}", error.what());
    } catch (const c10::Error& error) {  // of a device that is not there
      raise<ValueError>("{}", error.what_without_backtrace());
    }
  });
}

}  // namespace opsis::inline v1::hub
