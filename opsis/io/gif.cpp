// The traps of giflib: it holds every frame before it gives one (DGifSlurp), so the records are walked by hand; how many
// frames there are is known only at the end, so they are walked twice, the first time without unpacking; palettes may have
// fewer colors than pixels ask for.
#include "opsis/io/gif.h"

#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <limits>
#include <memory>
#include <numeric>
#include <span>

#include "opsis/core/check.h"
#include "opsis/core/frees.h"

namespace opsis::inline v1::io::gif {
namespace {

// Decoding.

void close_reader(GifFileType* file) { DGifCloseFile(file, nullptr); }

int on_gif_read(GifFileType* file, GifByteType* out, int count) {
  auto* rest = static_cast<Bytes*>(file->UserData);
  const auto given = std::min(static_cast<size_t>(count), rest->size());
  std::copy_n(rest->begin(), given, out);  // memcpy does not take the null pointer of what is empty
  *rest = rest->subspan(given);
  return static_cast<int>(given);
}

[[noreturn]] void fail_gif(int error, Bytes bytes) {
  const char* reason = GifErrorString(error);
  raise<DecodeError>("decode_gif: {} ({} bytes)", reason ? reason : "the file cannot be read", bytes.size());
}

constexpr GraphicsControlBlock kNoControl{
    .DisposalMode = DISPOSAL_UNSPECIFIED, .UserInputFlag = false, .DelayTime = 0, .TransparentColor = NO_TRANSPARENT_COLOR};

/// The records of a file, one image after the other.
class Records {
 public:
  explicit Records(Bytes bytes) : all_(bytes), rest_(bytes) {
    int error = D_GIF_SUCCEEDED;
    file_.reset(DGifOpen(&rest_, on_gif_read, &error));
    if (!file_) fail_gif(error, all_);
  }

  /// Goes to the next image, past its header; false at the end of the file.
  bool next() {
    control_ = kNoControl;
    still_transparent_ = -1;
    bool has_control = false;
    for (;;) {
      GifRecordType type = UNDEFINED_RECORD_TYPE;
      check(DGifGetRecordType(file_.get(), &type));
      if (type == TERMINATE_RECORD_TYPE) return false;
      if (type == IMAGE_DESC_RECORD_TYPE) {
        check(DGifGetImageDesc(file_.get()));
        return true;
      }
      if (type != EXTENSION_RECORD_TYPE) continue;
      int function = 0;
      GifByteType* block = nullptr;  // its length, then its bytes
      check(DGifGetExtension(file_.get(), &function, &block));
      if (block && function == GRAPHICS_EXT_FUNC_CODE) {
        auto control = kNoControl;
        DGifExtensionToGCB(block[0], block + 1, &control);
        if (control.TransparentColor >= 0) still_transparent_ = control.TransparentColor;
        if (!has_control) control_ = control;  // the first counts, as in DGifSavedExtensionToGCB
        has_control = true;
      }
      while (block) check(DGifGetExtensionNext(file_.get(), &block));
    }
  }

  /// Passes over the pixels of the image.
  void skip() {
    int size = 0;
    GifByteType* block = nullptr;
    check(DGifGetCode(file_.get(), &size, &block));
    while (block) check(DGifGetCodeNext(file_.get(), &block));
  }

  void read_row(std::span<uint8_t> row) { check(DGifGetLine(file_.get(), row.data(), static_cast<int>(row.size()))); }

  const GifFileType& file() const { return *file_; }
  const GifImageDesc& image() const { return file_->Image; }
  const GraphicsControlBlock& control() const { return control_; }
  /// The transparent color as Pillow finds it, where the last counts; -1 for none.
  int still_transparent() const { return still_transparent_; }

 private:
  void check(int result) const {
    if (result == GIF_ERROR) fail_gif(file_->Error, all_);
  }

  Bytes all_, rest_;
  std::unique_ptr<GifFileType, Frees<close_reader>> file_;
  GraphicsControlBlock control_{};
  int still_transparent_ = -1;
};

using Color = std::array<uint8_t, 3>;

/// All colors that an index may name; black where the palette has none.
struct Palette {
  std::array<Color, 256> colors{};
  int count = 0;  ///< in the file

  const Color& operator[](int index) const { return colors[static_cast<size_t>(index & 255)]; }
};

Palette read_palette(const ColorMapObject* map) {
  Palette out;
  out.count = map ? std::min(map->ColorCount, 256) : 0;
  for (int i = 0; i < out.count; ++i) {
    const auto& color = map->Colors[i];
    out.colors[static_cast<size_t>(i)] = {color.Red, color.Green, color.Blue};
  }
  return out;
}

/// Of the image that the records are at.
Palette palette_of(const Records& records) {
  const auto* map = records.image().ColorMap ? records.image().ColorMap : records.file().SColorMap;
  if (!map) raise<DecodeError>("decode_gif: an image has no palette");
  return read_palette(map);
}

/// The same as Pillow finds it: a palette whose colors are the levels of gray in their order is none, and without one an index is a
/// level of gray.
Palette still_palette(const Records& records) {
  for (const auto* map : {records.image().ColorMap, records.file().SColorMap}) {
    const auto palette = read_palette(map);
    for (int i = 0; i < palette.count; ++i) {
      const auto level = static_cast<uint8_t>(i);
      if (palette[i] != Color{level, level, level}) return palette;
    }
  }
  Palette gray{.count = 256};
  for (size_t i = 0; i < 256; ++i) gray.colors[i].fill(static_cast<uint8_t>(i));
  return gray;
}

void fill(uint8_t* canvas, Size size, const Color& color) {
  for (int64_t i = 0; i < size.height * size.width; ++i) std::memcpy(canvas + 3 * i, color.data(), 3);
}

/// The rows of an image of this height, in the order in which the file has them.
std::vector<int> row_order(int height, bool interlaced) {
  std::vector<int> order;
  order.reserve(static_cast<size_t>(height));
  constexpr int begins[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
  for (int pass = 0; pass < (interlaced ? 4 : 1); ++pass) {
    for (int y = interlaced ? begins[pass] : 0; y < height; y += interlaced ? steps[pass] : 1) order.push_back(y);
  }
  return order;
}

/// Whether a frame of this disposal is drawn upon the one before it. torchvision's rule; the numbers from 4 mean nothing.
bool keeps_canvas(int disposal) {
  return disposal == DISPOSAL_UNSPECIFIED || disposal == DISPOSE_DO_NOT || disposal == DISPOSE_PREVIOUS;
}

/// Draws the image that the records are at upon a canvas, but for what is of the transparent index, -1 for none.
void draw(Records& records, const Palette& palette, int transparent, uint8_t* canvas, Size size, bool strict) {
  const auto& image = records.image();
  const bool leaves = int64_t{image.Left} + image.Width > size.width || int64_t{image.Top} + image.Height > size.height;
  if (strict && leaves) raise<DecodeError>("decode_gif: an image leaves the canvas of {}x{}", size.height, size.width);

  std::vector<uint8_t> row(static_cast<size_t>(image.Width));
  const auto visible = std::min<int64_t>(image.Width, size.width - image.Left);
  for (const int y : row_order(image.Height, image.Interlace)) {
    records.read_row(row);
    if (image.Top + y >= size.height) continue;
    auto* out = canvas + ((int64_t{image.Top} + y) * size.width + image.Left) * 3;
    for (int64_t x = 0; x < visible; ++x) {
      const int index = row[static_cast<size_t>(x)];
      if (index == transparent) continue;
      if (strict && index >= palette.count) raise<DecodeError>("decode_gif: color {} of a palette of {}", index, palette.count);
      std::memcpy(out + x * 3, palette[index].data(), 3);
    }
  }
}

// Encoding.

void close_writer(GifFileType* file) { EGifCloseFile(file, nullptr); }

int on_gif_write(GifFileType* file, const GifByteType* data, int count) {
  auto* bytes = static_cast<std::vector<uint8_t>*>(file->UserData);
  try {  // no exception may leave a callback
    bytes->insert(bytes->end(), data, data + count);
  } catch (const std::exception&) {
    return 0;
  }
  return count;
}

/// A frame as indices into its palette; `transparent` is -1 where no frame has anything transparent.
struct Indexed {
  std::vector<uint8_t> indices;
  std::vector<Color> palette;
  int transparent = -1;
};

Color color_at(const uint8_t* pixel, int64_t channels) {
  return channels == 1 ? Color{pixel[0], pixel[0], pixel[0]} : Color{pixel[0], pixel[1], pixel[2]};
}

bool is_clear(const uint8_t* pixel, int64_t channels) { return channels == 4 && pixel[3] < 128; }

bool any_clear(const uint8_t* pixels, int64_t count, int64_t channels) {
  for (int64_t i = 0; i < count; ++i) {
    if (is_clear(pixels + i * channels, channels)) return true;
  }
  return false;
}

/// A color in the upper 24 bits, red first; below them how many pixels have it, or which one.
using Keyed = uint64_t;
constexpr int kKeyShift = 40;
constexpr Keyed kBelowKey = (Keyed{1} << kKeyShift) - 1;

Keyed key_of(const Color& color) { return (Keyed{color[0]} << 16 | Keyed{color[1]} << 8 | Keyed{color[2]}) << kKeyShift; }

int shift_of(int channel) { return kKeyShift + 8 * (2 - channel); }

Color color_of(Keyed key) {
  Color color;
  for (int c = 0; c < 3; ++c) color[static_cast<size_t>(c)] = static_cast<uint8_t>(key >> shift_of(c));
  return color;
}

/// Sorts by one channel; what is equal there stays in its order.
void sort_by_byte(std::span<Keyed> items, int channel, std::vector<Keyed>& room) {
  std::array<size_t, 257> places{};
  const auto byte = [shift = shift_of(channel)](Keyed item) { return static_cast<size_t>(item >> shift & 255); };
  for (const auto item : items) ++places[byte(item) + 1];
  std::partial_sum(places.begin(), places.end(), places.begin());
  room.resize(std::max(room.size(), items.size()));
  for (const auto item : items) room[places[byte(item)]++] = item;
  std::copy_n(room.begin(), items.size(), items.begin());
}

/// Sorts by one channel and then the others, red first.
void sort_by_channel(std::span<Keyed> items, int channel, std::vector<Keyed>& room) {
  for (int other = 2; other >= 0; --other) {
    if (other != channel) sort_by_byte(items, other, room);
  }
  sort_by_byte(items, channel, room);
}

/// Some colors, the channel in which they are farthest apart, and how far.
struct Box {
  explicit Box(std::span<Keyed> all) : colors(all) {
    Color low{255, 255, 255}, high{};
    for (const auto key : all) {
      const auto color = color_of(key);
      for (size_t c = 0; c < 3; ++c) low[c] = std::min(low[c], color[c]), high[c] = std::max(high[c], color[c]);
    }
    for (size_t c = 0; c < 3; ++c) {
      if (high[c] - low[c] > length) side = static_cast<int>(c), length = high[c] - low[c];
    }
  }

  std::span<Keyed> colors;
  int side = 0, length = -1;
};

Color mean_of(std::span<const Keyed> colors) {
  std::array<int64_t, 3> sums{};
  int64_t total = 0;
  for (const auto key : colors) {
    const auto color = color_of(key);
    const auto count = static_cast<int64_t>(key & kBelowKey);
    total += count;
    for (size_t c = 0; c < 3; ++c) sums[c] += count * color[c];
  }
  Color mean;
  for (size_t c = 0; c < 3; ++c) mean[c] = static_cast<uint8_t>((sums[c] + total / 2) / total);
  return mean;
}

/// Median cut: the box with the longest side is halved by pixels until there are enough; a box becomes its mean.
std::vector<Color> cut(std::vector<Keyed> colors, size_t wanted) {
  std::vector<Keyed> room;
  std::vector<Box> boxes{Box(colors)};
  while (boxes.size() < wanted) {
    const auto longest =
        std::max_element(boxes.begin(), boxes.end(), [](const Box& a, const Box& b) { return a.length < b.length; });
    if (longest->length <= 0) break;
    const auto all = longest->colors;
    sort_by_channel(all, longest->side, room);
    uint64_t total = 0, seen = 0;
    for (const auto key : all) total += key & kBelowKey;
    size_t middle = 0;
    while (middle + 2 < all.size() && (seen += all[middle] & kBelowKey) * 2 < total) ++middle;
    *longest = Box(all.first(middle + 1));
    boxes.emplace_back(all.subspan(middle + 1));
  }
  std::vector<Color> palette;
  for (const auto& box : boxes) palette.push_back(mean_of(box.colors));
  return palette;
}

/// The nearest color of a palette, the first of several.
class Nearest {
 public:
  explicit Nearest(const std::vector<Color>& palette) {
    for (const auto& color : palette) by_red_.push_back({color, static_cast<int>(by_red_.size())});
    std::sort(by_red_.begin(), by_red_.end(), [](const Entry& a, const Entry& b) { return a.color[0] < b.color[0]; });
  }

  uint8_t operator()(const Color& color) const {
    int best = std::numeric_limits<int>::max();  // the squared distance, and below it 8 bits of the place
    // Whether one that is farther off in red may still be nearer.
    const auto look = [&](const Entry& entry) {
      std::array<int, 3> squares;
      for (size_t c = 0; c < 3; ++c) squares[c] = (color[c] - entry.color[c]) * (color[c] - entry.color[c]);
      if (squares[0] << 8 > best) return false;
      best = std::min(best, (squares[0] + squares[1] + squares[2]) << 8 | entry.place);
      return true;
    };
    const auto from = std::lower_bound(by_red_.begin(), by_red_.end(), color[0],
                                       [](const Entry& entry, uint8_t red) { return entry.color[0] < red; });
    for (auto entry = from; entry != by_red_.end() && look(*entry);) ++entry;
    for (auto entry = from; entry != by_red_.begin() && look(*--entry);) continue;
    return static_cast<uint8_t>(best & 255);
  }

 private:
  struct Entry {
    Color color;
    int place;
  };
  std::vector<Entry> by_red_;
};

bool same_color(Keyed a, Keyed b) { return (a ^ b) >> kKeyShift == 0; }

/// Adds up what has the same color, of two sorted parts the second of which begins at `middle`.
void merge_colors(std::vector<Keyed>& colors, size_t middle) {
  if (middle == 0) return;
  std::inplace_merge(colors.begin(), colors.begin() + static_cast<std::ptrdiff_t>(middle), colors.end());
  auto last = colors.begin();
  for (auto color = std::next(last); color != colors.end(); ++color) {
    if (same_color(*last, *color)) {
      *last += *color & kBelowKey;
    } else {
      *++last = *color;
    }
  }
  colors.erase(std::next(last), colors.end());
}

/// With an index for what is transparent, when asked.
Indexed index(const uint8_t* pixels, Size size, int64_t channels, bool transparent) {
  const int64_t count = size.height * size.width;
  // Pixels are sorted run by run, for it takes 16 bytes of each: a large picture in 16 runs, others in one.
  const auto run = std::max(int64_t{1} << 20, (count + 15) / 16);
  std::vector<Keyed> shown, room;  // the pixels of a run that are not clear, by their colors
  shown.reserve(static_cast<size_t>(std::min(run, count)));
  const auto sort_run = [&](int64_t from) {
    shown.clear();
    const auto end = std::min(from + run, count);
    for (int64_t i = from; i < end; ++i) {
      const auto* const pixel = pixels + i * channels;
      if (!is_clear(pixel, channels)) shown.push_back(key_of(color_at(pixel, channels)) | static_cast<Keyed>(i));
    }
    sort_by_channel(shown, 0, room);
  };
  std::vector<Keyed> colors;
  for (int64_t from = 0; from < count; from += run) {
    sort_run(from);
    const auto before = colors.size();
    for (const auto pixel : shown) {
      if (colors.size() == before || !same_color(colors.back(), pixel)) colors.push_back(pixel & ~kBelowKey);
      ++colors.back();
    }
    merge_colors(colors, before);
  }

  Indexed out;
  const size_t entries = transparent ? 255 : 256;
  if (colors.size() > entries) {
    out.palette = cut(colors, entries);
  } else {
    for (const auto key : colors) out.palette.push_back(color_of(key));
  }
  const Nearest nearest(out.palette);
  if (transparent) {
    out.transparent = static_cast<int>(out.palette.size());
    out.palette.push_back({});
  }
  out.indices.assign(static_cast<size_t>(count), static_cast<uint8_t>(std::max(out.transparent, 0)));
  std::vector<uint8_t> places;
  places.reserve(colors.size());
  for (const auto key : colors) places.push_back(nearest(color_of(key)));
  for (int64_t from = 0; from < count; from += run) {
    if (run < count) sort_run(from);  // else it is sorted still
    size_t color = 0;
    for (const auto pixel : shown) {
      while (!same_color(colors[color], pixel)) ++color;
      out.indices[pixel & kBelowKey] = places[color];
    }
  }
  return out;
}

class Writer {
 public:
  explicit Writer(std::vector<uint8_t>& bytes) {
    int error = E_GIF_SUCCEEDED;
    file_.reset(EGifOpen(&bytes, on_gif_write, &error));
    if (!file_) raise<ValueError>("encode_gif: out of memory");
    EGifSetGifVersion(file_.get(), true);
  }

  void begin(Size size) {
    check(EGifPutScreenDesc(file_.get(), static_cast<int>(size.width), static_cast<int>(size.height), 8, 0, nullptr));
  }

  void put_loops(int64_t loops) {
    const uint8_t block[] = {1, static_cast<uint8_t>(loops & 255), static_cast<uint8_t>(loops >> 8)};
    check(EGifPutExtensionLeader(file_.get(), APPLICATION_EXT_FUNC_CODE));
    check(EGifPutExtensionBlock(file_.get(), 11, "NETSCAPE2.0"));
    check(EGifPutExtensionBlock(file_.get(), sizeof block, block));
    check(EGifPutExtensionTrailer(file_.get()));
  }

  void put_frame(Indexed& frame, Size size, int64_t delay_ms) {
    // What is transparent must not show the frame before: by the standard that one says so, by torchvision the frame itself.
    const GraphicsControlBlock control{.DisposalMode = frame.transparent >= 0 ? DISPOSE_BACKGROUND : DISPOSE_DO_NOT,
                                       .UserInputFlag = false,
                                       .DelayTime = static_cast<int>(delay_ms / 10),
                                       .TransparentColor = frame.transparent};
    GifByteType extension[4];
    check(EGifPutExtension(file_.get(), GRAPHICS_EXT_FUNC_CODE, static_cast<int>(EGifGCBToExtension(&control, extension)),
                           extension));
    const int colors = 1 << GifBitSize(static_cast<int>(frame.palette.size()));
    const std::unique_ptr<ColorMapObject, Frees<GifFreeMapObject>> map(GifMakeMapObject(std::max(colors, 2), nullptr));
    if (!map) raise<ValueError>("encode_gif: out of memory");
    for (size_t i = 0; i < frame.palette.size(); ++i) {
      map->Colors[i] = {frame.palette[i][0], frame.palette[i][1], frame.palette[i][2]};
    }
    check(EGifPutImageDesc(file_.get(), 0, 0, static_cast<int>(size.width), static_cast<int>(size.height), false, map.get()));
    for (int64_t y = 0; y < size.height; ++y) {
      check(EGifPutLine(file_.get(), frame.indices.data() + y * size.width, static_cast<int>(size.width)));
    }
  }

  void end() {
    int error = E_GIF_SUCCEEDED;
    if (EGifCloseFile(file_.release(), &error) == GIF_ERROR) raise<ValueError>("encode_gif: {}", GifErrorString(error));
  }

 private:
  void check(int result) const {
    if (result == GIF_ERROR) raise<ValueError>("encode_gif: {}", GifErrorString(file_->Error));
  }

  std::unique_ptr<GifFileType, Frees<close_writer>> file_;
};

}  // namespace

void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  ImageInfo info{.channels = 3, .frames = 0};
  {
    Records records(bytes);
    while (records.next()) {
      const auto& image = records.image();
      if (info.frames == 0) {
        info.height = std::max(records.file().SHeight, image.Height + (options.still ? image.Top : 0));
        info.width = std::max(records.file().SWidth, image.Width + (options.still ? image.Left : 0));
      }
      ++info.frames;
      check_frames("decode_gif", info, bytes.size(), options.limits);
      if (options.still) break;
      records.skip();
    }
  }
  if (info.frames == 0) raise<DecodeError>("decode_gif: there is no image in it ({} bytes)", bytes.size());
  if (info.height < 1 || info.width < 1) raise<DecodeError>("decode_gif: the image is {}x{}", info.height, info.width);

  const Size size{info.height, info.width};
  auto* const out = static_cast<uint8_t*>(destination(info));
  const auto frame_bytes = static_cast<size_t>(info.height * info.width * 3);
  Records records(bytes);
  if (options.still) {
    records.next();
    const auto palette = still_palette(records);
    fill(out, size, palette[std::max(records.still_transparent(), 0)]);
    return draw(records, palette, -1, out, size, options.strict);
  }
  const auto background = read_palette(records.file().SColorMap)[records.file().SBackGroundColor];
  auto* canvas = out;
  for (int64_t frame = 0; frame < info.frames && records.next(); ++frame, canvas += frame_bytes) {
    if (frame > 0 && keeps_canvas(records.control().DisposalMode)) {
      std::memcpy(canvas, canvas - frame_bytes, frame_bytes);
    } else {
      fill(canvas, size, background);
    }
    draw(records, palette_of(records), records.control().TransparentColor, canvas, size, options.strict);
  }
}

std::vector<uint8_t> encode(const uint8_t* pixels, int64_t frames, Size size, int64_t channels, int64_t delay_ms,
                            int64_t loops) {
  OPSIS_CHECK(size.height >= 1 && size.width >= 1 && size.height <= 65535 && size.width <= 65535,
              "encode_gif: a GIF has 1 to 65535 pixels a side, the image is {} high and {} wide", size.height, size.width);
  std::vector<uint8_t> bytes;
  Writer writer(bytes);
  writer.begin(size);
  if (frames > 1) writer.put_loops(loops);
  const auto count = size.height * size.width;
  // All or none: readers clear with the transparent color of the frame that they take away, and Pillow has alpha in no frame
  // where the first has none.
  const bool transparent = any_clear(pixels, frames * count, channels);
  for (int64_t i = 0; i < frames; ++i) {
    auto frame = index(pixels + i * count * channels, size, channels, transparent);
    writer.put_frame(frame, size, delay_ms);
  }
  writer.end();
  return bytes;
}

}  // namespace opsis::inline v1::io::gif
