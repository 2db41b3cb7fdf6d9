// docs/formats/hdf5.md has the layout.
#include "opsis/io/hdf5.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/telling_where.h"
#include "opsis/io/hdf5_object.h"
#include "opsis/io/hdf5_parts.h"

namespace opsis::inline v1::io {
namespace {

using detail::bad_hdf5;
using detail::bytes_of;
using detail::Hdf5Type;
using detail::kDeflate;
using detail::kFletcher32;
using detail::kShuffle;

constexpr uint64_t kNowhere = ~uint64_t{0};
constexpr size_t kMostSides = 32;

enum Hdf5Message : uint16_t {
  kDataspace = 0x01,
  kDatatype = 0x03,
  kLink = 0x06,
  kLayout = 0x08,
  kFilters = 0x0B,
  kAttribute = 0x0C,
  kContinuation = 0x10,
  kSymbolTable = 0x11,
};

// Some bytes of the file, read from front to back.
class Hdf5Cursor {
 public:
  explicit Hdf5Cursor(Bytes rest) : rest_(rest) {}
  size_t left() const { return rest_.size(); }

  Bytes take(uint64_t count) {
    if (count > rest_.size()) bad_hdf5("it is cut short");
    const auto out = rest_.first(count);
    rest_ = rest_.subspan(count);
    return out;
  }
  void skip(uint64_t count) { take(count); }
  // A number of up to eight bytes.
  uint64_t number(size_t bytes) {
    uint64_t out = 0;
    const auto raw = take(bytes);
    for (size_t i = bytes; i-- > 0;) out = out << 8 | raw[i];
    return out;
  }
  void expect(std::string_view signature) {
    if (as_text(take(signature.size())) != signature) bad_hdf5(text("it has no {} where it should", signature));
  }

 private:
  Bytes rest_;
};

}  // namespace

// The nodes that a file is made of, as far as they concern groups.
class Hdf5Nodes {
 public:
  explicit Hdf5Nodes(Bytes file) : file_(file) {}

  // Where the root group's header is. The superblock stands at the beginning, or at 512, 1024, 2048, ... bytes.
  uint64_t superblock() {
    constexpr std::string_view signature("\x89HDF\r\n\x1a\n", 8);
    uint64_t begin = 0;
    while (!has_magic(file_, begin, signature)) {
      begin = begin == 0 ? 512 : begin * 2;
      if (begin >= file_.size()) bad_hdf5("it is no HDF5 file");
    }
    auto head = at(begin + signature.size());
    const auto version = head.number(1);
    if (version > 3) bad_hdf5(text("its superblock is of version {}, and 0 to 3 are known", version));
    if (version < 2) head.skip(4);
    const auto offsets = head.number(1), lengths = head.number(1);
    if (offsets != 8 || lengths != 8) bad_hdf5("its addresses and lengths do not have 8 bytes");
    head.skip(version == 0 ? 9 : version == 1 ? 13 : 1);
    const auto base = head.number(8);
    head.skip(version < 2 ? 8 * 3 + 8 : 8 * 2);
    const auto root = head.number(8);
    if (base > file_.size()) bad_hdf5("its base lies outside of it");
    file_ = file_.subspan(base);
    return root;
  }
  // From the base on, once the superblock was read.
  Bytes file() const { return file_; }

  // use(type, content) for each message of an object's header.
  template <class Use>
  void each_message(uint64_t address, const Use& use) {
    auto head = node_at(address);
    const bool second = has_magic(file_, address, "OHDR");
    std::vector<Bytes> blocks;
    size_t order_bytes = 0;
    if (second) {
      head.skip(5);
      const auto flags = head.number(1);
      head.skip((flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0));
      order_bytes = flags & 0x04 ? 2 : 0;
      blocks.push_back(head.take(head.number(size_t{1} << (flags & 3))));
    } else {
      if (head.number(1) != 1) bad_hdf5("an object's header is of an unknown version");
      head.skip(7);
      const auto size = head.number(4);
      head.skip(4);
      blocks.push_back(head.take(size));
    }
    const size_t message_head = second ? 4 + order_bytes : 8;
    for (size_t i = 0; i < blocks.size(); ++i) {
      Hdf5Cursor block(blocks[i]);
      while (block.left() >= message_head) {
        const auto type = static_cast<uint16_t>(block.number(second ? 1 : 2));
        const auto size = block.number(2), flags = block.number(1);
        block.skip(second ? order_bytes : 3);
        const auto content = block.take(size);
        if (type == kContinuation) {
          Hdf5Cursor where(content);
          const auto place = where.number(8), length = where.number(8);
          auto next = node_at(place);
          if (second) next.expect("OCHK");
          if (length < 8) bad_hdf5("a part of an object's header is too short");
          blocks.push_back(next.take(second ? length - 8 : length));  // without signature and checksum
          continue;
        }
        constexpr uint64_t shared = 2;
        if ((flags & shared) && (type == kDataspace || type == kDatatype || type == kFilters)) {
          bad_hdf5("an array shares its type with others, which is not read here");
        }
        use(type, content);
      }
    }
  }

  // use(name, address of the header) for each object of a group.
  template <class Use>
  void each_link(uint64_t group, const Use& use) {
    each_message(group, [&](uint16_t type, Bytes content) {
      Hdf5Cursor message(content);
      if (type == kLink) {
        if (message.number(1) != 1) return;
        const auto flags = message.number(1);
        const auto kind = flags & 0x08 ? message.number(1) : 0;
        message.skip((flags & 0x04 ? 8 : 0) + (flags & 0x10 ? 1 : 0));
        const auto label = as_text(message.take(message.number(size_t{1} << (flags & 3))));
        if (kind == 0) use(label, message.number(8));
      } else if (type == kSymbolTable) {
        const auto tree = message.number(8), heap = message.number(8);
        auto head = at(heap);
        head.expect("HEAP");
        head.skip(4);
        const auto size = head.number(8);
        head.skip(8);
        const auto names = at(head.number(8)).take(size);
        symbols(tree, std::nullopt, as_text(names), use);
      }
    });
  }
  std::optional<uint64_t> object_named(uint64_t group, std::string_view name) {
    std::optional<uint64_t> out;
    each_link(group, [&](std::string_view label, uint64_t address) {
      if (label == name) out = address;
    });
    return out;
  }

 protected:
  Hdf5Cursor at(uint64_t address) const {
    if (address > file_.size()) bad_hdf5("an address lies outside of it");
    return Hdf5Cursor(file_.subspan(address));
  }

  // Each node is come to once, so that no loop leads on for ever.
  Hdf5Cursor node_at(uint64_t address) {
    if (!visited_.insert(address).second) bad_hdf5("two ways lead to one place");
    return at(address);
  }

  // The head of a node of a tree: its level and how many children it has.
  static std::pair<uint64_t, uint64_t> tree_head(Hdf5Cursor& node, uint64_t kind, std::optional<uint64_t> level) {
    node.expect("TREE");
    if (node.number(1) != kind) bad_hdf5("a tree is of another kind");
    const auto own = node.number(1), children = node.number(2);
    if (level && own != *level) bad_hdf5("a tree's levels are not sound");
    node.skip(16);
    return {own, children};
  }

  template <class Use>
  void symbols(uint64_t address, std::optional<uint64_t> expected, std::string_view names, const Use& use) {
    auto node = node_at(address);
    const auto [level, children] = tree_head(node, 0, expected);
    for (uint64_t i = 0; i < children; ++i) {
      node.skip(8);
      const auto child = node.number(8);
      if (level > 0) {
        symbols(child, level - 1, names, use);
        continue;
      }
      auto table = node_at(child);
      table.expect("SNOD");
      table.skip(2);
      for (auto count = table.number(2); count > 0; --count) {
        const auto label = table.number(8), header = table.number(8), kind = table.number(4);
        table.skip(20);
        if (label > names.size()) bad_hdf5("a name lies outside of its heap");
        const auto rest = names.substr(label);
        constexpr uint64_t soft_link = 2;
        if (kind != soft_link) use(rest.substr(0, rest.find('\0')), header);
      }
    }
  }

  Bytes file_;
  std::set<uint64_t> visited_;
};

// Fills in what is known of an array.
class Hdf5Reader : public Hdf5Nodes {
 public:
  explicit Hdf5Reader(Hdf5Array& out) : Hdf5Nodes(out.file_), out_(out) {}

  void run(const std::string& name) {
    const auto root = superblock();
    const auto object = object_named(root, name);
    if (!object) bad_hdf5(text("it has no array \"{}\"", name));
    if (read(*object, text("\"{}\"", name)) != Hdf5Type::WholeNumbers) bad_hdf5("an array has no whole numbers");
  }

  Hdf5Type read(uint64_t object, const std::string& name) {
    bool has_shape = false, has_type = false;
    std::optional<Bytes> layout;
    each_message(object, [&](uint16_t type, Bytes content) {
      if (type == kDataspace) has_shape = true, dataspace(content);
      if (type == kDatatype) has_type = true, datatype(content);
      if (type == kFilters) filters(content);
      if (type == kLayout) layout = content;
    });
    if (!has_shape || !has_type || !layout) bad_hdf5(text("{} is no array of numbers", name));
    this->layout(*layout);
    out_.file_ = file_;
    return type_;
  }

 private:
  void dataspace(Bytes content) {
    Hdf5Cursor message(content);
    const auto version = message.number(1), sides = message.number(1);
    if (version != 1 && version != 2) bad_hdf5("an array's shape is of an unknown version");
    message.skip(version == 1 ? 6 : 2);
    if (sides == 0 || sides > kMostSides) bad_hdf5(text("an array must have 1 to {} sides, got {}", kMostSides, sides));
    out_.shape_.clear();
    for (uint64_t i = 0; i < sides; ++i) {
      out_.shape_.push_back(static_cast<int64_t>(message.number(8)));
      if (out_.shape_.back() < 0) bad_hdf5("a side of an array is too long");
    }
  }

  void datatype(Bytes content) {
    Hdf5Cursor message(content);
    const auto kind = message.number(1) & 0x0F, flags = message.number(3), width = message.number(4);
    constexpr uint64_t whole_number = 0, floating = 1, reference = 7;
    const bool is_float = kind == floating && (width == 4 || width == 8);
    const bool is_object = kind == reference && width == 8 && (flags & 0x0F) == 0;
    if (!is_float && !is_object && (kind != whole_number || width == 0 || width > 8 || (width & (width - 1)) != 0)) {
      bad_hdf5("an array has no whole numbers");
    }
    type_ = is_float ? Hdf5Type::Floats : is_object ? Hdf5Type::References : Hdf5Type::WholeNumbers;
    out_.width_ = width;
    out_.big_endian_ = !is_object && (flags & 0x01);
    out_.signed_ = type_ == Hdf5Type::WholeNumbers && (flags & 0x08);
    if (is_object) return;
    const auto first_bit = message.number(2), bits = message.number(2);
    if (first_bit != 0 || bits != width * 8) bad_hdf5("an array's numbers do not fill their bytes");
    // Where exponent and mantissa begin and how long they are, and the exponent's bias: IEEE 754's alone.
    if (is_float &&
        (message.number(4) != (width == 4 ? 0x17000817u : 0x34000B34u) || message.number(4) != (width == 4 ? 127 : 1023))) {
      bad_hdf5("an array's numbers are not IEEE 754's");
    }
  }

  void filters(Bytes content) {
    Hdf5Cursor message(content);
    const auto version = message.number(1);
    if (version != 1 && version != 2) bad_hdf5("an array's filters are of an unknown version");
    out_.filters_.clear();
    auto count = message.number(1);
    if (version == 1) message.skip(6);
    for (; count > 0; --count) {
      const auto filter = message.number(2);
      if (filter != kDeflate && filter != kShuffle && filter != kFletcher32) {
        bad_hdf5(text("an array is stored by filter {}, which is not read here", filter));
      }
      const auto name = version == 1 ? message.number(2) : 0;
      message.skip(2);
      const auto values = message.number(2);
      message.skip(name + values * 4 + (version == 1 && values % 2 == 1 ? 4 : 0));
      out_.filters_.push_back(static_cast<uint16_t>(filter));
    }
  }

  void layout(Bytes content) {
    Hdf5Cursor message(content);
    const auto version = message.number(1), kind = message.number(1);
    enum : uint64_t { kCompact = 0, kContiguous = 1, kChunked = 2 };
    if ((version != 3 && version != 4) || kind > kChunked || (version == 4 && kind == kChunked)) {
      bad_hdf5(text(
          "an array is laid out in a way that is not read here (version {}, kind {}); h5repack --high=0 writes one that is",
          version, kind));
    }
    const auto size = bytes_of(out_.shape_, static_cast<int64_t>(out_.width_));
    if (!size) bad_hdf5("an array's shape is too large");
    const auto row = out_.shape_[0] == 0 ? 0 : *size / out_.shape_[0];
    if (row > out_.limits_.image_bytes)
      bad_hdf5(text("a row of {} bytes is over the limit of {}", row, out_.limits_.image_bytes));
    if (kind == kCompact) {
      out_.whole_ = message.take(message.number(2));
    } else if (kind == kContiguous) {
      const auto place = message.number(8), length = message.number(8);
      if (*size > 0 && place == kNowhere) bad_hdf5("an array was never written");
      out_.whole_ = *size == 0 ? Bytes() : at(place).take(length);
    } else {
      return chunked(message, *size);
    }
    if (static_cast<int64_t>(out_.whole_.size()) < *size) bad_hdf5("an array is shorter than its shape says");
  }

  void chunked(Hdf5Cursor message, int64_t size) {
    const auto sides = message.number(1), tree = message.number(8);
    if (sides != out_.shape_.size() + 1) bad_hdf5("an array and its chunks have not as many sides");
    for (size_t i = 0; i < out_.shape_.size(); ++i) {
      out_.chunk_shape_.push_back(static_cast<int64_t>(message.number(4)));
      if (out_.chunk_shape_.back() == 0) bad_hdf5("the shape of an array's chunks is not sound");
    }
    const auto bytes = bytes_of(out_.chunk_shape_, static_cast<int64_t>(out_.width_));
    if (!bytes || *bytes > out_.limits_.image_bytes) bad_hdf5("the chunks of an array are over the limit");
    if (tree != kNowhere) chunks(tree, std::nullopt);
    std::sort(out_.chunks_.begin(), out_.chunks_.end(), [](const auto& a, const auto& b) { return a.corner < b.corner; });
    // So that a short file cannot ask for much memory.
    if (size / *bytes > static_cast<int64_t>(out_.chunks_.size())) bad_hdf5("parts of an array were never written");
  }

  void chunks(uint64_t address, std::optional<uint64_t> expected) {
    auto node = node_at(address);
    const auto [level, children] = tree_head(node, 1, expected);
    for (uint64_t i = 0; i < children; ++i) {
      Hdf5Array::Chunk chunk{.corner = {}, .place = 0, .size = 0, .skipped_filters = 0};
      chunk.size = static_cast<uint32_t>(node.number(4));
      chunk.skipped_filters = static_cast<uint32_t>(node.number(4));
      for (size_t k = 0; k < out_.shape_.size(); ++k) {
        chunk.corner.push_back(static_cast<int64_t>(node.number(8)));
        // Of nodes above the lowest they are not needed.
        if (level == 0 &&
            (chunk.corner[k] < 0 || chunk.corner[k] >= out_.shape_[k] || chunk.corner[k] % out_.chunk_shape_[k] != 0)) {
          bad_hdf5("the place of a chunk is not sound");
        }
      }
      node.skip(8);
      chunk.place = node.number(8);
      if (level > 0) {
        chunks(chunk.place, level - 1);
      } else {
        at(chunk.place).skip(chunk.size);  // it is there
        out_.chunks_.push_back(std::move(chunk));
      }
    }
  }

  Hdf5Array& out_;
  Hdf5Type type_ = Hdf5Type::WholeNumbers;
};

Hdf5Array::Hdf5Array(const std::filesystem::path& path, const std::string& name, const Limits& limits)
    : mapped_(std::make_shared<const MappedFile>(path)),
      where_("Hdf5Array: " + path.string()),
      file_(mapped_->bytes()),
      limits_(limits) {
  telling_where(where_, [&] { Hdf5Reader(*this).run(name); });
}

Hdf5Array::Hdf5Array(Bytes file, const std::string& name, const Limits& limits) : file_(file), limits_(limits) {
  telling_where(where_, [&] { Hdf5Reader(*this).run(name); });
}

namespace detail {
namespace {

// Type and content of an attribute; a message of 0x0C.
struct Hdf5Attribute {
  Hdf5Cursor type, content;
};

std::optional<Hdf5Attribute> attribute_named(Bytes message, std::string_view name) {
  Hdf5Cursor cursor(message);
  const auto version = cursor.number(1);
  if (version < 1 || version > 3) return std::nullopt;
  cursor.skip(1);
  const auto name_size = cursor.number(2), type_size = cursor.number(2), space_size = cursor.number(2);
  if (version == 3) cursor.skip(1);
  const auto part = [&](uint64_t size) { return cursor.take(version == 1 ? (size + 7) / 8 * 8 : size); };
  const auto label = as_text(part(name_size));
  const auto type = part(type_size);
  part(space_size);
  if (label.substr(0, label.find('\0')) != name) return std::nullopt;
  return Hdf5Attribute{Hdf5Cursor(type), cursor};
}

std::optional<Hdf5Attribute> find_attribute(Bytes file, uint64_t object, std::string_view name) {
  std::optional<Hdf5Attribute> out;
  Hdf5Nodes(file).each_message(object, [&](uint16_t type, Bytes content) {
    if (type != kAttribute) return;
    if (auto found = attribute_named(content, name)) out = found;
  });
  return out;
}

}  // namespace

Hdf5Object::Hdf5Object(Bytes file, const Limits& limits) : limits_(limits) {
  Hdf5Nodes nodes(file);
  address_ = nodes.superblock();
  file_ = nodes.file();
}

std::optional<Hdf5Object> Hdf5Object::find(const std::string& name) const {
  const auto address = Hdf5Nodes(file_).object_named(address_, name);
  return address ? std::optional(at(*address)) : std::nullopt;
}

std::vector<std::pair<std::string, Hdf5Object>> Hdf5Object::children() const {
  std::vector<std::pair<std::string, Hdf5Object>> out;
  Hdf5Nodes(file_).each_link(address_, [&](std::string_view name, uint64_t address) { out.emplace_back(name, at(address)); });
  return out;
}

bool Hdf5Object::is_array() const {
  bool out = false;
  Hdf5Nodes(file_).each_message(address_, [&](uint16_t type, Bytes) { out = out || type == kLayout; });
  return out;
}

std::optional<std::string> Hdf5Object::text(const std::string& attribute) const {
  auto found = find_attribute(file_, address_, attribute);
  constexpr uint64_t fixed_text = 3;
  if (!found || (found->type.number(1) & 0x0F) != fixed_text) return std::nullopt;
  found->type.skip(3);
  const auto letters = as_text(found->content.take(found->type.number(4)));
  return std::string(letters.substr(0, letters.find('\0')));
}

std::optional<int64_t> Hdf5Object::integer(const std::string& attribute) const {
  auto found = find_attribute(file_, address_, attribute);
  constexpr uint64_t whole_number = 0, big_endian = 1;
  if (!found || (found->type.number(1) & 0x0F) != whole_number || (found->type.number(3) & big_endian)) return std::nullopt;
  const auto width = found->type.number(4);
  return width <= 8 ? std::optional(static_cast<int64_t>(found->content.number(width))) : std::nullopt;
}

std::pair<Hdf5Array, Hdf5Type> Hdf5Object::array() const {
  Hdf5Array out;
  out.file_ = file_;
  out.limits_ = limits_;
  out.where_ = "an array";
  const auto type = Hdf5Reader(out).read(address_, "what is looked for");
  return {std::move(out), type};
}

}  // namespace detail
}  // namespace opsis::inline v1::io
