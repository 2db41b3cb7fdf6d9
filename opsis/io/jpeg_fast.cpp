// What libjpeg does for the common file, to the bit and in four fifths of its time. The bytes of the scan are freed of what is
// stuffed between them first, so that the reader of bits need not look at each. Blocks that nobody asked for are passed over. A
// row of MCUs (minimum coded units: 16x16 pixels, where colour has half the resolution) is decoded
// at once, and the rows of pixels that it completes are made while it is in the cache.
#include "opsis/io/jpeg_fast.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "opsis/io/jpeg_frame.h"
#include "opsis/io/jpeg_huffman.h"
#include "opsis/simd/jpeg.h"

namespace opsis::inline v1::io::jpeg {
namespace {

/// Where a coefficient is put, in the layout of simd::jpeg_pair: from the 64th on where nobody looks.
constexpr auto places = [] {
  std::array<uint8_t, 128> places{};
  for (size_t k = 0; k < 128; ++k)
    places[k] = static_cast<uint8_t>(k < 64 ? stored_order[k] / 8 * 16 + stored_order[k] % 8 : simd::jpeg_nowhere);
  return places;
}();

/// Rows of one component, of which the last few are kept.
class Plane {
 public:
  Plane(int64_t width, int64_t kept) : stride_(width), kept_(kept), samples_(static_cast<size_t>(width * kept)) {}
  uint8_t* row(int64_t y) { return samples_.data() + y % kept_ * stride_; }
  int64_t stride() const { return stride_; }

 private:
  int64_t stride_, kept_;
  std::vector<uint8_t> samples_;
};

struct Component {
  const FrameComponent* stored = nullptr;
  const HuffmanCode* dc = nullptr;
  const HuffmanCode* ac = nullptr;
  const PairTable* ac_pairs = nullptr;
  const SkipTable* ac_skips = nullptr;
  int last_dc = 0;
  bool needed = true;
  int64_t samples = 8;                ///< of a block's sides, as it is decoded
  int64_t pairs = 0;                  ///< of blocks, in a row of what is needed
  std::vector<int16_t> coefficients;  ///< of a row of MCUs
  Plane plane{0, 1};
};

/// From one place to another, in pixels or MCUs.
struct Range {
  int64_t begin = 0, end = 0;
  bool contains(int64_t place) const { return place >= begin && place < end; }
};

class Decoder {
 public:
  Decoder(const Frame& frame, const Scan& scan, const Region& region, int64_t channels, int scale);
  /// much: from so many MCUs on that are read past, the larger table is worth its making.
  bool build(int64_t much);
  bool decode(uint8_t* out);

 private:
  bool decode_units(int64_t row);
  bool restart(int64_t unit);
  int64_t left_of_segment() const { return reader_.left_to(scan_.bytes.data() + scan_.ends[segment_]); }
  static bool decode_dc(Component& component, BitReader& reader);
  template <bool kept, class Table>
  bool decode_block(Component& component, const Table& table, int16_t* block);
  bool skip_block(Component& component);
  bool skip_blocks(Component& component);
  bool decode_blocks(Component& component, int64_t row, int64_t column);
  bool transform(int64_t row);
  void emit(int64_t y, uint8_t* out);

  const Frame& frame_;
  const Scan& scan_;
  const Region region_;
  const int64_t channels_;
  const int scale_;       // of 8 whole blocks become pixels
  const Size picture_;    // as it is decoded, as are the following
  const Size unit_;       // of an MCU
  const Size mixed_;      // the pixels that share a sample of Cb and Cr
  Range columns_, rows_;  // of MCUs, that are needed
  std::array<HuffmanCode, 4> dc_, ac_;
  std::array<PairTable, 4> ac_pairs_;
  std::array<SkipTable, 4> ac_skips_;
  std::vector<Component> components_;
  BitReader reader_;
  size_t segment_ = 0;
  std::array<std::vector<uint8_t>, 2> chroma_;  // a row of it, as wide as the picture
};

/// The MCUs that hold pixels [begin, begin + length), and their neighbors where colour is mixed of two.
Range units_of(int64_t begin, int64_t length, int64_t unit, int64_t sample, int64_t units) {
  const int64_t margin = sample > 1 ? sample : 0;
  return {std::max<int64_t>(begin - margin, 0) / unit, std::min((begin + length + margin - 1) / unit + 1, units)};
}

Decoder::Decoder(const Frame& frame, const Scan& scan, const Region& region, int64_t channels, int scale)
    : frame_(frame),
      scan_(scan),
      region_(region),
      channels_(channels),
      scale_(scale),
      picture_{(frame.size.height + scale - 1) / scale, (frame.size.width + scale - 1) / scale},
      unit_{frame.unit_height() / scale, frame.unit_width() / scale},
      // Of a smaller picture, the blocks of colour are made that much larger in place of it.
      mixed_{scale == 1 ? frame.components[0].down : 1, scale == 1 ? frame.components[0].across : 1},
      columns_(units_of(region.left, region.width, unit_.width, mixed_.width, frame.units_across())),
      rows_(units_of(region.top, region.height, unit_.height, mixed_.height, frame.units_down())),
      components_(frame.components.size()) {}

bool Decoder::build(int64_t much) {
  const auto units = frame_.units_across() * frame_.units_down();
  const auto needed = (columns_.end - columns_.begin) * (rows_.end - rows_.begin);
  const bool skips = (scale_ == 1 ? units - needed : units) >= much;
  for (size_t i = 0; i < 4; ++i) {
    if (frame_.dc[i] && !dc_[i].build(*frame_.dc[i])) return false;
    if (!frame_.ac[i]) continue;
    if (!ac_[i].build(*frame_.ac[i])) return false;
    ac_pairs_[i].build(ac_[i]);
    if (skips) ac_skips_[i].build(ac_[i]);
  }
  const bool in_color = channels_ == 3 && frame_.components.size() == 3;
  for (size_t i = 0; i < components_.size(); ++i) {
    auto& component = components_[i];
    const auto& stored = frame_.components[i];
    component.stored = &stored;
    component.dc = &dc_[stored.dc];
    component.ac = &ac_[stored.ac];
    component.ac_pairs = &ac_pairs_[stored.ac];
    component.ac_skips = &ac_skips_[stored.ac];
    component.needed = i == 0 || in_color;
    if (!component.needed) continue;
    component.samples = scale_ == 1 ? 8 : frame_.components[0].across / stored.across;
    component.pairs = ((columns_.end - columns_.begin) * stored.across + 1) / 2;
    component.coefficients.resize(static_cast<size_t>(component.pairs * stored.down * simd::jpeg_pair));
    component.plane = Plane(2 * component.pairs * component.samples, 2 * component.samples * stored.down);
  }
  if (in_color && mixed_.width > 1) {
    for (auto& row : chroma_) row.resize(static_cast<size_t>(2 * components_[1].plane.stride()));
  }
  return true;
}

bool Decoder::restart(int64_t unit) {
  if (unit > 0 && (left_of_segment() < 0 || left_of_segment() >= 8)) return false;
  reader_ = BitReader(scan_.bytes.data() + (unit > 0 ? scan_.ends[segment_++] : 0));
  for (auto& component : components_) component.last_dc = 0;
  return true;
}

/// The difference to the DC coefficient before it.
bool Decoder::decode_dc(Component& component, BitReader& reader) {
  reader.fill();
  const auto next = reader.peek(32);
  const auto [size, length] = component.dc->find(next >> 16);
  if (size == HuffmanCode::none) return false;
  reader.skip(length + size);
  component.last_dc += stored_number(next << length, size);
  return component.last_dc == static_cast<int16_t>(component.last_dc);
}

/// The coefficients of a block, or past them.
template <bool kept, class Table>
bool Decoder::decode_block(Component& component, const Table& table, int16_t* block) {
  auto reader = reader_;
  if (!decode_dc(component, reader)) return false;
  if (kept) block[0] = static_cast<int16_t>(component.last_dc);
  for (int64_t k = 1; k < 64;) {
    reader.fill();
    const auto& some = table[reader.peek(Table::peeked)];
    const auto after = k + some.advance;
    if (some.bits > 0 && after % Single::ends < 64) [[likely]] {
      if constexpr (kept) {
        block[places[static_cast<size_t>(k + some.places[0])]] = some.values[0];
        block[places[static_cast<size_t>(k + some.places[1])]] = some.values[1];
      }
      reader.skip(some.bits);
      k = after;
    } else {
      const auto single = find_single(*component.ac, reader.peek(32));
      const auto place = k + single.place;
      if (single.bits == 0 || (place > 63 && single.place != Single::nowhere)) return false;
      if (kept) block[places[static_cast<size_t>(place)]] = single.value;
      reader.skip(single.bits);
      k += single.advance;
    }
  }
  reader_ = reader;
  return true;
}

bool Decoder::skip_block(Component& component) {
  if (component.ac_skips->is_built()) return decode_block<false>(component, *component.ac_skips, nullptr);
  return decode_block<false>(component, *component.ac_pairs, nullptr);
}

bool Decoder::skip_blocks(Component& component) {
  for (int i = 0; i < component.stored->across * component.stored->down; ++i) {
    if (!skip_block(component)) return false;
  }
  return true;
}

/// The component's blocks of an MCU.
bool Decoder::decode_blocks(Component& component, int64_t row, int64_t column) {
  const auto& stored = *component.stored;
  for (int64_t y = 0; y < stored.down; ++y) {
    for (int64_t x = 0; x < stored.across; ++x) {
      const auto block = (column - columns_.begin) * stored.across + x;
      if (component.samples == 1) {
        if (!skip_block(component)) return false;
        const auto sample = (component.last_dc * stored.quantization[0] + 4) >> 3;
        if (sample < -512 || sample > 511) return false;
        component.plane.row(row * stored.down + y)[block] = static_cast<uint8_t>(std::clamp(sample + 128, 0, 255));
        continue;
      }
      auto* const at = component.coefficients.data() + (y * component.pairs + block / 2) * simd::jpeg_pair + block % 2 * 8;
      if (!decode_block<true>(component, *component.ac_pairs, at)) return false;
    }
  }
  return true;
}

/// A row of MCUs.
bool Decoder::decode_units(int64_t row) {
  const auto across = frame_.units_across(), interval = frame_.restart_interval;
  const auto* const end = scan_.bytes.data() + scan_.ends.back();
  const bool is_needed = rows_.contains(row);
  for (int64_t column = 0; column < across; ++column) {
    const auto unit = row * across + column;
    if ((unit == 0 || (interval > 0 && unit % interval == 0)) && !restart(unit)) return false;
    for (auto& component : components_) {
      const bool kept = is_needed && component.needed && columns_.contains(column);
      if (!(kept ? decode_blocks(component, row, column) : skip_blocks(component))) return false;
    }
    if (!reader_.within(end)) return false;
  }
  return true;
}

/// The coefficients of a row of MCUs to samples.
bool Decoder::transform(int64_t row) {
  for (auto& component : components_) {
    if (!component.needed || component.samples == 1) continue;
    const auto* const quantization = component.stored->quantization.data();
    for (int64_t y = 0; y < component.stored->down; ++y) {
      auto* const coefficients = component.coefficients.data() + y * component.pairs * simd::jpeg_pair;
      const auto at = (row * component.stored->down + y) * component.samples;
      auto* const out = component.plane.row(at);
      if (component.samples == 8) {
        if (!simd::jpeg_inverse_dct(coefficients, quantization, component.pairs, out, component.plane.stride())) return false;
        continue;
      }
      auto* const below = component.plane.row(at + 1);
      if (!simd::jpeg_inverse_dct_to_two(coefficients, quantization, component.pairs, out, below)) return false;
    }
  }
  return true;
}

/// A row of the picture's pixels, those of the region.
void Decoder::emit(int64_t y, uint8_t* out) {
  const auto left = region_.left - columns_.begin * unit_.width, width = region_.width;
  const auto* const luma = components_[0].plane.row(y) + left;
  if (channels_ == 1) {
    std::copy_n(luma, width, out);
    return;
  }
  if (components_.size() == 1) {
    for (int64_t x = 0; x < width; ++x) std::fill_n(out + 3 * x, 3, luma[x]);
    return;
  }
  const Size samples{(picture_.height + mixed_.height - 1) / mixed_.height, (picture_.width + mixed_.width - 1) / mixed_.width};
  const auto unit_samples = unit_.width / mixed_.width, row = y / mixed_.height;
  const auto count = std::min(columns_.end * unit_samples, samples.width) - columns_.begin * unit_samples;
  std::array<const uint8_t*, 2> chroma{};
  for (size_t i = 0; i < 2; ++i) {
    auto& plane = components_[1 + i].plane;
    if (mixed_.width == 1) {
      chroma[i] = plane.row(row) + left;
      continue;
    }
    auto* const wide = chroma_[i].data();
    if (mixed_.height == 1) {
      simd::jpeg_widen(plane.row(row), count, wide);
    } else {
      const auto other = std::clamp<int64_t>(row + (y % 2 == 0 ? -1 : 1), 0, samples.height - 1);
      simd::jpeg_widen(plane.row(row), plane.row(other), count, wide);
    }
    chroma[i] = wide + left;
  }
  simd::jpeg_to_rgb(luma, chroma[0], chroma[1], width, out);
}

bool Decoder::decode(uint8_t* out) {
  const auto end = region_.top + region_.height;
  auto y = region_.top;
  for (int64_t row = 0; row < rows_.end; ++row) {
    if (!decode_units(row)) return false;
    if (row < rows_.begin) continue;
    if (!transform(row)) return false;
    // Where rows are mixed, the last one of an MCU waits for the next one's first.
    const auto known = row + 1 == frame_.units_down() ? picture_.height : (row + 1) * unit_.height - (mixed_.height - 1);
    for (; y < std::min(known, end); ++y, out += region_.width * channels_) emit(y, out);
  }
  const auto left = left_of_segment();
  return left >= 0 && (left < 8 || rows_.end < frame_.units_down());
}

/// Whether libjpeg would upsample otherwise, or is better at it.
bool is_small(const Frame& frame) { return frame.size.width < 8 || frame.size.height < 8; }

int64_t choose_channels(const Frame& frame, ImageReadMode mode) {
  switch (mode) {
    case ImageReadMode::UNCHANGED: return static_cast<int64_t>(frame.components.size());
    case ImageReadMode::GRAY: return 1;
    case ImageReadMode::RGB: return 3;
    default: return 0;
  }
}

bool decode(Bytes bytes, const DecodeOptions& options, const Destination& destination, int64_t much) {
  // What a warning is, libjpeg knows.
  if (options.strict || !simd::has_jpeg() || static_cast<int64_t>(bytes.size()) > options.limits.codec_bytes / 2) return false;
  const auto frame = read_frame(bytes);
  if (!frame || is_small(*frame)) return false;
  ImageInfo info{.height = frame->size.height,
                 .width = frame->size.width,
                 .channels = choose_channels(*frame, options.mode),
                 .picture = frame->size};
  if (info.channels == 0) return false;
  check_limits("decode_jpeg", info, options.limits);
  if (options.apply_exif_orientation) info.orientation = frame->orientation;
  Region region{0, 0, frame->size.height, frame->size.width};
  if (options.region) region = take_region("decode_jpeg", *options.region, info);
  info.scale = choose_scale({region.height, region.width}, options.min_size);
  if (info.scale != 1 && (info.scale != 8 || frame->components[0].across != frame->components[0].down)) return false;
  region = scaled_region(region, info.scale);
  info.height = region.height;
  info.width = region.width;

  const auto scan = read_scan(*frame);
  if (!scan) return false;
  Decoder decoder(*frame, *scan, region, info.channels, info.scale);
  return decoder.build(much) && decoder.decode(static_cast<uint8_t*>(destination(info)));
}

}  // namespace

bool decode_fast(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  return decode(bytes, options, destination, 1 << 14);
}

bool decode_fast_by_skipping(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  return decode(bytes, options, destination, 0);
}

}  // namespace opsis::inline v1::io::jpeg
