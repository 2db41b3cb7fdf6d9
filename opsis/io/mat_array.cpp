// What needs no file.
#include <algorithm>
#include <cstring>

#include "opsis/core/check.h"
#include "opsis/io/mat.h"

namespace opsis::inline v1::io {
namespace {

template <class T>
double mat_element(const std::vector<uint8_t>& bytes, size_t i) {
  T value;
  if (i >= bytes.size() / sizeof(T))
    raise<DecodeError>("MatArray: it has {} numbers, no number {}", bytes.size() / sizeof(T), i);
  std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
  return static_cast<double>(value);
}

}  // namespace

size_t MatArray::size() const {
  size_t out = 1;
  for (const auto side : shape) out *= static_cast<size_t>(side);
  return out;
}

double MatArray::number(size_t i) const {
  if (kind != MatKind::Numbers) raise<DecodeError>("MatArray: it holds no numbers");
  switch (type) {
    case MatType::Int8: return mat_element<int8_t>(bytes, i);
    case MatType::UInt8: return mat_element<uint8_t>(bytes, i);
    case MatType::Int16: return mat_element<int16_t>(bytes, i);
    case MatType::UInt16: return mat_element<uint16_t>(bytes, i);
    case MatType::Int32: return mat_element<int32_t>(bytes, i);
    case MatType::UInt32: return mat_element<uint32_t>(bytes, i);
    case MatType::Int64: return mat_element<int64_t>(bytes, i);
    case MatType::UInt64: return mat_element<uint64_t>(bytes, i);
    case MatType::Float32: return mat_element<float>(bytes, i);
    case MatType::Float64: break;
  }
  return mat_element<double>(bytes, i);
}

int64_t MatArray::integer(size_t i) const {
  const auto value = number(i);
  constexpr double end = 9223372036854775808.0;  // 2^63
  if (!(value >= -end && value < end)) raise<DecodeError>("MatArray: number {} is {}, which fits no int64", i, value);
  return static_cast<int64_t>(value);
}

const MatArray& MatArray::cell(size_t i) const {
  if (kind != MatKind::Cells || i >= items.size()) raise<DecodeError>("MatArray: it has no cell {}", i);
  return items[i];
}

const MatArray& MatArray::field(size_t i, std::string_view name) const {
  const auto found = std::find(fields.begin(), fields.end(), name);
  const auto place = i * fields.size() + static_cast<size_t>(found - fields.begin());
  if (kind != MatKind::Structs || found == fields.end() || place >= items.size()) {
    raise<DecodeError>("MatArray: it has no field \"{}\" of element {}", name, i);
  }
  return items[place];
}

}  // namespace opsis::inline v1::io
