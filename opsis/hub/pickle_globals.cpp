#include "opsis/hub/pickle_globals.h"

#include <algorithm>

namespace opsis::inline v1::hub {
namespace {

// To allow one more name, add it to its list, and give it a meaning: in pickle_reader.cpp where it makes a plain container, in
// checkpoint_reader.cpp where it makes a value or a tensor. Only what is pure data may stand here.
constexpr std::string_view callables[] = {
    "_codecs.encode",  // bytes: protocol 2 has none of its own
    "builtins.bytearray",
    "builtins.bytes",  // none of them, in protocol 2
    "builtins.complex",
    "builtins.set",
    "collections.Counter",
    "collections.OrderedDict",
    "numpy._core.multiarray._reconstruct",  // NumPy 2; the same without underscore is NumPy 1
    "numpy._core.multiarray.scalar",
    "numpy._core.numeric._frombuffer",  // an array in protocol 5
    "numpy.core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy.core.numeric._frombuffer",
    "numpy.dtype",
    "torch.Size",
    "torch._tensor._rebuild_from_type_v2",  // a tensor with Python attributes
    "torch._utils._rebuild_device_tensor_from_cpu_tensor",
    "torch._utils._rebuild_device_tensor_from_numpy",
    "torch._utils._rebuild_meta_tensor_no_storage",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state",
    "torch._utils._rebuild_qtensor",
    "torch._utils._rebuild_sparse_tensor",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor_v3",  // types that have no storage class: uint16, float8, ...
    "torch.device",
    "torch.serialization._get_layout",
};
constexpr std::string_view constants[] = {
    "numpy.ndarray",
    "torch.ByteTensor",  // these are named by tar archives
    "torch.CharTensor",
    "torch.DoubleTensor",
    "torch.FloatTensor",
    "torch.HalfTensor",
    "torch.IntTensor",
    "torch.LongTensor",
    "torch.ShortTensor",
    "torch.Tensor",
    "torch.bfloat16",
    "torch.bool",
    "torch.complex128",
    "torch.complex32",
    "torch.complex64",
    "torch.float16",
    "torch.float32",
    "torch.float64",
    "torch.float8_e4m3fn",
    "torch.float8_e4m3fnuz",
    "torch.float8_e5m2",
    "torch.float8_e5m2fnuz",
    "torch.float8_e8m0fnu",
    "torch.int16",
    "torch.int32",
    "torch.int64",
    "torch.int8",
    "torch.nn.parameter.Parameter",
    "torch.per_channel_affine",
    "torch.per_channel_affine_float_qparams",
    "torch.per_channel_symmetric",
    "torch.per_tensor_affine",
    "torch.per_tensor_symmetric",
    "torch.qint32",
    "torch.qint8",
    "torch.quint8",
    "torch.uint16",
    "torch.uint32",
    "torch.uint64",
    "torch.uint8",
};

/// Types of elements, and classes of their storages, that LibTorch has and this library does not read: they have fewer bits than a
/// byte, or none that computes with them.
constexpr std::string_view unread_types[] = {
    "torch.QUInt2x4Storage",
    "torch.QUInt4x2Storage",
    "torch.bits16",
    "torch.bits1x8",
    "torch.bits2x4",
    "torch.bits4x2",
    "torch.bits8",
    "torch.int1",
    "torch.int2",
    "torch.int3",
    "torch.int4",
    "torch.int5",
    "torch.int6",
    "torch.int7",
    "torch.float4_e2m1fn_x2",
    "torch.quint2x4",
    "torch.quint4x2",
    "torch.uint1",
    "torch.uint2",
    "torch.uint3",
    "torch.uint4",
    "torch.uint5",
    "torch.uint6",
    "torch.uint7",
};

/// Classes of storages.
struct StorageClass {
  std::string_view name;
  size_t width;  ///< bytes of an element
};
constexpr StorageClass storages[] = {
    {"torch.BFloat16Storage", 2},       {"torch.BoolStorage", 1},
    {"torch.ByteStorage", 1},           {"torch.CharStorage", 1},
    {"torch.ComplexDoubleStorage", 16}, {"torch.ComplexFloatStorage", 8},
    {"torch.DoubleStorage", 8},         {"torch.FloatStorage", 4},
    {"torch.HalfStorage", 2},           {"torch.IntStorage", 4},
    {"torch.LongStorage", 8},           {"torch.QInt32Storage", 4},
    {"torch.QInt8Storage", 1},          {"torch.QUInt8Storage", 1},
    {"torch.ShortStorage", 2},          {"torch.storage.UntypedStorage", 1},
};

}  // namespace

std::string_view pickle_global(std::string_view name) {
  for (const auto known : callables) {
    if (known == name) return known;
  }
  for (const auto known : constants) {
    if (known == name) return known;
  }
  for (const auto& known : storages) {
    if (known.name == name) return known.name;
  }
  return {};
}

bool is_unread_type(std::string_view name) {
  return std::find(std::begin(unread_types), std::end(unread_types), name) != std::end(unread_types);
}

bool pickle_callable(std::string_view name) {
  return std::find(std::begin(callables), std::end(callables), name) != std::end(callables);
}

size_t storage_width(std::string_view name) {
  const auto* found = std::find_if(std::begin(storages), std::end(storages), [&](const auto& row) { return row.name == name; });
  return found == std::end(storages) ? 0 : found->width;
}

}  // namespace opsis::inline v1::hub
