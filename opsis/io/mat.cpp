// MATLAB's files of version 4 and 5; those of 7.3 are mat_hdf5.cpp's. docs/formats/mat.md has the layout.
#include "opsis/io/mat.h"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/telling_where.h"
#include "opsis/io/file.h"
#include "opsis/io/mat_parts.h"

namespace opsis::inline v1::io {
namespace {

using detail::append_utf8;
using detail::bad_mat;
using detail::kDeepestArray;

constexpr size_t kMatHead = 128;

// --- Elements: a type, a length and so many bytes -----------------------------------------------------------------------

enum MatElement : uint32_t { kMatrixElement = 14, kCompressedElement = 15, kUtf8Element = 16, kUtf16Element = 17 };

std::optional<MatType> stored_type(uint32_t element) {
  switch (element) {
    case 1: return MatType::Int8;
    case 2: return MatType::UInt8;
    case 3: return MatType::Int16;
    case 4: return MatType::UInt16;
    case 5: return MatType::Int32;
    case 6: return MatType::UInt32;
    case 7: return MatType::Float32;
    case 9: return MatType::Float64;
    case 12: return MatType::Int64;
    case 13: return MatType::UInt64;
    default: return std::nullopt;
  }
}

// use(T{}) for the type that an element of an array has.
template <class Use>
auto with_mat_type(MatType type, const Use& use) {
  switch (type) {
    case MatType::Int8: return use(int8_t{});
    case MatType::UInt8: return use(uint8_t{});
    case MatType::Int16: return use(int16_t{});
    case MatType::UInt16: return use(uint16_t{});
    case MatType::Int32: return use(int32_t{});
    case MatType::UInt32: return use(uint32_t{});
    case MatType::Int64: return use(int64_t{});
    case MatType::UInt64: return use(uint64_t{});
    case MatType::Float32: return use(float{});
    case MatType::Float64: break;
  }
  return use(double{});
}

// A number at a place that is known to be there. `swapped`: the file has the other order of bytes.
template <class T>
T stored_number(Bytes bytes, size_t i, bool swapped) {
  uint8_t raw[sizeof(T)];
  std::memcpy(raw, bytes.data() + i * sizeof(T), sizeof(T));
  if (swapped) std::reverse(std::begin(raw), std::end(raw));
  return std::bit_cast<T>(raw);
}

class MatElements {
 public:
  struct Element {
    uint32_t type = 0;
    Bytes content{};
  };

  MatElements(Bytes rest, bool swapped) : rest_(rest), swapped_(swapped) {}
  bool empty() const { return rest_.empty(); }

  Element next() {
    constexpr size_t tag = 8;
    if (rest_.size() < tag) bad_mat("it is cut short");
    Element out{.type = stored_number<uint32_t>(rest_, 0, swapped_)};
    size_t length = out.type >> 16, used = tag;
    if (length > 0) {  // up to four bytes stand in the tag itself
      if (length > 4) bad_mat("an element's length is not sound");
      out.type &= 0xFFFF;
      out.content = rest_.subspan(4, length);
    } else {
      length = stored_number<uint32_t>(rest_, 1, swapped_);
      if (length > rest_.size() - tag) bad_mat("it is cut short");
      out.content = rest_.subspan(tag, length);
      used += out.type == kCompressedElement ? length : (length + 7) / 8 * 8;
    }
    rest_ = rest_.subspan(std::min(used, rest_.size()));
    return out;
  }

 private:
  Bytes rest_;
  bool swapped_;
};

// --- Compressed elements ------------------------------------------------------------------------------------------------

class Inflater {
 public:
  explicit Inflater(Bytes compressed) {
    stream_.next_in = const_cast<uint8_t*>(compressed.data());
    stream_.avail_in = static_cast<uInt>(compressed.size());  // of an element, whose length has 32 bits
    if (inflateInit(&stream_) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // All that came out so far: at least `size` bytes, unless there are no more.
  Bytes up_to(size_t size) {
    constexpr size_t step = size_t{1} << 20;
    while (out_.size() < size && !ended_) {
      const auto before = out_.size(), more = std::min(size - before, step);
      out_.resize(before + more);
      stream_.next_out = out_.data() + before;
      stream_.avail_out = static_cast<uInt>(more);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      out_.resize(out_.size() - stream_.avail_out);
      ended_ = result == Z_STREAM_END;
      if (!ended_ && result != Z_OK) bad_mat("a compressed array is damaged");
    }
    return out_;
  }

 private:
  z_stream stream_{};
  std::vector<uint8_t> out_;
  bool ended_ = false;
};

// --- Arrays -------------------------------------------------------------------------------------------------------------

// What comes before an array's content.
struct MatHead {
  uint32_t kind = 0;  // MATLAB's number of the class
  bool complex = false;
  std::vector<int64_t> shape{};
  std::string name{};
};

class MatReader {
 public:
  MatReader(bool swapped, const Limits& limits) : swapped_(swapped), budget_(limits) {}

  // The array of that name among the elements of a file of version 5.
  MatArray find(Bytes elements, const std::string& name) {
    for (MatElements all(elements, swapped_); !all.empty();) all.next();  // none is cut short
    for (MatElements all(elements, swapped_); !all.empty();) {
      const auto element = all.next();
      if (element.type == kMatrixElement && is_named(element.content, name)) return array(element.content);
      if (element.type != kCompressedElement) continue;
      // The name is near the beginning, and all of an array may be long.
      constexpr size_t tag = 8, beginning = 4096;
      Inflater inflater(element.content);
      const auto begun = inflater.up_to(beginning);
      if (begun.size() < tag || stored_number<uint32_t>(begun, 0, swapped_) != kMatrixElement) continue;
      if (!is_named(begun.subspan(tag), name)) continue;
      const size_t size = tag + stored_number<uint32_t>(begun, 1, swapped_);
      budget_.check(static_cast<int64_t>(size));
      const auto whole = inflater.up_to(size + 1);  // one more, to see the end and with it the checksum
      if (whole.size() != size) bad_mat("a compressed array has another length than it says");
      return array(whole.subspan(tag));
    }
    bad_mat(text("it has no array \"{}\"", name));
  }

  // The same of version 4, which has numbers and texts in two dimensions.
  MatArray find_in_version_4(Bytes rest, const std::string& name) {
    while (!rest.empty()) {
      constexpr size_t head = 20;
      if (rest.size() < head) bad_mat("it is cut short");
      const auto word = [&](size_t i) { return uint64_t{stored_number<uint32_t>(rest, i, swapped_)}; };
      constexpr std::pair<MatType, size_t> types[] = {{MatType::Float64, 8}, {MatType::Float32, 4}, {MatType::Int32, 4},
                                                      {MatType::Int16, 2},   {MatType::UInt16, 2},  {MatType::UInt8, 1}};
      const auto precision = word(0) / 10 % 10, matrix = word(0) % 10, name_length = word(4);
      if (word(0) > 9999 || precision >= std::size(types)) bad_mat("it is no MATLAB file of version 4, 5 or 7.3");
      const auto [type, width] = types[precision];
      uint64_t bytes = width * (word(3) != 0 ? 2 : 1);
      if (__builtin_mul_overflow(bytes, word(1), &bytes) || __builtin_mul_overflow(bytes, word(2), &bytes) ||
          name_length > rest.size() - head || bytes > rest.size() - head - name_length) {
        bad_mat("it is cut short");
      }
      const auto found = as_text(rest.subspan(head, name_length));
      if (found.substr(0, found.find('\0')) == name) {
        if (matrix > 1 || word(3) != 0) bad_mat("an array of another type than real numbers and text");
        MatArray out;
        out.shape = {static_cast<int64_t>(word(1)), static_cast<int64_t>(word(2))};
        convert(out, type, type, rest.subspan(head + name_length, bytes));
        if (matrix == 0) return out;
        for (size_t i = 0; i < out.size(); ++i) {
          const auto character = out.number(i);
          if (!(character >= 0 && character <= 0xFFFF)) bad_mat("a text has a number that is no character");
          append_utf8(out.text, static_cast<uint32_t>(character));
        }
        out.kind = MatKind::Text;
        return out;
      }
      rest = rest.subspan(head + name_length + bytes);
    }
    bad_mat(text("it has no array \"{}\"", name));
  }

 private:
  MatHead head_of(MatElements& parts) const {
    MatHead out;
    const auto flags = parts.next(), sides = parts.next(), name = parts.next();
    if (flags.content.size() < 4 || sides.content.size() < 8) bad_mat("an array's head is cut short");
    const auto word = stored_number<uint32_t>(flags.content, 0, swapped_);
    out.kind = word & 0xFF;
    out.complex = (word & 0x800) != 0;
    for (size_t i = 0; i < sides.content.size() / 4; ++i) {
      out.shape.push_back(stored_number<int32_t>(sides.content, i, swapped_));
    }
    out.name = as_text(name.content);
    return out;
  }

  bool is_named(Bytes content, const std::string& name) const {
    if (content.empty()) return false;
    MatElements parts(content, swapped_);
    return head_of(parts).name == name;
  }

  MatArray array(Bytes content, int depth = 0) {
    MatArray out;
    if (depth > kDeepestArray) bad_mat(text("it nests arrays deeper than {}", kDeepestArray));
    budget_.charge(detail::kArrayBytes);
    if (content.empty()) {  // what a struct has nothing in
      out.shape = {0, 0};
      return out;
    }
    MatElements parts(content, swapped_);
    auto head = head_of(parts);
    out.shape = std::move(head.shape);
    budget_.check(detail::checked_count(out.shape));
    if (head.complex) bad_mat("an array of another type than real numbers");
    constexpr MatType types[] = {MatType::Float64, MatType::Float32, MatType::Int8,   MatType::UInt8, MatType::Int16,
                                 MatType::UInt16,  MatType::Int32,   MatType::UInt32, MatType::Int64, MatType::UInt64};
    constexpr uint32_t cell = 1, structure = 2, characters = 4, sparse = 5, numbers = 6;
    switch (head.kind) {
      case cell: read_cells(out, parts, depth); break;
      case structure: read_structs(out, parts, depth); break;
      case characters: read_text(out, parts.next()); break;
      case sparse: read_sparse(out, parts); break;
      default:
        if (head.kind < numbers || head.kind - numbers >= std::size(types))
          bad_mat("an array of another type than real numbers");
        const auto element = parts.next();
        convert(out, types[head.kind - numbers], type_of(element), element.content);
    }
    return out;
  }

  static MatType type_of(const MatElements::Element& element) {
    const auto type = stored_type(element.type);
    if (!type) bad_mat("an element of another type than real numbers");
    return *type;
  }

  // Numbers are often stored in fewer bytes than they have.
  void convert(MatArray& out, MatType type, MatType stored, Bytes content) {
    out.type = type;
    const auto count = out.size();
    with_mat_type(type, [&]<class To>(To) {
      with_mat_type(stored, [&]<class From>(From) {
        if (content.size() / sizeof(From) < count) bad_mat("an array's numbers are cut short");
        if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
          bad_mat("whole numbers are stored as others");
        } else {
          budget_.charge(static_cast<int64_t>(count * sizeof(To)));
          out.bytes.resize(count * sizeof(To));
          if (std::is_same_v<From, To> && !swapped_) {
            std::copy_n(content.begin(), out.bytes.size(), out.bytes.begin());
            return;
          }
          for (size_t i = 0; i < count; ++i) {
            const auto value = static_cast<To>(stored_number<From>(content, i, swapped_));
            std::memcpy(out.bytes.data() + i * sizeof(To), &value, sizeof(To));
          }
        }
      });
    });
  }

  void read_text(MatArray& out, const MatElements::Element& element) {
    out.kind = MatKind::Text;
    if (element.type == kUtf8Element) {  // characters may be longer than a byte
      out.text = as_text(element.content);
      return;
    }
    const size_t width = element.type == 1 || element.type == 2               ? 1
                         : element.type == 4 || element.type == kUtf16Element ? 2
                                                                              : 0;
    const auto count = out.size();
    if (width == 0 || element.content.size() / width < count) bad_mat("a text is cut short");
    for (size_t i = 0; i < count; ++i) {
      append_utf8(out.text, width == 1 ? element.content[i] : stored_number<uint16_t>(element.content, i, swapped_));
    }
  }

  MatArray next_array(MatElements& parts, int depth) {
    const auto element = parts.next();
    if (element.type != kMatrixElement) bad_mat("an array has another thing in it");
    return array(element.content, depth);
  }

  void read_cells(MatArray& out, MatElements& parts, int depth) {
    out.kind = MatKind::Cells;
    for (size_t i = 0, count = out.size(); i < count; ++i) out.items.push_back(next_array(parts, depth + 1));
  }

  void read_structs(MatArray& out, MatElements& parts, int depth) {
    out.kind = MatKind::Structs;
    const auto length = parts.next(), names = parts.next();
    const size_t width = length.content.size() < 4 ? 0 : stored_number<uint32_t>(length.content, 0, swapped_);
    if (width == 0 && !names.content.empty()) bad_mat("the names of a struct's fields are not sound");
    if (width > 0) budget_.charge(static_cast<int64_t>(names.content.size() / width * sizeof(std::string)));
    for (size_t at = 0; width > 0 && at + width <= names.content.size(); at += width) {
      const auto name = as_text(names.content.subspan(at, width));
      out.fields.emplace_back(name.substr(0, name.find('\0')));
    }
    for (size_t i = 0, count = out.size(); i < count; ++i) {
      for (size_t field = 0; field < out.fields.size(); ++field) out.items.push_back(next_array(parts, depth + 1));
    }
  }

  // Rows, then where in them each column begins, then the numbers.
  void read_sparse(MatArray& out, MatElements& parts) {
    const auto rows = parts.next().content, begins = parts.next().content;
    const auto element = parts.next();
    if (out.shape.size() != 2) bad_mat("a sparse array must have two sides");
    const auto type = type_of(element);
    const auto height = static_cast<size_t>(out.shape[0]), width = static_cast<size_t>(out.shape[1]);
    if (begins.size() / 4 < width + 1) bad_mat("a sparse array is cut short");
    out.type = type;
    with_mat_type(type, [&]<class T>(T) {
      budget_.charge(static_cast<int64_t>(height * width * sizeof(T)));
      out.bytes.resize(height * width * sizeof(T));
      for (size_t x = 0; x < width; ++x) {
        const size_t begin = stored_number<uint32_t>(begins, x, swapped_),
                     end = stored_number<uint32_t>(begins, x + 1, swapped_);
        if (begin > end) bad_mat("a sparse array's columns are out of order");  // each element is read once
        for (size_t i = begin; i < end; ++i) {
          if (i >= rows.size() / 4 || i >= element.content.size() / sizeof(T)) bad_mat("a sparse array is cut short");
          const size_t y = stored_number<uint32_t>(rows, i, swapped_);
          if (y >= height) bad_mat("a sparse array has an element outside of it");
          const auto value = stored_number<T>(element.content, i, swapped_);
          std::memcpy(out.bytes.data() + (x * height + y) * sizeof(T), &value, sizeof(T));
        }
      }
    });
  }

  bool swapped_;
  detail::MatBudget budget_;
};

constexpr bool kLittle = std::endian::native == std::endian::little;

}  // namespace

MatArray parse_mat(Bytes file, const std::string& name, const Limits& limits) {
  if (has_magic(file, 0, "MATLAB 7.3")) return detail::parse_mat_hdf5(file, name, limits);
  const auto begin = file.first(std::min<size_t>(file.size(), 4));
  if (begin.size() == 4 && std::find(begin.begin(), begin.end(), 0) != begin.end()) {  // no text begins so
    const bool little = stored_number<uint32_t>(file, 0, !kLittle) <= 9999;
    return MatReader(little != kLittle, limits).find_in_version_4(file, name);
  }
  if (file.size() < kMatHead) bad_mat("its head is cut short");
  const bool little = has_magic(file, kMatHead - 2, "IM");
  if (!little && !has_magic(file, kMatHead - 2, "MI")) bad_mat("it is no MATLAB file of version 4, 5 or 7.3");
  return MatReader(little != kLittle, limits).find(file.subspan(kMatHead), name);
}

MatArray read_mat(const std::filesystem::path& path, const std::string& name, const Limits& limits) {
  const MappedFile mapped(path);
  return telling_where(path, [&] { return parse_mat(mapped.bytes(), name, limits); });
}

}  // namespace opsis::inline v1::io
