#include "opsis/hub/checkpoint_reader.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>

#include "opsis/core/check.h"
#include "opsis/hub/checkpoint_types.h"
#include "opsis/hub/pickle_reader.h"
#include "opsis/hub/zip_reader.h"

namespace opsis::inline v1::hub {
namespace {

static_assert(std::endian::native == std::endian::little, "a big-endian machine must swap the other files");

using Kind = PickleKind;
using Arguments = std::vector<uint32_t>;

/// More dimensions than LibTorch's kernels take.
constexpr size_t most_dimensions = 64;

/// A storage's pointer is used as it is when every element type can be read from it.
constexpr size_t widest_element = 16;

class CheckpointReader {
 public:
  CheckpointReader(std::shared_ptr<const io::MappedFile> file, const Limits& limits) : file_(std::move(file)) {
    for (auto& entry : read_zip(file_->bytes()).entries) entries_.emplace(entry.name, entry);
    find_folder();
    if (const auto* order = entry("byteorder")) {
      const auto word = io::as_text(read_zip_entry(file_->bytes(), *order));
      if (word != "little" && word != "big") fail("its byte order is neither little nor big");
      swapped_ = word == "big";
    }
    pickle_ = read_pickle(read_zip_entry(file_->bytes(), *entry("data.pkl")), limits);
  }

  Value read() {
    const torch::NoGradGuard no_grad;
    return value(pickle_.root);
  }

 private:
  /// A step on the way to what is being read, while it lives.
  class Way {
   public:
    Way(std::vector<std::string>& steps, std::string step) : steps_(steps) { steps_.push_back(std::move(step)); }
    ~Way() { steps_.pop_back(); }
    Way(const Way&) = delete;
    Way& operator=(const Way&) = delete;

   private:
    std::vector<std::string>& steps_;
  };

  [[noreturn]] void fail(std::string_view why) const {
    std::string where;
    for (const auto& step : way_) where += (where.empty() || step.starts_with('[') ? "" : ".") + step;
    raise<DecodeError>("{}{}{}", where, where.empty() ? "" : ": ", why);
  }

  /// Every entry lies in one folder, named like the file that was written first.
  void find_folder() {
    constexpr std::string_view name = "/data.pkl";
    for (const auto& [path, entry] : entries_) {
      if (path.ends_with(name) && path.find('/') == path.size() - name.size()) {
        if (!folder_.empty()) fail("a zip archive with two pickles");
        folder_ = path.substr(0, path.size() - name.size() + 1);
      }
    }
    if (folder_.empty()) fail("a zip archive, but not one of torch.save: it has no data.pkl");
    if (entry("constants.pkl")) {
      fail(
          "a TorchScript archive, which is a program; save the state instead, in Python: torch.save(model.state_dict(), path)");
    }
  }

  const ZipEntry* entry(const std::string& name) const {
    const auto found = entries_.find(folder_ + name);
    return found == entries_.end() ? nullptr : &found->second;
  }

  const PickleNode& argument(const Arguments& arguments, size_t i, Kind kind) const {
    if (i >= arguments.size() || pickle_[arguments[i]].kind != kind) fail("it is not described as torch.save does it");
    return pickle_[arguments[i]];
  }

  Value value(uint32_t index);
  Value dict(const PickleNode& node);
  std::vector<Value> items(const PickleNode& node);
  Value call(std::string_view name, const Arguments& arguments);
  std::string latin1(const Arguments& arguments) const;
  torch::Tensor rebuild(std::string_view name, const Arguments& arguments);
  torch::Tensor rebuild_plain(const Arguments& arguments, const detail::CheckpointType* type);
  std::vector<int64_t> integers(const PickleNode& tuple) const;
  torch::Storage storage(const PickleNode& node, torch::ScalarType type);
  void check_bounds(int64_t offset, const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides,
                    size_t elements) const;

  std::shared_ptr<const io::MappedFile> file_;
  std::unordered_map<std::string, ZipEntry> entries_;
  std::string folder_;
  bool swapped_ = false;
  Pickle pickle_;
  std::vector<std::string> way_;
  std::unordered_map<std::string_view, torch::Storage> storages_;
  std::unordered_map<std::string_view, torch::ScalarType> swapped_as_;
};

Value CheckpointReader::value(uint32_t index) {
  const auto& node = pickle_[index];
  switch (node.kind) {
    case Kind::None: return {};
    case Kind::Bool: return node.integer != 0;
    case Kind::Int: return node.integer;
    case Kind::Float: return node.real;
    case Kind::String: return node.text;
    case Kind::Global: return node.text;
    case Kind::Bytes: return Value::bytes(std::string(node.text));
    case Kind::List: return Value::list(items(node));
    case Kind::Set: return Value::list(items(node));
    case Kind::Tuple: return Value::tuple(items(node));
    case Kind::Dict: return dict(node);
    case Kind::Call: return call(argument(node.items, 0, Kind::Global).text, argument(node.items, 1, Kind::Tuple).items);
    case Kind::Storage: break;
  }
  fail("a storage without a tensor; save the tensor");
}

std::vector<Value> CheckpointReader::items(const PickleNode& node) {
  std::vector<Value> out;
  out.reserve(node.items.size());
  for (size_t i = 0; i < node.items.size(); ++i) {
    const Way way(way_, text("[{}]", i));
    out.push_back(value(node.items[i]));
  }
  return out;
}

Value CheckpointReader::dict(const PickleNode& node) {
  std::vector<Value::Item> out;
  out.reserve(node.items.size() / 2);
  for (size_t i = 0; i + 1 < node.items.size(); i += 2) {
    const auto& key = pickle_[node.items[i]];
    const Way way(way_, key.kind == Kind::String ? std::string(key.text)
                        : key.kind == Kind::Int  ? text("[{}]", key.integer)
                                                 : "?");
    if (key.kind == Kind::Call) fail("a key is neither a string nor a number");
    out.emplace_back(value(node.items[i]), value(node.items[i + 1]));
  }
  try {
    return Value::dict(std::move(out));
  } catch (const ValueError& error) {
    fail(error.what());
  }
}

Value CheckpointReader::call(std::string_view name, const Arguments& arguments) {
  if (name == "torch.device") {
    const std::string kind(argument(arguments, 0, Kind::String).text);
    return arguments.size() == 1 ? kind : text("{}:{}", kind, argument(arguments, 1, Kind::Int).integer);
  }
  if (name == "_codecs.encode" || name == "builtins.bytearray") return Value::bytes(latin1(arguments));
  return rebuild(name, arguments);
}

/// Bytes that protocol 2 wrote as text: each is the character of its number.
std::string CheckpointReader::latin1(const Arguments& arguments) const {
  if (arguments.empty()) return {};
  const auto encoding = argument(arguments, 1, Kind::String).text;
  if (encoding != "latin1" && encoding != "latin-1") fail(text("bytes in the encoding {}", encoding));
  const auto letters = argument(arguments, 0, Kind::String).text;
  std::string out;
  for (size_t i = 0; i < letters.size(); ++i) {
    const auto lead = static_cast<uint8_t>(letters[i]);
    if (lead < 0x80) {
      out += letters[i];
    } else if (lead <= 0xC3 && i + 1 < letters.size()) {
      out += static_cast<char>((lead & 3) << 6 | (static_cast<uint8_t>(letters[++i]) & 0x3F));
    } else {
      fail("bytes of characters beyond 255");
    }
  }
  return out;
}

torch::Tensor CheckpointReader::rebuild(std::string_view name, const Arguments& arguments) {
  torch::Tensor tensor;
  size_t flag = 4;  // which argument says whether a gradient is wanted
  if (name == "torch._utils._rebuild_parameter" || name == "torch._utils._rebuild_parameter_with_state") {
    const auto& data = argument(arguments, 0, Kind::Call);
    tensor = rebuild(argument(data.items, 0, Kind::Global).text, argument(data.items, 1, Kind::Tuple).items);
    flag = 1;
  } else if (name == "torch._tensor._rebuild_from_type_v2") {
    return rebuild(argument(arguments, 0, Kind::Global).text, argument(arguments, 2, Kind::Tuple).items);
  } else if (name == "torch._utils._rebuild_tensor") {
    return rebuild_plain(arguments, nullptr);
  } else if (name == "torch._utils._rebuild_tensor_v2" || name == "torch._utils._rebuild_tensor_v3") {
    const bool third = name.ends_with("3");
    const auto* type = third ? detail::find_dtype(argument(arguments, 6, Kind::Global).text) : nullptr;
    if (third && !type) fail("a tensor of a type that is none");
    const size_t metadata = third ? 7 : 6;
    if (arguments.size() > metadata && !pickle_[arguments[metadata]].items.empty()) {
      fail("a tensor that is a lazy conjugate or negative; call resolve_conj() and resolve_neg() before saving");
    }
    tensor = rebuild_plain(arguments, type);
  } else {
    fail(text("{} does not make a tensor", name));
  }
  if (argument(arguments, flag, Kind::Bool).integer != 0) {
    if (!tensor.is_floating_point() && !tensor.is_complex()) fail("a tensor of integers that wants a gradient");
    tensor.set_requires_grad(true);
  }
  return tensor;
}

/// (storage, offset, sizes, strides, ...): a tensor of `type`, or of its storage's own.
torch::Tensor CheckpointReader::rebuild_plain(const Arguments& arguments, const detail::CheckpointType* type) {
  const auto& place = argument(arguments, 0, Kind::Storage);
  const auto* own = detail::find_storage(pickle_[place.items[0]].text);
  if (type && own && own != type) fail(text("a tensor of {} in a {}", type->dtype, own->storage));
  const auto scalar = type ? type->type : own ? own->type : torch::kUInt8;
  const auto memory = storage(place, scalar);

  const auto offset = argument(arguments, 1, Kind::Int).integer;
  const auto sizes = integers(argument(arguments, 2, Kind::Tuple)), strides = integers(argument(arguments, 3, Kind::Tuple));
  if (sizes.size() != strides.size()) fail(text("a tensor of {} sizes and {} strides", sizes.size(), strides.size()));
  check_bounds(offset, sizes, strides, memory.nbytes() / c10::elementSize(scalar));
  if (std::find(sizes.begin(), sizes.end(), 0) != sizes.end()) return torch::empty_strided(sizes, strides, scalar);
  return torch::empty({0}, scalar).set_(memory, offset, sizes, strides);
}

std::vector<int64_t> CheckpointReader::integers(const PickleNode& tuple) const {
  if (tuple.items.size() > most_dimensions) fail(text("a tensor of {} dimensions", tuple.items.size()));
  std::vector<int64_t> out;
  for (const auto item : tuple.items) {
    if (pickle_[item].kind != Kind::Int || pickle_[item].integer < 0) fail("a tensor's size or stride is not a natural number");
    out.push_back(pickle_[item].integer);
  }
  return out;
}

/// Throws unless every element lies within the storage. Products and sums of foreign numbers wrap around: each is watched.
void CheckpointReader::check_bounds(int64_t offset, const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides,
                                    size_t elements) const {
  if (offset < 0) fail("a tensor begins before its storage");
  int64_t count = 1, last = offset;
  bool overflow = false, empty = false;
  for (size_t i = 0; i < sizes.size(); ++i) {
    int64_t way = 0;
    empty |= sizes[i] == 0;
    overflow |= __builtin_mul_overflow(count, std::max<int64_t>(sizes[i], 1), &count);
    overflow |= __builtin_mul_overflow(std::max<int64_t>(sizes[i], 1) - 1, strides[i], &way);
    overflow |= __builtin_add_overflow(last, way, &last);
  }
  if (overflow) fail("a tensor's shape overflows");
  if (!empty && static_cast<uint64_t>(last) >= elements) {
    fail(text("a tensor reaches to element {} of a storage of {}", last, elements));
  }
}

torch::Storage CheckpointReader::storage(const PickleNode& node, torch::ScalarType type) {
  const auto* own = detail::find_storage(pickle_[node.items[0]].text);
  const auto* record = entry("data/" + std::string(node.text));
  if (!record) fail(text("its storage data/{} is missing", node.text));
  if (record->compressed) fail(text("its storage data/{} is compressed", node.text));
  size_t claimed = 0;
  if (__builtin_mul_overflow(static_cast<size_t>(node.integer), own ? c10::elementSize(own->type) : 1, &claimed) ||
      claimed != record->size) {
    fail(text("its storage claims {} elements, data/{} has {} bytes", node.integer, node.text, record->size));
  }
  if (swapped_ && swapped_as_.emplace(node.text, type).first->second != type)
    fail("a storage of two types in a big-endian file");
  if (const auto found = storages_.find(node.text); found != storages_.end()) return found->second;

  auto* data = file_->writable() + record->offset;
  const auto size = static_cast<int64_t>(record->size);
  auto memory = torch::from_blob(
      data, {size}, [file = file_](void*) {}, torch::kUInt8);
  if (swapped_ || reinterpret_cast<uintptr_t>(data) % widest_element != 0) memory = memory.clone();
  if (swapped_) {
    const auto width = c10::isComplexType(type) ? c10::elementSize(type) / 2 : c10::elementSize(type);
    auto* bytes = memory.data_ptr<uint8_t>();
    for (size_t i = 0; i + width <= record->size; i += width) std::reverse(bytes + i, bytes + i + width);
  }
  return storages_.emplace(node.text, memory.storage()).first->second;
}

}  // namespace

Value detail::read_checkpoint(std::shared_ptr<const io::MappedFile> file, const Limits& limits) {
  return CheckpointReader(std::move(file), limits).read();
}

}  // namespace opsis::inline v1::hub
