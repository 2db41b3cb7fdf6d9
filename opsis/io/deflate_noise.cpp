// In three passes: what repeats is looked for, in steps that grow while nothing is found; pieces of a few thousand bytes are put
// together to blocks where one code serves both; each block is written by its own code. RFC 1951 has the format.
#include "opsis/io/deflate_noise.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>
#include <vector>

namespace opsis::inline v1::io {
namespace {

constexpr size_t literal_count = 286, distance_count = 30;
constexpr uint16_t end_of_block = 256;

// What repeats.

/// `length` bytes at `at` that stand `distance` before it too.
struct Repeat {
  uint32_t at;
  uint16_t length, distance;  // of 258 and 32768 at most
};

constexpr size_t longest = 258, farthest = 32768;

uint64_t load_8(const uint8_t* from) {
  uint64_t out = 0;
  std::memcpy(&out, from, 8);
  return out;
}

/// The first six of the bytes, spread over a table of 2^bits.
template <int bits>
size_t hash_6(uint64_t bytes) {
  const auto six = std::endian::native == std::endian::little ? bytes << 16 : bytes >> 16 << 16;
  return static_cast<size_t>(six * 0x9E3779B97F4A7C15 >> (64 - bits));
}

/// Finds some of what repeats, in order; false once that is an eighth of all bytes. Of noise like a photo's, by libdeflate's
/// search the file is larger up to there, by this one beyond.
bool find_repeats(Bytes bytes, std::vector<Repeat>& repeats) {
  constexpr int table_bits = 12;
  constexpr size_t largest_step = 4, steps_of_a_size = 32;
  std::vector<uint32_t> last(size_t{1} << table_bits);
  const auto* const data = bytes.data();
  const size_t size = bytes.size(), most = size / 8 + 64;
  size_t repeated = 0, done = 0, misses = 0;
  for (size_t at = 1; at + 8 <= size;) {
    const auto here = load_8(data + at);
    auto& entry = last[hash_6<table_bits>(here)];
    const size_t before = entry;
    entry = static_cast<uint32_t>(at);
    if (at - before <= farthest && std::memcmp(data + before, data + at, 6) == 0) {
      auto from = at, back = before;
      while (from > done && back > 0 && data[from - 1] == data[back - 1]) --from, --back;
      size_t length = at + 6 - from;
      while (length < longest && from + length < size && data[from + length] == data[back + length]) ++length;
      length = std::min(length, longest);
      // A match takes some 22 bits and those of its distance, as there are few; a literal 4.
      if (4 * length >= size_t{22} + static_cast<size_t>(std::bit_width(from - back))) {
        repeats.push_back({static_cast<uint32_t>(from), static_cast<uint16_t>(length), static_cast<uint16_t>(from - back)});
        repeated += length;
        if (repeated > most) return false;
        done = from + length;
        at = std::max(done, at + 1);
        misses = 0;
        continue;
      }
    }
    at += std::min(1 + misses++ / steps_of_a_size, largest_step);
  }
  return true;
}

/// How a length or a distance is written: a symbol, and so many bits more.
struct Extra {
  uint16_t symbol, value;
  int bits;
};

/// Symbols come in groups of 2^fine, of twice the numbers each.
Extra split(uint32_t value, int fine) {
  const int bits = std::max(static_cast<int>(std::bit_width(value)) - 1 - fine, 0);
  const auto symbol = (static_cast<uint32_t>(bits) << fine) + (value >> bits);
  return {static_cast<uint16_t>(symbol), static_cast<uint16_t>(value & ((1U << bits) - 1)), bits};
}

Extra length_code(uint32_t length) {
  if (length == longest) return {285, 0, 0};
  auto out = split(length - 3, 2);
  out.symbol = static_cast<uint16_t>(out.symbol + 257);
  return out;
}

Extra distance_code(uint32_t distance) { return split(distance - 1, 1); }

// Blocks.

using Literals = std::array<uint32_t, literal_count>;
using Distances = std::array<uint32_t, distance_count>;

/// A part of the bytes, from repeat to repeat, and how often each symbol is in it.
struct Block {
  size_t from = 0, to = 0, first_repeat = 0, last_repeat = 0;
  Literals literals{};
  Distances distances{};
  double cost = 0;
};

/// n log2 n.
double n_log_n(uint32_t n) {
  static const auto table = [] {
    std::array<double, 2048> out{};
    for (size_t i = 2; i < out.size(); ++i) out[i] = static_cast<double>(i) * std::log2(static_cast<double>(i));
    return out;
  }();
  return n < table.size() ? table[n] : n * std::log2(static_cast<double>(n));
}

/// The bits of such symbols by a code of their own, and about those that tell the code.
double cost_of(std::span<const uint32_t> counts) {
  uint32_t total = 0;
  double used = 0, sum = 0;
  for (const auto count : counts) {
    if (count == 0) continue;
    total += count;
    used += 1;
    sum += n_log_n(count);
  }
  return n_log_n(total) - sum + 3.5 * used;
}

double cost_of(const Block& block) { return cost_of(block.literals) + cost_of(block.distances) + 60; }

/// Adds how often each byte is there. Four tables, as the same byte twice would wait for itself.
void count_bytes(const uint8_t* from, const uint8_t* to, Literals& counts) {
  std::array<std::array<uint32_t, 256>, 4> tables{};
  for (; to - from >= 4; from += 4) {
    for (size_t i = 0; i < 4; ++i) ++tables[i][from[i]];
  }
  for (; from < to; ++from) ++tables[0][*from];
  for (size_t i = 0; i < 256; ++i) counts[i] += tables[0][i] + tables[1][i] + tables[2][i] + tables[3][i];
}

/// The next `size` bytes or a few more, as no repeat is cut.
Block next_block(Bytes bytes, const std::vector<Repeat>& repeats, size_t from, size_t first_repeat, size_t size) {
  Block out{.from = from, .to = std::min(from + size, bytes.size()), .first_repeat = first_repeat, .last_repeat = first_repeat};
  auto at = from;
  auto& i = out.last_repeat;
  for (; i < repeats.size() && repeats[i].at < out.to; ++i) {
    count_bytes(bytes.data() + at, bytes.data() + repeats[i].at, out.literals);
    ++out.literals[length_code(repeats[i].length).symbol];
    ++out.distances[distance_code(repeats[i].distance).symbol];
    at = repeats[i].at + size_t{repeats[i].length};
    out.to = std::max(out.to, at);
  }
  count_bytes(bytes.data() + at, bytes.data() + out.to, out.literals);
  out.literals[end_of_block] = 1;
  out.cost = cost_of(out);
  return out;
}

Block joined(const Block& a, const Block& b) {
  auto out = a;
  out.to = b.to;
  out.last_repeat = b.last_repeat;
  for (size_t i = 0; i < literal_count; ++i) out.literals[i] += b.literals[i];
  for (size_t i = 0; i < distance_count; ++i) out.distances[i] += b.distances[i];
  out.literals[end_of_block] = 1;
  out.cost = cost_of(out);
  return out;
}

// Codes.

/// The lengths of a Huffman code of at most `limit` bits, 0 for symbols that are not there; of two symbols at least, as there is
/// no complete code of one.
template <size_t count>
std::array<uint8_t, count> code_lengths(std::array<uint32_t, count> counts, int limit) {
  for (size_t i = 0, used = count - static_cast<size_t>(std::count(counts.begin(), counts.end(), 0U)); used < 2; ++i) {
    if (counts[i] == 0) counts[i] = 1, ++used;
  }
  // Leaves with their symbols below their counts, the rarest first; behind them the nodes, which come about in that order too.
  std::array<uint64_t, count> leaves;
  size_t leaf_count = 0;
  for (size_t i = 0; i < count; ++i) {
    if (counts[i] > 0) leaves[leaf_count++] = uint64_t{counts[i]} << 16 | i;
  }
  std::sort(leaves.begin(), leaves.begin() + leaf_count);
  std::array<uint64_t, 2 * count> weights;
  std::array<uint16_t, 2 * count> parents;
  for (size_t i = 0; i < leaf_count; ++i) weights[i] = leaves[i] >> 16;
  size_t leaf = 0, node = leaf_count;
  const size_t root = 2 * leaf_count - 2;
  for (size_t made = leaf_count; made <= root; ++made) {
    weights[made] = 0;
    for (int child = 0; child < 2; ++child) {
      const bool takes_leaf = leaf < leaf_count && (node == made || weights[leaf] <= weights[node]);
      const auto taken = takes_leaf ? leaf++ : node++;
      weights[made] += weights[taken];
      parents[taken] = static_cast<uint16_t>(made);
    }
  }
  // How many have each length. A code that is too long is cut, and paid for by others that become a bit longer.
  std::array<uint16_t, 2 * count> depths;
  std::array<size_t, 16> of_length{};
  depths[root] = 0;
  for (size_t i = root; i-- > 0;) {
    depths[i] = static_cast<uint16_t>(depths[parents[i]] + 1);
    if (i < leaf_count) ++of_length[static_cast<size_t>(std::min<int>(depths[i], limit))];
  }
  const auto top = static_cast<size_t>(limit);
  size_t taken = 0;
  for (size_t length = 1; length <= top; ++length) taken += of_length[length] << (top - length);
  for (; taken > size_t{1} << top; --taken) {
    auto shorter = top - 1;
    while (of_length[shorter] == 0) --shorter;
    --of_length[shorter];
    of_length[shorter + 1] += 2;
    --of_length[top];
  }
  std::array<uint8_t, count> out{};
  size_t next = 0;
  for (auto length = top; length > 0; --length) {
    for (size_t i = 0; i < of_length[length]; ++i) out[leaves[next++] & 0xFFFF] = static_cast<uint8_t>(length);
  }
  return out;
}

struct Code {
  uint16_t bits;  ///< the first lowest
  uint16_t length;
};

template <size_t count>
std::array<Code, count> codes_of(const std::array<uint8_t, count>& lengths) {
  // The first of a length follows the last of those before, doubled.
  std::array<uint32_t, 17> next{};
  for (const auto length : lengths) ++next[length + size_t{1}];
  next[1] = 0;  // symbols that are not there take none
  for (size_t length = 2; length < next.size(); ++length) next[length] = (next[length - 1] + next[length]) << 1;
  std::array<Code, count> out{};
  for (size_t i = 0; i < count; ++i) {
    if (lengths[i] == 0) continue;
    auto code = next[lengths[i]]++;
    uint32_t turned = 0;
    for (int bit = 0; bit < lengths[i]; ++bit, code >>= 1) turned = turned << 1 | (code & 1);
    out[i] = {static_cast<uint16_t>(turned), lengths[i]};
  }
  return out;
}

// Writing.

class BitWriter {
 public:
  explicit BitWriter(uint8_t* out) : out_(out) {}

  /// At most 56 bits between two calls of flush().
  void put(uint64_t value, int count) {
    bits_ |= value << held_;
    held_ += count;
  }
  void put(Code code) { put(code.bits, code.length); }
  /// Fewer than 8 bits are left. Writes 8 bytes, of which the last may come again.
  void flush() {
    auto bits = bits_;
    if constexpr (std::endian::native != std::endian::little) {
      uint64_t turned = 0;
      for (int i = 0; i < 8; ++i, bits >>= 8) turned = turned << 8 | (bits & 0xFF);
      bits = turned;
    }
    std::memcpy(out_, &bits, 8);
    out_ += held_ >> 3;
    bits_ >>= held_ & ~7;
    held_ &= 7;
  }
  int held() const { return held_; }
  /// To the next byte.
  uint8_t* align() {
    put(0, -held_ & 7);
    flush();
    return out_;
  }
  void store(const uint8_t* from, size_t size) {
    std::memcpy(align(), from, size);
    out_ += size;
  }

 private:
  uint8_t* out_;
  uint64_t bits_ = 0;
  int held_ = 0;
};

/// A block's codes, and how they are told.
struct Header {
  std::array<uint8_t, literal_count> literals;
  std::array<uint8_t, distance_count> distances;
  size_t literals_told = literal_count, distances_told = distance_count;  ///< without the zeros at the end
  std::vector<Extra> runs;                                                ///< of the lengths
  std::array<uint8_t, 19> run_lengths;                                    ///< of the code of these
  size_t run_lengths_told = 19;
  size_t bits = 0;
};

/// The order in which the lengths of the code of lengths are told.
constexpr std::array<uint8_t, 19> run_order{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

Header make_header(const Block& block) {
  Header out;
  out.literals = code_lengths(block.literals, 14);  // four of them and 7 bits fit
  out.distances = code_lengths(block.distances, 15);
  while (out.literals_told > 257 && out.literals[out.literals_told - 1] == 0) --out.literals_told;
  while (out.distances_told > 1 && out.distances[out.distances_told - 1] == 0) --out.distances_told;
  std::vector<uint8_t> lengths(out.literals.begin(), out.literals.begin() + static_cast<ptrdiff_t>(out.literals_told));
  lengths.insert(lengths.end(), out.distances.begin(), out.distances.begin() + static_cast<ptrdiff_t>(out.distances_told));
  for (size_t i = 0; i < lengths.size();) {
    size_t same = 1;
    while (i + same < lengths.size() && lengths[i + same] == lengths[i]) ++same;
    i += same;
    const auto value = lengths[i - 1];
    if (value != 0) out.runs.push_back({value, 0, 0}), --same;
    while (same >= 3) {
      const auto most = value != 0 ? size_t{6} : size_t{138};
      const auto taken = std::min(same, most);
      if (value != 0) {
        out.runs.push_back({16, static_cast<uint16_t>(taken - 3), 2});
      } else if (taken <= 10) {
        out.runs.push_back({17, static_cast<uint16_t>(taken - 3), 3});
      } else {
        out.runs.push_back({18, static_cast<uint16_t>(taken - 11), 7});
      }
      same -= taken;
    }
    for (; same > 0; --same) out.runs.push_back({value, 0, 0});
  }
  std::array<uint32_t, 19> counts{};
  for (const auto& run : out.runs) ++counts[run.symbol];
  out.run_lengths = code_lengths(counts, 7);
  while (out.run_lengths_told > 4 && out.run_lengths[run_order[out.run_lengths_told - 1]] == 0) --out.run_lengths_told;
  out.bits = 5 + 5 + 4 + 3 * out.run_lengths_told;
  for (const auto& run : out.runs) out.bits += out.run_lengths[run.symbol] + static_cast<size_t>(run.bits);
  return out;
}

void write_header(const Header& header, BitWriter& writer) {
  writer.put(header.literals_told - 257, 5);
  writer.put(header.distances_told - 1, 5);
  writer.put(header.run_lengths_told - 4, 4);
  writer.flush();
  for (size_t i = 0; i < header.run_lengths_told; ++i) {
    writer.put(header.run_lengths[run_order[i]], 3);
    writer.flush();
  }
  const auto codes = codes_of(header.run_lengths);
  for (const auto& run : header.runs) {
    writer.put(codes[run.symbol]);
    writer.put(run.value, run.bits);
    writer.flush();
  }
}

size_t bits_of(const Block& block, const Header& header) {
  size_t out = header.bits;
  for (size_t i = 0; i < literal_count; ++i) {
    const size_t extra = i < 265 || i == 285 ? 0 : (i - 261) / 4;
    out += block.literals[i] * (header.literals[i] + extra);
  }
  for (size_t i = 0; i < distance_count; ++i) {
    const size_t extra = i < 4 ? 0 : i / 2 - 1;
    out += block.distances[i] * (header.distances[i] + extra);
  }
  return out;
}

void write_stored(Bytes bytes, bool last, BitWriter& writer) {
  constexpr size_t most = 65535;
  do {
    const auto part = bytes.first(std::min(bytes.size(), most));
    bytes = bytes.subspan(part.size());
    writer.put(last && bytes.empty() ? 1 : 0, 3);
    writer.align();
    writer.put(part.size(), 16);
    writer.put(~part.size() & 0xFFFF, 16);
    writer.store(part.data(), part.size());
  } while (!bytes.empty());
}

void write_literals(const uint8_t* from, const uint8_t* to, const std::array<Code, literal_count>& codes,
                    BitWriter& to_writer) {
  auto writer = to_writer;  // in registers
  for (; to - from >= 4; from += 4) {
    writer.put(codes[from[0]]);
    writer.put(codes[from[1]]);
    writer.put(codes[from[2]]);
    writer.put(codes[from[3]]);
    writer.flush();
  }
  for (; from < to; ++from) {
    writer.put(codes[*from]);
    writer.flush();
  }
  to_writer = writer;
}

void write_block(Bytes bytes, const std::vector<Repeat>& repeats, const Block& block, BitWriter& writer) {
  const bool last = block.to == bytes.size();
  const auto header = make_header(block);
  if (bits_of(block, header) / 8 >= block.to - block.from) {
    return write_stored(bytes.subspan(block.from, block.to - block.from), last, writer);
  }
  writer.put(last ? 1 : 0, 1);
  writer.put(2, 2);
  write_header(header, writer);
  const auto literals = codes_of(header.literals);
  const auto distances = codes_of(header.distances);
  auto at = block.from;
  for (auto i = block.first_repeat; i < block.last_repeat; ++i) {
    const auto& repeat = repeats[i];
    write_literals(bytes.data() + at, bytes.data() + repeat.at, literals, writer);
    const auto length = length_code(repeat.length), distance = distance_code(repeat.distance);
    writer.put(literals[length.symbol]);
    writer.put(length.value, length.bits);
    writer.put(distances[distance.symbol]);
    writer.put(distance.value, distance.bits);
    writer.flush();
    at = repeat.at + size_t{repeat.length};
  }
  write_literals(bytes.data() + at, bytes.data() + block.to, literals, writer);
  writer.put(literals[end_of_block]);
  writer.flush();
}

}  // namespace

size_t deflate_noise(Bytes bytes, uint8_t* out) {
  constexpr size_t piece = 4096;  // its code is told in a twentieth of what it comes to, so that most are joined
  std::vector<Repeat> repeats;
  if (bytes.empty() || !find_repeats(bytes, repeats)) return 0;
  BitWriter writer(out);
  auto block = next_block(bytes, repeats, 0, 0, piece);
  while (block.to < bytes.size()) {
    auto next = next_block(bytes, repeats, block.to, block.last_repeat, piece);
    auto both = joined(block, next);
    if (both.cost <= block.cost + next.cost) {
      block = both;
      continue;
    }
    write_block(bytes, repeats, block, writer);
    block = next;
  }
  write_block(bytes, repeats, block, writer);
  return static_cast<size_t>(writer.align() - out);
}

}  // namespace opsis::inline v1::io
