// MATLAB's files of version 7.3, which are HDF5. docs/formats/mat.md says what is where in them.
#include <cstring>
#include <optional>
#include <utility>

#include "opsis/io/hdf5_object.h"
#include "opsis/io/mat_parts.h"

namespace opsis::inline v1::io::detail {
namespace {

struct MatClass {
  std::string_view name;
  MatType type;
  Hdf5Type stored;
  size_t width;
  bool is_signed;
};
constexpr MatClass kMatClasses[] = {{"double", MatType::Float64, Hdf5Type::Floats, 8, false},
                                    {"single", MatType::Float32, Hdf5Type::Floats, 4, false},
                                    {"int8", MatType::Int8, Hdf5Type::WholeNumbers, 1, true},
                                    {"uint8", MatType::UInt8, Hdf5Type::WholeNumbers, 1, false},
                                    {"int16", MatType::Int16, Hdf5Type::WholeNumbers, 2, true},
                                    {"uint16", MatType::UInt16, Hdf5Type::WholeNumbers, 2, false},
                                    {"int32", MatType::Int32, Hdf5Type::WholeNumbers, 4, true},
                                    {"uint32", MatType::UInt32, Hdf5Type::WholeNumbers, 4, false},
                                    {"int64", MatType::Int64, Hdf5Type::WholeNumbers, 8, true},
                                    {"uint64", MatType::UInt64, Hdf5Type::WholeNumbers, 8, false},
                                    {"logical", MatType::UInt8, Hdf5Type::WholeNumbers, 1, false},
                                    {"char", MatType::UInt16, Hdf5Type::WholeNumbers, 2, false},
                                    {"cell", MatType::UInt64, Hdf5Type::References, 8, false}};

class MatHdf5Reader {
 public:
  explicit MatHdf5Reader(const Limits& limits) : budget_(limits) {}

  MatArray array(const Hdf5Object& object, int depth = 0) {
    if (depth > kDeepestArray) bad_mat(text("it nests arrays deeper than {}", kDeepestArray));
    budget_.charge(kArrayBytes);
    const auto name = object.text("MATLAB_class");
    if (!object.is_array()) {
      if (name != "struct" || object.integer("MATLAB_sparse"))
        bad_mat("a group that is no struct: sparse arrays and objects are not read");
      return structs(object, depth);
    }
    const auto pair = object.array();
    const auto& stored = pair.first;
    const auto type = pair.second;
    const auto fits = [&](const MatClass& known) {
      return name ? known.name == *name
                  : known.stored == type && known.width == stored.width() && known.is_signed == stored.is_signed();
    };
    const auto* known = std::find_if(std::begin(kMatClasses), std::end(kMatClasses), fits);
    const bool is_empty = object.integer("MATLAB_empty").value_or(0) != 0;
    if (known == std::end(kMatClasses) && !(is_empty && name == "struct"))
      bad_mat("an array of another type than real numbers, text and cells");

    MatArray out;
    if (is_empty) {  // the sides stand in its place
      for (const auto side : numbers(stored)) out.shape.push_back(side);
      checked_count(out.shape);
      if (out.size() > 0) bad_mat("an array that is said to be empty has elements");
    } else {
      out.shape.assign(stored.shape().rbegin(), stored.shape().rend());  // HDF5 counts the sides from the other end
    }
    if (out.shape.size() < 2) out.shape.resize(2, 1);
    if (name == "struct") {
      out.kind = MatKind::Structs;
      return out;
    }
    out.type = known->type;
    if (name == "cell") out.kind = MatKind::Cells;
    if (name == "char") out.kind = MatKind::Text;
    if (is_empty) return out;
    if (type != known->stored || stored.width() != known->width || stored.is_signed() != known->is_signed) {
      bad_mat(text("an array of class {} is stored as another type", known->name));
    }
    auto bytes = content(stored);
    if (out.kind == MatKind::Numbers && type != Hdf5Type::References) {
      out.bytes = std::move(bytes);
    } else if (out.kind == MatKind::Text) {
      for (size_t i = 0; i < bytes.size(); i += 2) append_utf8(out.text, static_cast<uint32_t>(bytes[i] | bytes[i + 1] << 8));
    } else {
      out.kind = MatKind::Cells;
      for (const auto reference : references(bytes)) out.items.push_back(array(object.at(reference), depth + 1));
    }
    return out;
  }

 private:
  std::vector<uint8_t> content(const Hdf5Array& stored) {
    const auto rows = stored.shape().front();
    int64_t size = static_cast<int64_t>(stored.width());
    if (__builtin_mul_overflow(checked_count(stored.shape()), size, &size)) bad_mat("an array's sides are not sound");
    budget_.charge(size);
    return stored.rows(0, rows);
  }
  std::vector<int64_t> numbers(const Hdf5Array& stored) {
    content(stored);
    return stored.integers(0, stored.shape().front());
  }
  static std::vector<uint64_t> references(const std::vector<uint8_t>& bytes) {
    std::vector<uint64_t> out(bytes.size() / 8);
    if (!out.empty()) std::memcpy(out.data(), bytes.data(), out.size() * 8);
    return out;
  }

  // A group has a field a child: of a single struct it is the field, of several an array of references, without a class.
  MatArray structs(const Hdf5Object& group, int depth) {
    MatArray out;
    out.kind = MatKind::Structs;
    out.shape = {1, 1};
    std::vector<std::vector<uint64_t>> of_fields;
    const auto children = group.children();
    for (const auto& [name, child] : children) {
      budget_.charge(kArrayBytes);
      out.fields.push_back(name);
      if (!child.is_array() || child.text("MATLAB_class")) continue;
      const auto [stored, type] = child.array();
      if (type != Hdf5Type::References) continue;
      out.shape.assign(stored.shape().rbegin(), stored.shape().rend());
      if (out.shape.size() < 2) out.shape.resize(2, 1);
      of_fields.push_back(references(content(stored)));
    }
    if (of_fields.empty()) {
      for (const auto& [name, child] : children) out.items.push_back(array(child, depth + 1));
      return out;
    }
    for (const auto& references : of_fields) {
      if (of_fields.size() != out.fields.size() || references.size() != out.size())
        bad_mat("the fields of a struct do not agree");
    }
    for (size_t i = 0, count = out.size(); i < count; ++i) {
      for (const auto& references : of_fields) out.items.push_back(array(group.at(references[i]), depth + 1));
    }
    return out;
  }

  MatBudget budget_;
};

}  // namespace

MatArray parse_mat_hdf5(Bytes file, const std::string& name, const Limits& limits) {
  try {
    const auto found = Hdf5Object(file, limits).find(name);
    if (!found) bad_mat(text("it has no array \"{}\"", name));
    return MatHdf5Reader(limits).array(*found);
  } catch (const DecodeError& error) {
    constexpr std::string_view ours = "read_mat: ";
    const std::string_view why = error.what();
    if (why.starts_with(ours)) throw;
    bad_mat(why);
  }
}

}  // namespace opsis::inline v1::io::detail
