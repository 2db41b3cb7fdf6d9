#include "opsis/hub/pickle_globals.h"

#include <algorithm>

namespace opsis::inline v1::hub {
namespace {

// To allow one more name, add it to its list, and give it a meaning: in pickle_reader.cpp where it makes a plain container, in
// checkpoint_reader.cpp where it makes a value or a tensor. Only what is pure data may stand here.
constexpr std::string_view callables[] = {
    "_codecs.encode",  // bytes: protocol 2 has none of its own
    "builtins.bytearray",
    "builtins.set",
    "collections.Counter",
    "collections.OrderedDict",
    "torch.Size",
    "torch._tensor._rebuild_from_type_v2",  // a tensor with Python attributes
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor_v3",  // types that have no storage class: uint16, float8, ...
    "torch.device",
};
constexpr std::string_view constants[] = {
    "torch.BFloat16Storage",
    "torch.BoolStorage",
    "torch.ByteStorage",
    "torch.CharStorage",
    "torch.ComplexDoubleStorage",
    "torch.ComplexFloatStorage",
    "torch.DoubleStorage",
    "torch.FloatStorage",
    "torch.HalfStorage",
    "torch.IntStorage",
    "torch.LongStorage",
    "torch.ShortStorage",
    "torch.Tensor",
    "torch.bfloat16",
    "torch.bool",
    "torch.complex128",
    "torch.complex64",
    "torch.float16",
    "torch.float32",
    "torch.float64",
    "torch.float8_e4m3fn",
    "torch.float8_e4m3fnuz",
    "torch.float8_e5m2",
    "torch.float8_e5m2fnuz",
    "torch.int16",
    "torch.int32",
    "torch.int64",
    "torch.int8",
    "torch.nn.parameter.Parameter",
    "torch.storage.UntypedStorage",
    "torch.uint16",
    "torch.uint32",
    "torch.uint64",
    "torch.uint8",
};

}  // namespace

std::string_view pickle_global(std::string_view name) {
  for (const auto known : callables) {
    if (known == name) return known;
  }
  for (const auto known : constants) {
    if (known == name) return known;
  }
  return {};
}

bool pickle_callable(std::string_view name) {
  return std::find(std::begin(callables), std::end(callables), name) != std::end(callables);
}

}  // namespace opsis::inline v1::hub
