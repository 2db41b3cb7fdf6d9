#include "opsis/hub/checkpoint_types.h"

#include <algorithm>

namespace opsis::inline v1::hub::detail {
namespace {

// To add a type, add its row, and its names to pickle_globals.cpp.
constexpr CheckpointType checkpoint_types[] = {
    {c10::ScalarType::BFloat16, "bfloat16", "BFloat16Storage"},
    {c10::ScalarType::Bool, "bool", "BoolStorage", "b1"},
    {c10::ScalarType::Byte, "uint8", "ByteStorage", "u1"},
    {c10::ScalarType::Char, "int8", "CharStorage", "i1"},
    {c10::ScalarType::ComplexDouble, "complex128", "ComplexDoubleStorage", "c16"},
    {c10::ScalarType::ComplexFloat, "complex64", "ComplexFloatStorage", "c8"},
    {c10::ScalarType::ComplexHalf, "complex32", ""},
    {c10::ScalarType::Double, "float64", "DoubleStorage", "f8"},
    {c10::ScalarType::Float, "float32", "FloatStorage", "f4"},
    {c10::ScalarType::Float8_e4m3fn, "float8_e4m3fn", ""},
    {c10::ScalarType::Float8_e4m3fnuz, "float8_e4m3fnuz", ""},
    {c10::ScalarType::Float8_e5m2, "float8_e5m2", ""},
    {c10::ScalarType::Float8_e5m2fnuz, "float8_e5m2fnuz", ""},
    {c10::ScalarType::Float8_e8m0fnu, "float8_e8m0fnu", ""},
    {c10::ScalarType::Half, "float16", "HalfStorage", "f2"},
    {c10::ScalarType::Int, "int32", "IntStorage", "i4"},
    {c10::ScalarType::Long, "int64", "LongStorage", "i8"},
    {c10::ScalarType::QInt32, "qint32", "QInt32Storage"},
    {c10::ScalarType::QInt8, "qint8", "QInt8Storage"},
    {c10::ScalarType::QUInt8, "quint8", "QUInt8Storage"},
    {c10::ScalarType::Short, "int16", "ShortStorage", "i2"},
    {c10::ScalarType::UInt16, "uint16", "", "u2"},
    {c10::ScalarType::UInt32, "uint32", "", "u4"},
    {c10::ScalarType::UInt64, "uint64", "", "u8"},
};

template <class Predicate>
const CheckpointType* find_row(Predicate predicate) {
  const auto found = std::find_if(std::begin(checkpoint_types), std::end(checkpoint_types), predicate);
  return found == std::end(checkpoint_types) ? nullptr : found;
}

std::string_view without_torch(std::string_view name) { return name.starts_with("torch.") ? name.substr(6) : name; }

}  // namespace

const CheckpointType* find_type(c10::ScalarType type) {
  return find_row([&](const CheckpointType& row) { return row.type == type; });
}

const CheckpointType* find_dtype(std::string_view name) {
  return find_row([&](const CheckpointType& row) { return row.dtype == without_torch(name); });
}

const CheckpointType* find_storage(std::string_view name) {
  return find_row([&](const CheckpointType& row) { return !row.storage.empty() && row.storage == without_torch(name); });
}

const CheckpointType* find_numpy(std::string_view name) {
  return find_row([&](const CheckpointType& row) { return !row.numpy.empty() && row.numpy == name; });
}

}  // namespace opsis::inline v1::hub::detail
