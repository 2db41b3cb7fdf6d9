#include <ATen/ops/empty.h>

#include <complex>
#include <unordered_map>

#include "opsis/core/check.h"
#include "opsis/core/limits.h"
#include "opsis/hub/checkpoint.h"
#include "opsis/hub/checkpoint_types.h"
#include "opsis/hub/pickle_writer.h"
#include "opsis/hub/sparse_tensor.h"
#include "opsis/hub/zip_writer.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::hub {
namespace {

/// Pickles a value and collects the storages of its tensors on the way.
class CheckpointWriter {
 public:
  struct Record {
    torch::Storage storage;  // keeps its address from being given to another
    const detail::CheckpointType* type;
    size_t bytes;
    std::string name;  // of the first tensor in it
  };

  std::string pickle(const Value& value) {
    put(value);
    return pickle_.finish();
  }
  const std::vector<Record>& records() const { return records_; }

 private:
  std::string where() const {
    std::string out;
    for (const auto& step : way_) out += (out.empty() || step.starts_with('[') ? "" : ".") + step;
    return out.empty() ? "the value" : out;
  }

  void put(const Value& value) {
    if (value.is_none()) return pickle_.none();
    if (value.is_bool()) return pickle_.boolean(value.as_bool());
    if (value.is_int()) return pickle_.integer(value.as_int());
    if (value.is_double()) return pickle_.real(value.as_double());
    if (value.is_complex()) return put_complex(value.as_complex());
    if (value.is_dtype()) return pickle_.global("torch", std::string_view(value.as_string()).substr(sizeof("torch.") - 1));
    if (value.is_string()) return pickle_.string(value.as_string());
    if (value.is_bytes()) return pickle_.bytes(value.as_bytes());
    if (value.is_tensor()) return put_tensor(value.as_tensor());
    OPSIS_CHECK(std::ssize(way_) < Limits{}.pickle_depth, "save: the value nests deeper than {}", Limits{}.pickle_depth);
    if (value.is_dict()) {
      const auto& versions = value.versions();
      versions.empty() ? pickle_.begin_dict() : pickle_.begin_ordered_dict();
      for (const auto& [key, held] : value.entries()) {
        put(key);
        put_at(key.is_string() ? key.as_string() : text("[{}]", key), held);
      }
      pickle_.end_dict();
      if (!versions.empty()) put_versions(versions);
    } else if (value.is_list()) {
      pickle_.begin_list();
      for (size_t i = 0; i < value.items().size(); ++i) put_at(text("[{}]", i), value.items()[i]);
      pickle_.end_list();
    } else {
      pickle_.begin_tuple();
      for (size_t i = 0; i < value.items().size(); ++i) put_at(text("[{}]", i), value.items()[i]);
      pickle_.end_tuple();
    }
  }

  void put_at(std::string step, const Value& value) {
    way_.push_back(std::move(step));
    put(value);
    way_.pop_back();
  }

  void put_versions(const StateVersions& versions) {
    pickle_.begin_dict();
    pickle_.string("_metadata");
    pickle_.begin_ordered_dict();
    for (const auto& [module, version] : versions) {
      pickle_.string(module);
      pickle_.begin_dict();
      pickle_.string("version");
      pickle_.integer(version);
      pickle_.end_dict();
    }
    pickle_.end_dict();
    pickle_.end_dict();
    pickle_.build();
  }

  void put_complex(std::complex<double> number) {
    pickle_.global("__builtin__", "complex");  // as protocol 2 names it
    pickle_.begin_tuple();
    pickle_.real(number.real());
    pickle_.real(number.imag());
    pickle_.end_tuple();
    pickle_.reduce();
  }

  void put_integers(torch::IntArrayRef numbers) {
    pickle_.begin_tuple();
    for (const auto number : numbers) pickle_.integer(number);
    pickle_.end_tuple();
  }

  void put_tensor(const torch::Tensor& given) {
    OPSIS_CHECK(given.defined(), "save: {} is an undefined tensor", where());
    const auto* type = detail::find_type(given.scalar_type());
    OPSIS_CHECK(type, "save: {} has the type {}, which a checkpoint cannot hold", where(), given.scalar_type());
    if (given.layout() != torch::kStrided) return put_sparse(given);
    if (given.is_meta()) return put_meta(given, type);
    const auto tensor = given.is_conj() || given.is_neg() ? given.resolve_conj().resolve_neg() : given;

    const bool typed = !type->storage.empty();
    pickle_.global("torch._utils", tensor.is_quantized() ? "_rebuild_qtensor"
                                   : typed               ? "_rebuild_tensor_v2"
                                                         : "_rebuild_tensor_v3");
    pickle_.begin_tuple();
    put_storage(tensor, type);
    pickle_.integer(tensor.storage_offset());
    put_integers(tensor.sizes());
    put_integers(tensor.strides());
    if (tensor.is_quantized()) put_quantizer(tensor);
    pickle_.boolean(tensor.requires_grad());
    pickle_.begin_ordered_dict();  // hooks: none
    pickle_.end_dict();
    if (!typed) pickle_.global("torch", type->dtype);
    pickle_.end_tuple();
    pickle_.reduce();
  }

  /// Each of its parts is a tensor with a storage of its own. Like Python, it does not say whether a gradient is wanted.
  void put_sparse(const torch::Tensor& tensor) {
    const auto layout = detail::sparse_layout_name(tensor.layout());
    OPSIS_CHECK(!layout.empty() && !tensor.is_meta(), "save: {} has a layout that a checkpoint cannot hold; save to_dense()",
                where());
    const auto parts = detail::take_apart(tensor);
    pickle_.global("torch._utils", "_rebuild_sparse_tensor");
    pickle_.begin_tuple();
    pickle_.global("torch.serialization", "_get_layout");
    pickle_.begin_tuple();
    pickle_.string(layout);
    pickle_.end_tuple();
    pickle_.reduce();
    pickle_.begin_tuple();
    for (const auto& part : parts.tensors) put_tensor(part);
    put_integers(parts.sizes);
    if (parts.is_coalesced) pickle_.boolean(*parts.is_coalesced);
    pickle_.end_tuple();
    pickle_.end_tuple();
    pickle_.reduce();
  }

  void put_meta(const torch::Tensor& tensor, const detail::CheckpointType* type) {
    OPSIS_CHECK(!tensor.is_quantized(), "save: {} is a quantized meta tensor, which a checkpoint cannot hold", where());
    pickle_.global("torch._utils", "_rebuild_meta_tensor_no_storage");
    pickle_.begin_tuple();
    pickle_.global("torch", type->dtype);
    put_integers(tensor.sizes());
    put_integers(tensor.strides());
    pickle_.boolean(tensor.requires_grad());
    pickle_.end_tuple();
    pickle_.reduce();
  }

  void put_storage(const torch::Tensor& tensor, const detail::CheckpointType* type) {
    const auto number = record(tensor, type);
    const auto bytes = static_cast<int64_t>(records_[number].bytes);
    const bool typed = !type->storage.empty();
    pickle_.begin_tuple();
    pickle_.string("storage");
    pickle_.global(typed ? "torch" : "torch.storage", typed ? type->storage : "UntypedStorage");
    pickle_.string(std::to_string(number));
    pickle_.string("cpu");
    pickle_.integer(typed ? bytes / tensor.element_size() : bytes);
    pickle_.end_tuple();
    pickle_.persistent();
  }

  void put_quantizer(const torch::Tensor& tensor) {
    pickle_.begin_tuple();
    if (tensor.qscheme() == at::kPerTensorAffine) {
      pickle_.global("torch", "per_tensor_affine");
      pickle_.real(tensor.q_scale());
      pickle_.integer(tensor.q_zero_point());
    } else {
      const bool real = tensor.qscheme() == at::kPerChannelAffineFloatQParams;
      pickle_.global("torch", real ? "per_channel_affine_float_qparams" : "per_channel_affine");
      put_tensor(tensor.q_per_channel_scales());
      put_tensor(tensor.q_per_channel_zero_points());
      pickle_.integer(tensor.q_per_channel_axis());
    }
    pickle_.end_tuple();
  }

  /// The number of the tensor's storage, a new one at its first tensor.
  size_t record(const torch::Tensor& tensor, const detail::CheckpointType* type) {
    const auto& storage = tensor.storage();
    const auto [found, is_new] = numbers_.emplace(storage.unsafeGetStorageImpl(), records_.size());
    if (is_new) {
      records_.push_back({storage, type, storage.nbytes() / tensor.element_size() * tensor.element_size(), where()});
    }
    const auto& known = records_[found->second];
    OPSIS_CHECK(known.type == type || known.bytes == 0, "save: {} and {} are one memory seen as {} and {}; clone one of them",
                known.name, where(), known.type->dtype, type->dtype);
    return found->second;
  }

  PickleWriter pickle_;
  std::vector<Record> records_;
  std::unordered_map<const void*, size_t> numbers_;
  std::vector<std::string> way_;
};

/// A storage's bytes where the CPU can read them.
torch::Tensor on_cpu(const torch::Storage& storage, size_t bytes) {
  const auto size = static_cast<int64_t>(bytes);
  auto whole = torch::empty({0}, torch::TensorOptions().dtype(torch::kUInt8).device(storage.device()));
  return whole.set_(storage, 0, {size}, {1}).cpu();
}

}  // namespace

void save(const std::filesystem::path& path, const Value& value) {
  CheckpointWriter checkpoint;
  const auto pickle = checkpoint.pickle(value);

  io::FileWriter file(path);
  ZipWriter zip([&](io::Bytes bytes) { file.write(bytes); });
  // The pickle stands first: readers take the folder's name from the first entry.
  zip.add("archive/data.pkl", io::as_bytes(pickle));
  zip.add("archive/byteorder", io::as_bytes("little"));
  for (size_t i = 0; i < checkpoint.records().size(); ++i) {
    const auto& record = checkpoint.records()[i];
    const auto name = "archive/data/" + std::to_string(i);
    if (record.bytes == 0) {
      zip.add(name, {});
    } else {
      const auto bytes = on_cpu(record.storage, record.bytes);
      zip.add(name, {bytes.data_ptr<uint8_t>(), record.bytes});
    }
  }
  zip.add("archive/version", io::as_bytes("3\n"));
  zip.finish();
  file.commit();
}

}  // namespace opsis::inline v1::hub
