// The Huffman codes of a baseline JPEG, decoded by tables. For jpeg_fast.cpp; in a header so that all of it can be inlined.
//
// A coefficient is stored as a codeword, which says how many zeros stand before it and of how many bits it is, and those bits.
// The table of pairs is asked by the next bits, and mostly has two whole coefficients in them.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "opsis/io/jpeg_frame.h"

namespace opsis::inline v1::io::jpeg {

/// The next bits of a segment, first ones on top. Behind its end come others: left_to and within tell whether they were used.
class BitReader {
 public:
  BitReader() = default;
  explicit BitReader(const uint8_t* begin) : next_(begin) {}

  /// Sees to it that there are 32 bits at least.
  void fill() {
    if (count_ >= 32) return;
    uint64_t more = 0;
    std::memcpy(&more, next_, sizeof more);
    if constexpr (std::endian::native == std::endian::little) more = __builtin_bswap64(more);
    bits_ |= more >> count_;
    next_ += (63 - count_) >> 3;
    count_ |= 56;
  }
  /// 1 to 32 of them.
  uint32_t peek(int count) const { return static_cast<uint32_t>(bits_ >> (64 - count)); }
  void skip(int count) {
    bits_ <<= count;
    count_ -= count;
  }
  /// How many bits before `end` were not used; negative when some behind it were.
  int64_t left_to(const uint8_t* end) const { return (end - next_) * 8 + count_; }
  /// It may have loaded what follows the last bits.
  bool within(const uint8_t* end) const { return next_ <= end + sizeof bits_; }

 private:
  const uint8_t* next_ = nullptr;
  uint64_t bits_ = 0;
  int count_ = 0;
};

/// The number in the first `size` of these bits as JPEG stores it: those with a 0 on top are negative.
inline int stored_number(uint32_t bits, int size) {
  if (size == 0) return 0;
  const int value = static_cast<int>(bits >> (32 - size));
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}

/// The codewords, one at a time.
class HuffmanCode {
 public:
  static constexpr int none = -1;

  /// False when these are no codewords.
  bool build(const StoredCode& stored) {
    std::copy(stored.symbols.begin(), stored.symbols.end(), symbols_.begin());
    int word = 0, index = 0;
    for (int length = 1; length <= 16; ++length, word <<= 1) {
      const int count = stored.counts[static_cast<size_t>(length - 1)];
      if (count > 0 && word + count >= 1 << length) return false;  // all ones are no codeword
      lengths_[static_cast<size_t>(length)] = {word, count, index - word};
      for (int i = 0; i < count && length <= peeked; ++i) {
        const auto begin = short_words_.begin() + ((word + i) << (peeked - length));
        std::fill_n(begin, 1 << (peeked - length),
                    Short{static_cast<uint8_t>(length), symbols_[static_cast<size_t>(index + i)]});
      }
      word += count;
      index += count;
    }
    return true;
  }

  /// What the next codeword stands for, and its length; none when the next 16 bits are none.
  struct Found {
    int symbol, length;
  };
  Found find(uint32_t next_16_bits) const {
    const auto& found = short_words_[next_16_bits >> (16 - peeked)];
    if (found.length > 0) return {found.symbol, found.length};
    for (int length = peeked + 1; length <= 16; ++length) {
      const auto& words = lengths_[static_cast<size_t>(length)];
      const int word = static_cast<int>(next_16_bits >> (16 - length));
      if (word >= words.first && word < words.first + words.count)
        return {symbols_[static_cast<size_t>(word + words.offset)], length};
    }
    return {none, 0};
  }

 private:
  static constexpr int peeked = 8;
  struct Short {
    uint8_t length = 0, symbol = 0;
  };
  struct Words {
    int first = 0, count = 0, offset = 0;
  };
  std::array<Short, 1 << peeked> short_words_{};
  std::array<Words, 17> lengths_{};
  std::array<uint8_t, 256> symbols_{};
};

/// A coefficient and the zeros before it, or the end of the block.
struct Single {
  static constexpr uint8_t ends = 128;    ///< what the end of the block advances
  static constexpr uint8_t nowhere = 64;  ///< the place of a coefficient that is not there

  int16_t value = 0;
  uint8_t place = nowhere;  ///< from here on
  uint8_t bits = 0;         ///< of the codeword and the number; 0 when there is no codeword
  uint8_t advance = 0;
};

/// What the next 32 bits begin with.
inline Single find_single(const HuffmanCode& code, uint32_t next) {
  const auto [symbol, length] = code.find(next >> 16);
  if (symbol == HuffmanCode::none) return {};
  const int zeros = symbol >> 4, size = symbol & 15;
  if (size == 0 && zeros != 15) return {0, Single::nowhere, static_cast<uint8_t>(length), Single::ends};
  return {static_cast<int16_t>(stored_number(next << length, size)), static_cast<uint8_t>(zeros),
          static_cast<uint8_t>(length + size), static_cast<uint8_t>(zeros + 1)};
}

/// One or two coefficients at once.
class PairTable {
 public:
  static constexpr int peeked = 10;

  struct Pair {
    std::array<int16_t, 2> values{};
    std::array<uint8_t, 2> places{Single::nowhere, Single::nowhere};
    uint8_t bits = 0;  ///< 0 when not even one of them is in the bits that are looked at
    uint8_t advance = 0;
  };

  void build(const HuffmanCode& code) {
    std::array<Single, size> singles;
    for (uint32_t bits = 0; bits < size;) {
      auto single = find_single(code, bits << (32 - peeked));
      if (single.bits > peeked) single = {};
      // The same whatever follows.
      const auto end = bits + (single.bits > 0 ? 1U << (peeked - single.bits) : 1U);
      while (bits < end) singles[bits++] = single;
    }
    for (uint32_t bits = 0; bits < size; ++bits) {
      const auto& first = singles[bits];
      auto& pair = pairs_[bits] = {{first.value, 0}, {first.place, Single::nowhere}, first.bits, first.advance};
      if (first.bits == 0 || first.advance == Single::ends) continue;
      const auto& second = singles[bits << first.bits & (size - 1)];
      if (second.bits == 0 || first.bits + second.bits > peeked) continue;
      pair.values[1] = second.value;
      if (second.place != Single::nowhere) pair.places[1] = static_cast<uint8_t>(first.advance + second.place);
      pair.bits = static_cast<uint8_t>(pair.bits + second.bits);
      pair.advance = static_cast<uint8_t>(pair.advance + second.advance);
    }
  }

  const Pair& operator[](uint32_t bits) const { return pairs_[bits]; }

 private:
  static constexpr uint32_t size = 1U << peeked;
  std::array<Pair, size> pairs_;
};

/// How far the next bits lead, in the file and in the block: all whole coefficients in them. It takes longer to make.
class SkipTable {
 public:
  static constexpr int peeked = 13;

  struct Skip {
    uint8_t bits = 0;  ///< 0 when not even one coefficient is in the bits that are looked at
    uint8_t advance = 0;
  };

  void build(const HuffmanCode& code) {
    std::vector<Skip> singles(size);
    for (uint32_t bits = 0; bits < size;) {
      auto single = find_single(code, bits << (32 - peeked));
      if (single.bits > peeked) single = {};
      const auto end = bits + (single.bits > 0 ? 1U << (peeked - single.bits) : 1U);
      while (bits < end) singles[bits++] = {single.bits, single.advance};
    }
    skips_.resize(size);
    for (uint32_t bits = 0; bits < size; ++bits) {
      auto all = singles[bits];
      while (all.bits > 0 && all.advance < 64) {
        const auto next = singles[bits << all.bits & (size - 1)];
        // The next block's are none of this one's.
        const bool beyond = next.advance < Single::ends && all.advance + next.advance > 64;
        if (next.bits == 0 || beyond || all.bits + next.bits > peeked) break;
        all = {static_cast<uint8_t>(all.bits + next.bits), static_cast<uint8_t>(all.advance + next.advance)};
      }
      skips_[bits] = all;
    }
  }

  bool is_built() const { return !skips_.empty(); }
  const Skip& operator[](uint32_t bits) const { return skips_[bits]; }

 private:
  static constexpr uint32_t size = 1U << peeked;
  std::vector<Skip> skips_;
};

}  // namespace opsis::inline v1::io::jpeg
