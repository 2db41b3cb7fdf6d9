#include "opsis/hub/checkpoint_reader.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_empty_affine_quantized.h>
#include <ATen/ops/_empty_per_channel_affine_quantized.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <bit>
#include <complex>
#include <cstring>
#include <map>
#include <unordered_map>

#include "opsis/core/check.h"
#include "opsis/hub/checkpoint_types.h"
#include "opsis/hub/container.h"
#include "opsis/hub/sparse_tensor.h"
#include "opsis/hub/tensor_bounds.h"
#include "opsis/hub/utf8.h"

namespace opsis::inline v1::hub {
namespace {

static_assert(std::endian::native == std::endian::little, "a big-endian machine must swap the other files");

using Kind = PickleKind;
using Arguments = std::vector<uint32_t>;

class CheckpointReader {
 public:
  CheckpointReader(std::shared_ptr<const io::MappedFile> file, Container container)
      : file_(std::move(file)), container_(std::move(container)), pickle_(container_.pickle) {}

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

  const PickleNode& argument(const Arguments& arguments, size_t i, Kind kind) const {
    if (i >= arguments.size() || pickle_[arguments[i]].kind != kind) fail("it is not described as torch.save does it");
    return pickle_[arguments[i]];
  }

  /// The elements that a tensor may use: [begin, begin + size) of a storage.
  struct Window {
    torch::ScalarType type;
    torch::Storage storage;
    int64_t begin = 0, size = 0;
  };

  /// What a tuple holds.
  const Arguments& argument_tuple(uint32_t index) const {
    if (pickle_[index].kind != Kind::Tuple) fail("an array of NumPy is not described as it does it");
    return pickle_[index].items;
  }

  Value value(uint32_t index);
  Value dict(const PickleNode& node);
  const PickleNode* entry(const PickleNode& dict, std::string_view key) const;
  StateVersions versions(const PickleNode& attributes) const;
  std::vector<Value> items(const PickleNode& node);
  Value call(const PickleNode& node);
  std::string latin1(const Arguments& arguments) const;
  torch::Tensor rebuild(std::string_view name, const Arguments& arguments);
  torch::Tensor rebuild_plain(const Arguments& arguments, const detail::CheckpointType* type);
  template <class Make>
  torch::Tensor once(const Arguments& description, const Make& make, torch::ScalarType as = torch::ScalarType::Undefined);
  void charge(const torch::Tensor& tensor, torch::ScalarType type);
  std::vector<int64_t> integers(const PickleNode& tuple) const;
  torch::Tensor rebuild_quantized(const Arguments& arguments);
  torch::Tensor rebuild_sparse(const Arguments& arguments);
  torch::Tensor rebuild_meta(const Arguments& arguments) const;
  torch::Tensor rebuild_of_device(const Arguments& arguments);
  torch::ScalarType plain_type(const Arguments& arguments, size_t i) const;
  torch::Tensor tensor(std::string_view key);
  torch::Tensor tensor_at(const Arguments& arguments, size_t i);
  torch::Tensor numbers_at(const Arguments& quantizer, size_t i, torch::ScalarType type);
  torch::Tensor of_channels(const Arguments& quantizer, size_t i, torch::ScalarType type, int64_t channels);
  torch::Tensor place(const Window& memory, torch::Tensor empty, int64_t offset, const std::vector<int64_t>& sizes,
                      const std::vector<int64_t>& strides) const;
  void narrow(Window& memory, int64_t begin, int64_t size) const;
  torch::Tensor numpy_tensor(const PickleNode& type, std::string content, const std::vector<int64_t>& sizes,
                             bool fortran) const;
  torch::Tensor numpy_array(const PickleNode& node);
  Value numpy_scalar(const Arguments& arguments);
  std::string bytes(uint32_t index) const;
  Window window(const PickleNode& node, const detail::CheckpointType* type);
  torch::Storage storage(std::string_view key, torch::ScalarType type);
  void check_bounds(int64_t offset, const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides,
                    int64_t elements) const;

  std::shared_ptr<const io::MappedFile> file_;
  Container container_;
  const Pickle& pickle_;
  std::vector<std::string> way_;
  std::unordered_map<std::string_view, torch::Storage> storages_;
  /// What takes more than a moment, or memory, by how it is described, and as which type.
  std::map<std::pair<const Arguments*, torch::ScalarType>, torch::Tensor> made_;
  int64_t charged_ = 0;  ///< bytes of tensors that were converted
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
    case Kind::Global: return detail::find_dtype(node.text) ? Value::dtype(std::string(node.text)) : Value(node.text);
    case Kind::Bytes: return Value::bytes(std::string(node.text));
    case Kind::List: return Value::list(items(node));
    case Kind::Set: return Value::list(items(node));
    case Kind::Tuple: return Value::tuple(items(node));
    case Kind::Dict: return dict(node);
    case Kind::Call: return call(node);
    case Kind::Tensor: return tensor(node.text);
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
    if (key.kind == Kind::Call) fail("a key is a tensor or an object");
    out.emplace_back(value(node.items[i]), value(node.items[i + 1]));
  }
  try {
    auto value = Value::dict(std::move(out));
    if (node.items.size() % 2 != 0) value.set_versions(versions(pickle_[node.items.back()]));
    return value;
  } catch (const ValueError& error) {
    fail(error.what());
  }
}

/// What a dict has under a string, or nullptr.
const PickleNode* CheckpointReader::entry(const PickleNode& dict, std::string_view key) const {
  if (dict.kind != Kind::Dict) return nullptr;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const auto& name = pickle_[dict.items[i]];
    if (name.kind == Kind::String && name.text == key) return &pickle_[dict.items[i + 1]];
  }
  return nullptr;
}

/// Those in the attributes of a state dict: {"_metadata": {"layer1.0": {"version": 2}}}. What looks otherwise says nothing.
StateVersions CheckpointReader::versions(const PickleNode& attributes) const {
  StateVersions out;
  const auto* metadata = entry(attributes, "_metadata");
  if (!metadata || metadata->kind != Kind::Dict) return out;
  for (size_t i = 0; i + 1 < metadata->items.size(); i += 2) {
    const auto& name = pickle_[metadata->items[i]];
    const auto* version = entry(pickle_[metadata->items[i + 1]], "version");
    if (name.kind == Kind::String && version && version->kind == Kind::Int) out.emplace_back(name.text, version->integer);
  }
  return out;
}

Value CheckpointReader::call(const PickleNode& node) {
  const auto name = argument(node.items, 0, Kind::Global).text;
  const auto& arguments = argument(node.items, 1, Kind::Tuple).items;
  if (name == "torch.device") {
    const std::string kind(argument(arguments, 0, Kind::String).text);
    return arguments.size() == 1 ? kind : text("{}:{}", kind, argument(arguments, 1, Kind::Int).integer);
  }
  if (name == "torch.serialization._get_layout") return argument(arguments, 0, Kind::String).text;
  if (name == "builtins.complex") {
    return std::complex<double>(argument(arguments, 0, Kind::Float).real, argument(arguments, 1, Kind::Float).real);
  }
  if (name == "_codecs.encode" || name == "builtins.bytearray" || name == "builtins.bytes")
    return Value::bytes(latin1(arguments));
  if (name.starts_with("numpy.")) {
    if (name.ends_with("._reconstruct") || name.ends_with("._frombuffer")) return numpy_array(node);
    if (name.ends_with(".scalar")) return numpy_scalar(arguments);
    fail("a type of NumPy without an array");
  }
  try {
    return rebuild(name, arguments);
  } catch (const ValueError& error) {
    fail(error.what());
  } catch (const c10::Error& error) {  // LibTorch has checks of its own
    fail(error.what_without_backtrace());
  }
}

/// Content that protocol 3 and newer, and Python 2, have as it is, and protocol 2 of Python 3 as a call.
std::string CheckpointReader::bytes(uint32_t index) const {
  const auto& node = pickle_[index];
  if (node.kind == Kind::Bytes || node.kind == Kind::String) return std::string(node.text);  // Python 2 has one kind for both
  const auto made_by = node.kind == Kind::Call ? pickle_[node.items[0]].text : "";
  if (made_by != "_codecs.encode" && made_by != "builtins.bytes") fail("an array's content is not bytes");
  return latin1(pickle_[node.items[1]].items);
}

/// Bytes that protocol 2 wrote as text: each is the character of its number.
std::string CheckpointReader::latin1(const Arguments& arguments) const {
  if (arguments.empty()) return {};
  const auto encoding = argument(arguments, 1, Kind::String).text;
  if (encoding != "latin1" && encoding != "latin-1") fail(text("bytes in the encoding {}", encoding));
  auto out = to_latin1(argument(arguments, 0, Kind::String).text);
  if (!out) fail("bytes of characters beyond 255");
  return std::move(*out);
}

torch::Tensor CheckpointReader::rebuild(std::string_view name, const Arguments& arguments) {
  torch::Tensor tensor;
  size_t flag = 4;  // which argument says whether a gradient is wanted
  if (name == "torch._utils._rebuild_parameter" || name == "torch._utils._rebuild_parameter_with_state") {
    tensor = tensor_at(arguments, 0);
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
  } else if (name == "torch._utils._rebuild_qtensor") {
    tensor = rebuild_quantized(arguments);
    flag = 5;
  } else if (name == "torch._utils._rebuild_sparse_tensor") {
    return once(arguments, [&] { return rebuild_sparse(arguments); }).detach();
  } else if (name == "torch._utils._rebuild_meta_tensor_no_storage") {
    tensor = rebuild_meta(arguments);
    flag = 3;
  } else if (name.starts_with("torch._utils._rebuild_device_tensor_from_")) {
    tensor = once(arguments, [&] { return rebuild_of_device(arguments); }).detach();
    flag = 3;
  } else {
    fail(text("{} does not make a tensor", name));
  }
  if (argument(arguments, flag, Kind::Bool).integer != 0) {
    if (!tensor.is_floating_point() && !tensor.is_complex()) fail("a tensor of integers that wants a gradient");
    tensor.set_requires_grad(true);
  }
  return tensor;
}

/// A small pickle can name one tensor a million times: it is made at the first.
template <class Make>
torch::Tensor CheckpointReader::once(const Arguments& description, const Make& make, torch::ScalarType as) {
  const auto key = std::pair(&description, as);
  if (const auto known = made_.find(key); known != made_.end()) return known->second;
  return made_.emplace(key, make()).first->second;
}

/// Before a tensor of the file is copied as one of `type`. A small pickle can describe one storage a thousand times, too, and all
/// copies together are held against the file: 16 times it is enough for every byte of it to become the widest type once.
void CheckpointReader::charge(const torch::Tensor& tensor, torch::ScalarType type) {
  detail::check_memory(tensor, "a tensor to convert");
  if (tensor.scalar_type() == type && tensor.is_contiguous()) return;
  charged_ += tensor.numel() * static_cast<int64_t>(c10::elementSize(type));
  if (charged_ > detail::widest_element * std::ssize(file_->bytes())) {
    fail(text("its tensors to convert make {} bytes of a file of {}", charged_, file_->bytes().size()));
  }
}

/// An argument that is a tensor.
torch::Tensor CheckpointReader::tensor_at(const Arguments& arguments, size_t i) {
  if (i < arguments.size() && pickle_[arguments[i]].kind == Kind::Tensor) return tensor(pickle_[arguments[i]].text);
  const auto& data = argument(arguments, i, Kind::Call);
  return rebuild(argument(data.items, 0, Kind::Global).text, argument(data.items, 1, Kind::Tuple).items);
}

/// (storage, offset, sizes, strides, ...): a tensor of `type`, or of its storage's own.
torch::Tensor CheckpointReader::rebuild_plain(const Arguments& arguments, const detail::CheckpointType* type) {
  const auto memory = window(argument(arguments, 0, Kind::Storage), type);
  if (c10::isQIntType(memory.type)) fail("a quantized tensor without its scale");
  return place(memory, torch::empty({0}, memory.type), argument(arguments, 1, Kind::Int).integer,
               integers(argument(arguments, 2, Kind::Tuple)), integers(argument(arguments, 3, Kind::Tuple)));
}

/// Numbers of a quantizer: a tensor, or a list, as it was in 2019, which is read as one of `type`.
torch::Tensor CheckpointReader::numbers_at(const Arguments& quantizer, size_t i, torch::ScalarType type) {
  if (i >= quantizer.size() || pickle_[quantizer[i]].kind != Kind::List) return tensor_at(quantizer, i);
  std::vector<double> numbers;
  for (const auto item : pickle_[quantizer[i]].items) {
    const auto& node = pickle_[item];
    const bool whole = node.kind == Kind::Int;
    if (!whole && (node.kind != Kind::Float || !c10::isFloatingType(type))) fail("scales or zero points of another type");
    numbers.push_back(whole ? static_cast<double>(node.integer) : node.real);
  }
  return torch::tensor(numbers, torch::kDouble).to(type);
}

/// A scale or zero point for each channel, of the type that LibTorch would convert them to at each use.
torch::Tensor CheckpointReader::of_channels(const Arguments& quantizer, size_t i, torch::ScalarType type, int64_t channels) {
  const auto numbers = numbers_at(quantizer, i, type);
  const auto given = numbers.scalar_type();
  const bool fits = c10::isFloatingType(type) ? c10::isFloatingType(given) : c10::isIntegralType(given, /*includeBool=*/false);
  if (numbers.dim() != 1 || numbers.numel() != channels) {
    fail(text("{} channels with {} scales or zero points", channels, numbers.numel()));
  }
  if (!fits) fail("scales or zero points of another type");
  const auto convert = [&] {
    charge(numbers, type);
    return numbers.to(type).contiguous();
  };
  return once(pickle_[quantizer[i]].items, convert, type);
}

/// (storage, offset, sizes, strides, (scheme, ...), ...): a quantized tensor, with one scale or one for each channel.
torch::Tensor CheckpointReader::rebuild_quantized(const Arguments& arguments) {
  const auto memory = window(argument(arguments, 0, Kind::Storage), nullptr);
  if (!c10::isQIntType(memory.type)) fail("a quantized tensor in a storage of plain numbers");
  const auto sizes = integers(argument(arguments, 2, Kind::Tuple));
  const auto& quantizer = argument(arguments, 4, Kind::Tuple).items;
  const auto scheme = argument(quantizer, 0, Kind::Global).text;
  torch::Tensor into;
  if (scheme == "torch.per_tensor_affine") {
    into = at::_empty_affine_quantized({0}, memory.type, argument(quantizer, 1, Kind::Float).real,
                                       argument(quantizer, 2, Kind::Int).integer);
  } else if (scheme == "torch.per_channel_affine" || scheme == "torch.per_channel_affine_float_qparams") {
    const auto axis = argument(quantizer, 3, Kind::Int).integer;
    if (axis < 0 || axis >= std::ssize(sizes)) fail(text("a tensor of {} dimensions quantized along {}", sizes.size(), axis));
    const auto channels = sizes[static_cast<size_t>(axis)];
    const bool real = scheme.ends_with("float_qparams");
    const auto scales = of_channels(quantizer, 1, real ? torch::kFloat : torch::kDouble, channels);
    const auto zero_points = of_channels(quantizer, 2, real ? torch::kFloat : torch::kInt64, channels);
    // As many dimensions as the tensor will have; no elements, for how many there are is not checked yet.
    into = at::_empty_per_channel_affine_quantized(std::vector<int64_t>(sizes.size()), scales, zero_points, axis, memory.type);
  } else {
    fail(text("a tensor quantized as {}", scheme));
  }
  return place(memory, std::move(into), argument(arguments, 1, Kind::Int).integer, sizes,
               integers(argument(arguments, 3, Kind::Tuple)));
}

/// (layout, (indices, values, size, whether they are in order)) or (layout, (compressed indices, plain ones, values, size)).
torch::Tensor CheckpointReader::rebuild_sparse(const Arguments& arguments) {
  const auto& named = argument(arguments, 0, Kind::Call).items;
  const auto layout = detail::sparse_layout(argument(pickle_[named[1]].items, 0, Kind::String).text);
  if (pickle_[named[0]].text != "torch.serialization._get_layout" || !layout) fail("a sparse tensor of a layout that is none");
  const auto& data = argument(arguments, 1, Kind::Tuple).items;
  const size_t count = layout == torch::kSparse ? 2 : 3;
  detail::SparseParts parts{*layout, {}, integers(argument(data, count, Kind::Tuple))};
  for (size_t i = 0; i < count; ++i) parts.tensors.push_back(tensor_at(data, i));
  const bool told = data.size() > count + 1 && pickle_[data[count + 1]].kind != Kind::None;
  if (told) parts.is_coalesced = argument(data, count + 1, Kind::Bool).integer != 0;
  return detail::put_together(parts);
}

/// (type, sizes, strides, ...): a tensor without memory.
torch::Tensor CheckpointReader::rebuild_meta(const Arguments& arguments) const {
  const auto type = plain_type(arguments, 0);
  const auto sizes = integers(argument(arguments, 1, Kind::Tuple)), strides = integers(argument(arguments, 2, Kind::Tuple));
  check_bounds(0, sizes, strides, INT64_MAX / detail::widest_element);
  return torch::empty_strided(sizes, strides, torch::TensorOptions(type).device(torch::kMeta));
}

/// (tensor or array, type, device, ...): one that was on an XLA, MAIA or MTIA device. It is on the CPU now.
torch::Tensor CheckpointReader::rebuild_of_device(const Arguments& arguments) {
  const auto type = plain_type(arguments, 1);
  const auto& data = argument(arguments, 0, Kind::Call);
  const auto tensor = pickle_[data.items[0]].text.starts_with("numpy.") ? numpy_array(data) : tensor_at(arguments, 0);
  charge(tensor, type);
  return tensor.to(type);
}

/// An argument that is the type of a tensor's elements.
torch::ScalarType CheckpointReader::plain_type(const Arguments& arguments, size_t i) const {
  const auto* type = detail::find_dtype(argument(arguments, i, Kind::Global).text);
  if (!type) fail("a tensor of a type that is none");
  if (c10::isQIntType(type->type)) fail("a quantized tensor without its scale");
  return type->type;
}

/// Gives an empty tensor its place in the memory that it may use.
torch::Tensor CheckpointReader::place(const Window& memory, torch::Tensor empty, int64_t offset,
                                      const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides) const {
  check_bounds(offset, sizes, strides, memory.size);
  const bool none = std::find(sizes.begin(), sizes.end(), 0) != sizes.end();
  if (none && !empty.is_quantized()) return torch::empty_strided(sizes, strides, memory.type);
  return empty.set_(memory.storage, none ? 0 : memory.begin + offset, sizes, strides);
}

/// A tensor that a tar archive has beside its pickle.
torch::Tensor CheckpointReader::tensor(std::string_view key) {
  const auto found = container_.tensors.find(std::string(key));
  if (found == container_.tensors.end()) fail(text("its tensor {} is missing", key));
  const auto& told = found->second;
  const auto type = detail::find_storage(told.type)->type;
  if (c10::isQIntType(type)) fail("a quantized tensor without its scale");
  if (told.sizes.size() > detail::most_dimensions) fail(text("a tensor of {} dimensions", told.sizes.size()));
  const auto negative = [](int64_t number) { return number < 0; };
  if (std::any_of(told.sizes.begin(), told.sizes.end(), negative) ||
      std::any_of(told.strides.begin(), told.strides.end(), negative)) {
    fail("a tensor's size or stride is not a natural number");
  }
  Window memory{type, storage(told.storage, type)};
  memory.size = static_cast<int64_t>(memory.storage.nbytes() / c10::elementSize(type));
  if (told.elements >= 0) narrow(memory, told.begin, told.elements);
  return place(memory, torch::empty({0}, type), told.offset, told.sizes, told.strides);
}

std::vector<int64_t> CheckpointReader::integers(const PickleNode& tuple) const {
  if (tuple.items.size() > detail::most_dimensions) fail(text("a tensor of {} dimensions", tuple.items.size()));
  std::vector<int64_t> out;
  for (const auto item : tuple.items) {
    if (pickle_[item].kind != Kind::Int || pickle_[item].integer < 0) fail("a tensor's size or stride is not a natural number");
    out.push_back(pickle_[item].integer);
  }
  return out;
}

/// Throws unless every element lies within the storage. Products and sums of foreign numbers wrap around: each is watched.
void CheckpointReader::check_bounds(int64_t offset, const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides,
                                    int64_t elements) const {
  if (const auto why = detail::why_out_of_bounds(offset, sizes, strides, elements); !why.empty()) fail(why);
}

/// What a storage of the pickle gives to a tensor of `type`, or of the storage's own.
CheckpointReader::Window CheckpointReader::window(const PickleNode& node, const detail::CheckpointType* type) {
  const auto* own = detail::find_storage(pickle_[node.items[0]].text);
  if (type && own && own != type) fail(text("a tensor of {} in a {}", type->dtype, own->storage));
  const auto scalar = type ? type->type : own ? own->type : torch::kUInt8;
  Window out{scalar, storage(node.text, scalar)};
  const auto bytes = out.storage.nbytes();
  size_t claimed = 0;
  if (__builtin_mul_overflow(static_cast<size_t>(node.integer), own ? c10::elementSize(own->type) : 1, &claimed) ||
      claimed != bytes) {
    fail(text("its storage {} claims {} elements and has {} bytes", node.text, node.integer, bytes));
  }
  out.size = static_cast<int64_t>(bytes / c10::elementSize(scalar));
  if (node.items.size() == 3) narrow(out, pickle_[node.items[1]].integer, pickle_[node.items[2]].integer);
  return out;
}

void CheckpointReader::narrow(Window& memory, int64_t begin, int64_t size) const {
  if (begin < 0 || size < 0 || begin > memory.size || size > memory.size - begin) {
    fail(text("{} elements from {} on of a storage of {}", size, begin, memory.size));
  }
  memory.begin += begin;
  memory.size = size;
}

torch::Storage CheckpointReader::storage(std::string_view key, torch::ScalarType type) {
  const bool swapped = container_.big_endian;
  if (swapped && swapped_as_.emplace(key, type).first->second != type) fail("a storage of two types in a big-endian file");
  if (const auto known = storages_.find(key); known != storages_.end()) return known->second;
  const auto found = container_.storages.find(std::string(key));
  if (found == container_.storages.end()) fail(text("its storage {} is missing", key));

  const auto [offset, size] = found->second;
  auto* data = file_->writable() + offset;
  auto memory = torch::from_blob(
      data, {static_cast<int64_t>(size)}, [file = file_](void*) {}, torch::kUInt8);
  if (swapped || reinterpret_cast<uintptr_t>(data) % detail::widest_element != 0) memory = memory.clone();
  if (swapped) {
    const auto width = c10::isComplexType(type) ? c10::elementSize(type) / 2 : c10::elementSize(type);
    auto* bytes = memory.data_ptr<uint8_t>();
    for (size_t i = 0; i + width <= size; i += width) std::reverse(bytes + i, bytes + i + width);
  }
  return storages_.emplace(key, memory.storage()).first->second;
}

/// Elements of NumPy as a tensor. `type` is numpy.dtype("f4", ...) with the state (version, byte order, ...).
torch::Tensor CheckpointReader::numpy_tensor(const PickleNode& type, std::string content, const std::vector<int64_t>& sizes,
                                             bool fortran) const {
  if (type.kind != Kind::Call || pickle_[type.items[0]].text != "numpy.dtype") fail("an array without a type");
  const auto name = argument(pickle_[type.items[1]].items, 0, Kind::String).text;
  const auto* row = detail::find_numpy(name);
  if (!row) fail(text("an array of NumPy's type {}; save it as a tensor", name));
  const auto order = type.items.size() > 2 ? argument(argument_tuple(type.items[2]), 1, Kind::String).text : "<";

  // As if no side were 0: not even then may LibTorch be asked for sides whose product overflows.
  auto bytes = static_cast<int64_t>(c10::elementSize(row->type));
  bool overflow = false, none = false;
  for (const auto size : sizes) {
    none |= size == 0;
    overflow |= __builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes);
  }
  if (overflow || (none ? 0 : bytes) != std::ssize(content)) {
    fail(text("an array of shape {} with {} bytes", torch::IntArrayRef(sizes), content.size()));
  }
  auto reversed = sizes;
  if (fortran) std::reverse(reversed.begin(), reversed.end());
  std::vector<int64_t> axes(sizes.size());
  for (size_t i = 0; i < axes.size(); ++i) axes[i] = std::ssize(axes) - 1 - static_cast<int64_t>(i);
  auto out = torch::empty(reversed, row->type);
  if (order == ">") {
    const auto width = c10::isComplexType(row->type) ? out.element_size() / 2 : out.element_size();
    for (auto at = content.begin(); at != content.end(); at += width) std::reverse(at, at + width);
  }
  if (!content.empty()) std::memcpy(out.data_ptr(), content.data(), content.size());
  return fortran ? out.permute(axes) : out;
}

/// _reconstruct(...) with the state (version, shape, type, whether in Fortran's order, content), or _frombuffer(content, type,
/// shape, order).
torch::Tensor CheckpointReader::numpy_array(const PickleNode& node) {
  if (pickle_[node.items[0]].text.ends_with("._frombuffer")) {
    const auto& arguments = argument_tuple(node.items[1]);
    const auto order = argument(arguments, 3, Kind::String).text;
    return numpy_tensor(argument(arguments, 1, Kind::Call), bytes(arguments[0]), integers(argument(arguments, 2, Kind::Tuple)),
                        order == "F");
  }
  if (node.items.size() < 3) fail("an array of NumPy without its content");
  const auto& state = argument_tuple(node.items[2]);
  const auto& type = argument(state, 2, Kind::Call);
  const bool fortran = argument(state, 3, Kind::Bool).integer != 0;
  if (state.size() != 5) fail("an array of NumPy is not described as it does it");
  if (pickle_[state[4]].kind == Kind::List) fail("an array of objects; save it as a list");
  return numpy_tensor(type, bytes(state[4]), integers(argument(state, 1, Kind::Tuple)), fortran);
}

/// (type, content): a number.
Value CheckpointReader::numpy_scalar(const Arguments& arguments) {
  const auto& type = argument(arguments, 0, Kind::Call);
  if (arguments.size() < 2) fail("a number of NumPy without its content");
  const auto number = numpy_tensor(type, bytes(arguments[1]), {}, false);
  if (number.is_complex()) return std::complex<double>(number.to(torch::kComplexDouble).item<c10::complex<double>>());
  if (number.is_floating_point()) return number.to(torch::kDouble).item<double>();
  if (number.scalar_type() == torch::kBool) return number.item<bool>();
  if (number.scalar_type() == torch::kUInt64 && number.view(torch::kInt64).item<int64_t>() < 0) {
    fail("a number beyond 2^63; save it as a tensor");
  }
  return number.to(torch::kInt64).item<int64_t>();
}

}  // namespace

Value detail::read_checkpoint(std::shared_ptr<const io::MappedFile> file, const Limits& limits) {
  auto container = read_container(file->bytes(), limits);
  return CheckpointReader(std::move(file), std::move(container)).read();
}

Value detail::read_pickle_value(std::shared_ptr<const io::MappedFile> file, const Limits& limits) {
  Container container{.pickle = read_pickle(file->bytes(), limits), .storages = {}, .tensors = {}};
  return CheckpointReader(std::move(file), std::move(container)).read();
}

}  // namespace opsis::inline v1::hub
