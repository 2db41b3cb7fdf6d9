// What a JPEG says of itself before its pixels, for the files of the quick way (jpeg_fast.h). No tensors.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "opsis/core/size.h"
#include "opsis/io/codec.h"

namespace opsis::inline v1::io::jpeg {

/// A Huffman code as it is stored: how many codewords there are of each length, and what they stand for, shortest first.
struct StoredCode {
  std::array<uint8_t, 16> counts{};
  std::vector<uint8_t> symbols;
};

struct FrameComponent {
  uint8_t id = 0;
  int across = 1, down = 1;                 ///< blocks of a minimum coded unit (MCU)
  size_t quantization_table = 0;            ///< its place among the file's
  std::array<uint16_t, 64> quantization{};  ///< by rows
  size_t dc = 0, ac = 0;                    ///< the codes it uses
};

/// A baseline JPEG of one scan, gray or YCbCr.
struct Frame {
  Size size{};
  std::vector<FrameComponent> components;
  std::array<std::optional<StoredCode>, 4> dc, ac;
  int64_t restart_interval = 0;  ///< MCUs of a segment, from one restart to the next; 0 when there is one segment only
  int orientation = 1;           ///< EXIF's
  Bytes stored;                  ///< the scan, and what follows it

  int64_t unit_width() const { return int64_t{8} * components[0].across; }
  int64_t unit_height() const { return int64_t{8} * components[0].down; }
  int64_t units_across() const { return (size.width + unit_width() - 1) / unit_width(); }
  int64_t units_down() const { return (size.height + unit_height() - 1) / unit_height(); }
};

/// The place by rows of the coefficient that is stored k-th.
constexpr std::array<uint8_t, 64> stored_order{0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
                                               12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
                                               35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
                                               58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

/// The entropy-coded bytes.
struct Scan {
  std::vector<uint8_t> bytes;  ///< without what is stuffed between them, and `padding` zeros
  std::vector<size_t> ends;    ///< of the segments; each begins where the one before it ends

  /// More than the longest MCU has, which six blocks are of 64 numbers of up to 27 bits.
  static constexpr size_t padding = 4096;
};

/// Reads what stands before the scan; none when the file is of another kind, or has anything that libjpeg would warn of or
/// refuse. Allocates no more than a few tables.
std::optional<Frame> read_frame(Bytes bytes);

/// Reads on to the end of the image; none when it is not as the frame says. Takes as much memory as the file, and a number for
/// each restart that the frame has.
std::optional<Scan> read_scan(const Frame& frame);

}  // namespace opsis::inline v1::io::jpeg
