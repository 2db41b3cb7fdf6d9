#include "opsis/io/jpeg_frame.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string_view>
#include <tuple>

#include "opsis/io/exif.h"

namespace opsis::inline v1::io::jpeg {

namespace {

using namespace std::string_view_literals;

enum Marker : uint8_t {
  baseline = 0xC0,
  extended = 0xC1,
  huffman_codes = 0xC4,
  first_restart = 0xD0,
  last_restart = 0xD7,
  end_of_image = 0xD9,
  start_of_scan = 0xDA,
  quantization_tables = 0xDB,
  define_restarts = 0xDD,
  app0 = 0xE0,
  app1 = 0xE1,
  app14 = 0xEE,
  last_app = 0xEF,
  comment = 0xFE,
};

constexpr int64_t longest_side = 65500;  // that libjpeg takes

int64_t two_bytes(const uint8_t* bytes) { return int64_t{bytes[0]} << 8 | bytes[1]; }

struct Tables {
  std::array<std::optional<std::array<uint16_t, 64>>, 4> quantization;
  bool jfif = false;
  std::optional<uint8_t> adobe_transform;
  bool exif = false;
};

bool read_quantization(Bytes data, Tables& tables) {
  while (!data.empty()) {
    const auto place = data[0];
    if (place > 3 || data.size() < 65) return false;  // of 8 bits; 16 are for deeper pictures
    auto& table = tables.quantization[place].emplace();
    for (size_t k = 0; k < 64; ++k) table[stored_order[k]] = data[1 + k];
    data = data.subspan(65);
  }
  return true;
}

bool read_codes(Bytes data, Frame& frame) {
  while (!data.empty()) {
    const size_t place = data[0] & 15;
    const bool is_ac = data[0] >> 4 == 1;
    if (data[0] >> 4 > 1 || place > 3 || data.size() < 17) return false;
    StoredCode code;
    std::copy_n(data.data() + 1, 16, code.counts.begin());
    const auto count = std::accumulate(code.counts.begin(), code.counts.end(), size_t{0});
    if (count > 256 || count > data.size() - 17) return false;
    code.symbols.assign(data.data() + 17, data.data() + 17 + count);
    // Of 8-bit pictures no number is longer.
    const int longest = is_ac ? 10 : 11;
    if (std::any_of(code.symbols.begin(), code.symbols.end(),
                    [&](int symbol) { return (is_ac ? symbol & 15 : symbol) > longest; }))
      return false;
    (is_ac ? frame.ac : frame.dc)[place] = std::move(code);
    data = data.subspan(17 + count);
  }
  return true;
}

bool read_size(Bytes data, Frame& frame) {
  if (!frame.components.empty() || data.size() < 9 || data[0] != 8) return false;
  frame.size = {two_bytes(data.data() + 1), two_bytes(data.data() + 3)};
  if (std::max(frame.size.height, frame.size.width) > longest_side) return false;
  const size_t count = data[5];
  if ((count != 1 && count != 3) || data.size() != 6 + 3 * count || frame.size.height == 0 || frame.size.width == 0)
    return false;
  for (size_t i = 0; i < count; ++i) {
    const auto* from = data.data() + 6 + 3 * i;
    FrameComponent component{.id = from[0], .across = from[1] >> 4, .down = from[1] & 15};
    component.quantization_table = from[2];
    if (component.across < 1 || component.across > 4 || component.down < 1 || component.down > 4) return false;
    frame.components.push_back(component);
  }
  auto& first = frame.components[0];
  if (count == 1) {
    first.across = first.down = 1;  // a scan of one component goes block by block
    return true;
  }
  const auto& [a, b, c] = std::tie(frame.components[0], frame.components[1], frame.components[2]);
  const bool plain = b.across == 1 && b.down == 1 && c.across == 1 && c.down == 1;
  const bool known = (a.across == 1 && a.down == 1) || (a.across == 2 && a.down <= 2);
  return plain && known && a.id != b.id && a.id != c.id && b.id != c.id;
}

bool is_ycc(const Frame& frame, const Tables& tables) {
  if (frame.components.size() == 1 || tables.jfif) return true;
  if (tables.adobe_transform) return *tables.adobe_transform == 1;
  return !(frame.components[0].id == 'R' && frame.components[1].id == 'G' && frame.components[2].id == 'B');
}

/// The scan's header: all components, all coefficients.
bool read_scan_header(Bytes data, const Tables& tables, Frame& frame) {
  const auto count = frame.components.size();
  if (count == 0 || data.size() != 4 + 2 * count || data[0] != count || !is_ycc(frame, tables)) return false;
  for (size_t i = 0; i < count; ++i) {
    auto& component = frame.components[i];
    const size_t dc = data[2 + 2 * i] >> 4, ac = data[2 + 2 * i] & 15, table = component.quantization_table;
    if (data[1 + 2 * i] != component.id || dc > 3 || ac > 3 || table > 3) return false;
    if (!frame.dc[dc] || !frame.ac[ac] || !tables.quantization[table]) return false;
    component.dc = dc;
    component.ac = ac;
    component.quantization = *tables.quantization[table];
  }
  const auto* rest = data.data() + 1 + 2 * count;
  return rest[0] == 0 && rest[1] == 63 && rest[2] == 0;
}

/// One of the segments before the scan; false when it is not as it should be.
bool read_segment(uint8_t marker, Bytes data, Tables& tables, Frame& frame) {
  switch (marker) {
    case quantization_tables: return read_quantization(data, tables);
    case huffman_codes: return read_codes(data, frame);
    case baseline:
    case extended: return read_size(data, frame);
    case define_restarts:
      if (data.size() != 2) return false;
      frame.restart_interval = two_bytes(data.data());
      return true;
    case app0: tables.jfif = tables.jfif || (data.size() >= 14 && has_magic(data, 0, "JFIF\0"sv)); return true;
    case app1:
      if (!tables.exif) frame.orientation = exif_orientation_of_app1(data);
      tables.exif = true;
      return true;
    case app14:
      if (data.size() >= 12 && has_magic(data, 0, "Adobe")) tables.adobe_transform = data[11];
      return true;
    default: return marker == comment || (marker > app0 && marker <= last_app);
  }
}

}  // namespace

std::optional<Frame> read_frame(Bytes bytes) {
  if (!has_magic(bytes, 0, "\xFF\xD8\xFF")) return std::nullopt;
  std::optional<Frame> frame(std::in_place);
  Tables tables;
  for (auto rest = bytes.subspan(2); rest.size() >= 4 && rest[0] == 0xFF;) {
    const auto marker = rest[1];
    if (marker == 0xFF) {  // filled up
      rest = rest.subspan(1);
      continue;
    }
    const auto length = static_cast<size_t>(two_bytes(rest.data() + 2));
    if (length < 2 || length > rest.size() - 2) return std::nullopt;
    const auto data = rest.subspan(4, length - 2);
    rest = rest.subspan(2 + length);
    if (marker == start_of_scan) {
      frame->stored = rest;
      return read_scan_header(data, tables, *frame) ? std::move(frame) : std::nullopt;
    }
    if (!read_segment(marker, data, tables, *frame)) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Scan> read_scan(const Frame& frame) {
  const auto units = frame.units_across() * frame.units_down(), interval = frame.restart_interval;
  const auto segments = static_cast<size_t>(interval > 0 ? (units + interval - 1) / interval : 1);
  std::optional<Scan> scan(std::in_place);
  scan->bytes.resize(frame.stored.size() + Scan::padding);
  auto* to = scan->bytes.data();
  const auto* from = frame.stored.data();
  const auto* const end = from + frame.stored.size();
  // 0xFF is followed by a 0 that is none of the bytes, or begins a marker.
  while (const void* found = std::memchr(from, 0xFF, static_cast<size_t>(end - from))) {
    const auto* const at = static_cast<const uint8_t*>(found);
    if (end - at < 2) return std::nullopt;
    to = std::copy(from, at, to);
    from = at + 2;
    if (at[1] == 0) {
      *to++ = 0xFF;
      continue;
    }
    // One too many would be refused at last, but there may be so many that they do not fit into memory.
    const auto before = scan->ends.size();
    const size_t expected = before + 1 == segments ? size_t{end_of_image} : first_restart + before % 8;
    if (at[1] != expected) return std::nullopt;
    scan->ends.push_back(static_cast<size_t>(to - scan->bytes.data()));
    if (at[1] == end_of_image) return scan;
  }
  return std::nullopt;
}

}  // namespace opsis::inline v1::io::jpeg
