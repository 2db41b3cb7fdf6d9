#include "opsis/io/mat.h"

#include <matio.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "opsis/core/check.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::io {
namespace {

constexpr int kDeepest = 32;  // arrays within arrays

struct FreeMat {
  void operator()(mat_t* file) const { Mat_Close(file); }
  void operator()(matvar_t* variable) const { Mat_VarFree(variable); }
};

std::optional<MatType> mat_type(matio_types type) {
  switch (type) {
    case MAT_T_INT8: return MatType::Int8;
    case MAT_T_UINT8: return MatType::UInt8;
    case MAT_T_INT16: return MatType::Int16;
    case MAT_T_UINT16: return MatType::UInt16;
    case MAT_T_INT32: return MatType::Int32;
    case MAT_T_UINT32: return MatType::UInt32;
    case MAT_T_INT64: return MatType::Int64;
    case MAT_T_UINT64: return MatType::UInt64;
    case MAT_T_SINGLE: return MatType::Float32;
    case MAT_T_DOUBLE: return MatType::Float64;
    default: return std::nullopt;
  }
}

// One character that may be of 16 bits, as UTF-8.
void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

class MatReader {
 public:
  MatReader(const std::filesystem::path& path, const Limits& limits) : path_(path), limits_(limits) {}

  [[noreturn]] void refuse(std::string_view why) const { raise<DecodeError>("read_mat: {}: {}", path_.string(), why); }

  MatArray array(matvar_t* variable, int depth = 0) {
    MatArray out;
    if (depth > kDeepest) refuse(text("it nests arrays deeper than {}", kDeepest));
    if (!variable) {  // what a struct has nothing in
      out.shape = {0, 0};
      return out;
    }
    int64_t count = 1;
    for (int i = 0; i < variable->rank; ++i) {
      const auto side = static_cast<int64_t>(variable->dims[i]);
      if (side < 0 || __builtin_mul_overflow(count, std::max<int64_t>(side, 1), &count)) refuse("an array's sides overflow");
      out.shape.push_back(side);
    }
    if (count > limits_.image_bytes - used_) refuse(text("it is over limits.image_bytes ({})", limits_.image_bytes));
    used_ += count;
    const auto elements = out.size();
    switch (variable->class_type) {
      case MAT_C_CELL: cells(out, variable, elements, depth); break;
      case MAT_C_STRUCT: structs(out, variable, elements, depth); break;
      case MAT_C_CHAR: characters(out, variable, elements); break;
      case MAT_C_SPARSE: sparse(out, variable); break;
      default: numbers(out, variable, elements);
    }
    return out;
  }

 private:
  void numbers(MatArray& out, const matvar_t* variable, size_t elements) {
    const auto type = mat_type(variable->data_type);
    if (!type || variable->isComplex) refuse("an array of another type than real numbers");
    out.type = *type;
    const auto size = elements * static_cast<size_t>(variable->data_size);
    if (size > 0 && (!variable->data || variable->nbytes < size)) refuse("an array's numbers are cut short");
    const auto* data = static_cast<const uint8_t*>(variable->data);
    out.bytes.assign(data, data + size);
  }

  void characters(MatArray& out, const matvar_t* variable, size_t elements) {
    out.kind = MatKind::Text;
    const auto* data = static_cast<const uint8_t*>(variable->data);
    if (variable->data_type == MAT_T_UTF8) {  // characters may be longer than a byte
      if (data) out.text.assign(data, data + variable->nbytes);
      return;
    }
    const auto width = static_cast<size_t>(variable->data_size);
    if (elements > 0 && (!data || (width != 1 && width != 2) || variable->nbytes < elements * width))
      refuse("a text is cut short");
    for (size_t i = 0; i < elements; ++i) {
      append_utf8(out.text, width == 1 ? data[i] : static_cast<uint32_t>(data[2 * i] | data[2 * i + 1] << 8));
    }
  }

  void cells(MatArray& out, const matvar_t* variable, size_t elements, int depth) {
    out.kind = MatKind::Cells;
    if (elements > 0 && variable->nbytes < elements * sizeof(matvar_t*)) refuse("an array's cells are cut short");
    for (size_t i = 0; i < elements; ++i) out.items.push_back(array(static_cast<matvar_t**>(variable->data)[i], depth + 1));
  }

  void structs(MatArray& out, matvar_t* variable, size_t elements, int depth) {
    out.kind = MatKind::Structs;
    const auto count = Mat_VarGetNumberOfFields(variable);
    char* const* names = Mat_VarGetStructFieldnames(variable);
    for (unsigned i = 0; i < count; ++i) out.fields.emplace_back(names[i] ? names[i] : "");
    if (elements * count > 0 && variable->nbytes < elements * count * sizeof(matvar_t*)) refuse("a struct is cut short");
    for (size_t i = 0; i < elements * count; ++i) {
      out.items.push_back(array(static_cast<matvar_t**>(variable->data)[i], depth + 1));
    }
  }

  void sparse(MatArray& out, const matvar_t* variable) {
    const auto type = mat_type(variable->data_type);
    const auto* data = static_cast<const mat_sparse_t*>(variable->data);
    if (!type || variable->isComplex || !data || out.shape.size() != 2)
      refuse("a sparse array of another type than real numbers");
    out.type = *type;
    const auto width = Mat_SizeOf(variable->data_type);
    const auto rows = static_cast<size_t>(out.shape[0]), columns = static_cast<size_t>(out.shape[1]);
    if (static_cast<int64_t>(rows * columns * width) > limits_.image_bytes) refuse("a sparse array is over limits.image_bytes");
    out.bytes.resize(rows * columns * width);
    if (data->njc < columns + 1) refuse("a sparse array is cut short");
    for (size_t column = 0; column < columns; ++column) {
      for (auto i = data->jc[column]; i < data->jc[column + 1]; ++i) {
        if (i >= data->nir || i >= data->ndata || data->ir[i] >= rows) refuse("a sparse array has an element outside of it");
        std::memcpy(out.bytes.data() + (column * rows + data->ir[i]) * width,
                    static_cast<const uint8_t*>(data->data) + i * width, width);
      }
    }
  }

  const std::filesystem::path& path_;
  const Limits& limits_;
  int64_t used_ = 0;
};

// matio leaves what it could not read as it was, so a file that was cut short is found here: each element of version 5 says how
// long it is.
void check_elements(const MatReader& reader, Bytes file) {
  constexpr size_t head = 128, tag = 8;
  if (file.size() < head) reader.refuse("its head is cut short");
  const bool little = file[126] == 'I';
  for (size_t at = head; at < file.size();) {
    if (file.size() - at < tag) reader.refuse("it is cut short");
    size_t length = 0;
    for (size_t i = 0; i < 4; ++i) length = length << 8 | file[at + 4 + (little ? 3 - i : i)];
    at += tag;
    if (length > file.size() - at) reader.refuse(text("it is cut short at byte {}", file.size()));
    at += length;
  }
}

}  // namespace

MatArray read_mat(const std::filesystem::path& path, const std::string& name, const Limits& limits) {
  MatReader reader(path, limits);
  {
    const MappedFile mapped(path);
    if (has_magic(mapped.bytes(), 0, "MATLAB 7.3")) reader.refuse("it is of version 7.3, which is HDF5; 4 and 5 are read");
    if (has_magic(mapped.bytes(), 0, "MATLAB 5")) check_elements(reader, mapped.bytes());
  }
  const std::unique_ptr<mat_t, FreeMat> file(Mat_Open(path.c_str(), MAT_ACC_RDONLY));
  if (!file) reader.refuse("it is no MATLAB file of version 4 or 5");
  const std::unique_ptr<matvar_t, FreeMat> variable(Mat_VarRead(file.get(), name.c_str()));
  if (!variable) reader.refuse(text("it has no array \"{}\", or that is damaged", name));
  return reader.array(variable.get());
}

}  // namespace opsis::inline v1::io
