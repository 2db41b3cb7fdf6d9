#include "opsis/datasets/npy_header.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "opsis/core/check.h"

namespace opsis::inline v1::datasets {
namespace {

constexpr size_t kMostNpyDimensions = 64;

[[noreturn]] void bad_npy(std::string_view why) { raise<DecodeError>("read_npy: {}", why); }

// The dict of the head, a Python literal: {'descr': '|u1', 'fortran_order': False, 'shape': (20, 10000, 64, 64), }
class NpyDict {
 public:
  explicit NpyDict(std::string_view text) : rest_(text) {}

  void read(NpyHeader& header) {
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!take('}')) {
      const auto key = string();
      expect(':');
      if (key == "descr") {
        header.type = string();
        descr = true;
      } else if (key == "fortran_order") {
        header.fortran_order = boolean();
        order = true;
      } else if (key == "shape") {
        header.shape = tuple();
        shape = true;
      } else {
        bad_npy(text("its head has a key \"{}\"", key));
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    if (!descr || !order || !shape) bad_npy("its head misses descr, fortran_order or shape");
  }

 private:
  void skip() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n')) rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) bad_npy(text("its head misses a \"{}\"", std::string(1, c)));
  }
  std::string string() {
    skip();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const auto end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : rest_.npos;
    if (end == rest_.npos) bad_npy("its head has another thing where a string must be; arrays of records are not read");
    std::string out(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return out;
  }
  bool boolean() {
    skip();
    for (const auto* word : {"True", "False"}) {
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(std::string_view(word).size());
      return word[0] == 'T';
    }
    bad_npy("fortran_order is neither True nor False");
  }
  std::vector<int64_t> tuple() {
    std::vector<int64_t> out;
    expect('(');
    while (!take(')')) {
      skip();
      int64_t side = -1;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), side);
      if (error != std::errc() || side < 0 || out.size() == kMostNpyDimensions) bad_npy("its shape is not sound");
      rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
      out.push_back(side);
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return out;
  }

  std::string_view rest_;
};

}  // namespace

NpyHeader read_npy_header(io::Bytes file) {
  constexpr size_t fixed = 8;
  if (file.size() < fixed + 4 || !io::has_magic(file, 0, "\x93NUMPY")) bad_npy("it does not begin as a file of NumPy's");
  const size_t width = file[6] == 1 ? 2 : 4;  // of the length of the dict
  size_t length = 0;
  for (size_t i = width; i-- > 0;) length = length << 8 | file[fixed + i];
  const size_t begin = fixed + width;
  if (file[6] < 1 || file[6] > 3 || length > file.size() - begin) bad_npy("its head is cut short or of an unknown version");

  NpyHeader header;
  NpyDict(io::as_text(file.subspan(begin, length))).read(header);
  header.data_offset = begin + length;
  size_t bytes = 0;
  const auto& type = header.type;
  const auto [end, error] = std::from_chars(type.data() + std::min<size_t>(2, type.size()), type.data() + type.size(), bytes);
  if (type.size() < 3 || error != std::errc() || end != type.data() + type.size() || bytes == 0 || bytes > 64 ||
      std::string_view("|<>=").find(type[0]) == std::string_view::npos ||
      std::string_view("biufc").find(type[1]) == std::string_view::npos) {
    bad_npy(text("elements of the type \"{}\" are not read", type));
  }
  // The product of the sides that are not 0 must not overflow even where another is 0: strides are made of it.
  bool none = false, overflow = false;
  for (const auto side : header.shape) {
    none |= side == 0;
    overflow |= __builtin_mul_overflow(bytes, static_cast<size_t>(side == 0 ? 1 : side), &bytes);
  }
  const size_t there = file.size() - header.data_offset;
  if (overflow || bytes > size_t{1} << 62 || (none ? 0 : bytes) != there) {
    bad_npy(text("its shape does not agree with the {} bytes that follow its head", there));
  }
  return header;
}

}  // namespace opsis::inline v1::datasets
