#include "opsis/io/nifti_header.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>

#include "opsis/core/check.h"

namespace opsis::inline v1::io {
namespace {

template <class... Values>
[[noreturn]] void bad_nifti(std::string_view why, const Values&... values) {
  raise<DecodeError>("read_nifti: {}", text(why, values...));
}

// Numbers at places of the header.
class NiftiFields {
 public:
  NiftiFields(Bytes head, bool big_endian) : head_(head), big_(big_endian) {}
  template <class Number>
  Number at(size_t place) const {
    uint64_t bits = 0;
    for (size_t i = 0; i < sizeof(Number); ++i) {
      bits = bits << 8 | head_[place + (big_ ? i : sizeof(Number) - 1 - i)];
    }
    if constexpr (std::is_same_v<Number, float>) {
      const auto narrow = static_cast<uint32_t>(bits);
      float out;
      std::memcpy(&out, &narrow, sizeof out);
      return out;
    } else if constexpr (std::is_same_v<Number, double>) {
      double out;
      std::memcpy(&out, &bits, sizeof out);
      return out;
    } else {
      return static_cast<Number>(bits);
    }
  }
  std::string_view text(size_t place, size_t length) const {
    const auto all = as_text(head_.subspan(place, length));
    return all.substr(0, all.find('\0'));
  }

 private:
  Bytes head_;
  bool big_;
};

// What both versions have, in their own places and widths.
struct NiftiRaw {
  std::array<int64_t, 8> dim{};
  std::array<double, 8> pixdim{};
  int datatype = 0, qform = 0, sform = 0, units = 0;
  double offset = 0, slope = 0, intercept = 0;
  std::array<double, 3> quaternion{}, place{};
  std::array<double, 12> rows{};
};

// `Side` is how a version writes its sides, `Real` its numbers, `Code` its codes; the places follow each other in both.
struct NiftiPlaces {
  size_t dim, datatype, pixdim, offset, slope, qform, quaternion, units, description;
};
constexpr NiftiPlaces kNifti1{40, 70, 76, 108, 112, 252, 256, 123, 148};
constexpr NiftiPlaces kNifti2{16, 12, 104, 168, 176, 344, 352, 500, 240};

template <class Side, class Real, class Code>
NiftiRaw read_raw(const NiftiFields& fields, const NiftiPlaces& places) {
  NiftiRaw out;
  const auto reals = [&](size_t place, auto& list) {
    for (size_t i = 0; i < list.size(); ++i) list[i] = static_cast<double>(fields.at<Real>(place + i * sizeof(Real)));
  };
  for (size_t i = 0; i < 8; ++i) out.dim[i] = fields.at<Side>(places.dim + i * sizeof(Side));
  reals(places.pixdim, out.pixdim);
  out.datatype = fields.at<int16_t>(places.datatype);
  out.slope = static_cast<double>(fields.at<Real>(places.slope));
  out.intercept = static_cast<double>(fields.at<Real>(places.slope + sizeof(Real)));
  out.qform = fields.at<Code>(places.qform);
  out.sform = fields.at<Code>(places.qform + sizeof(Code));
  reals(places.quaternion, out.quaternion);
  reals(places.quaternion + 3 * sizeof(Real), out.place);
  reals(places.quaternion + 6 * sizeof(Real), out.rows);
  return out;
}

// What nibabel mends when it loads a file.
void mend(NiftiRaw& raw) {
  for (size_t i = 1; i < 4; ++i) raw.pixdim[i] = raw.pixdim[i] == 0 ? 1 : std::abs(raw.pixdim[i]);
  if (raw.pixdim[0] != 1 && raw.pixdim[0] != -1) raw.pixdim[0] = 1;
  for (auto* code : {&raw.qform, &raw.sform}) {
    if (*code < 0 || *code > 5) *code = 0;
  }
}

// A rotation, as a quaternion without its first number, the spacing, and an offset.
std::array<double, 16> affine_of_quaternion(const NiftiRaw& raw) {
  const auto [x, y, z] = raw.quaternion;
  const auto rest = 1 - (x * x + y * y + z * z);
  // As far as single precision rounds.
  if (!(rest >= -3.0 * std::numeric_limits<float>::epsilon())) bad_nifti("its quaternion is longer than 1");
  const auto w = std::sqrt(std::max(rest, 0.0));
  const auto s = 2 / (w * w + x * x + y * y + z * z);
  const auto X = x * s, Y = y * s, Z = z * s;
  const auto wX = w * X, wY = w * Y, wZ = w * Z, xX = x * X, xY = x * Y, xZ = x * Z, yY = y * Y, yZ = y * Z, zZ = z * Z;
  const double rotation[3][3] = {
      {1 - (yY + zZ), xY - wZ, xZ + wY}, {xY + wZ, 1 - (xX + zZ), yZ - wX}, {xZ - wY, yZ + wX, 1 - (xX + yY)}};
  const double spacing[3] = {raw.pixdim[1], raw.pixdim[2], raw.pixdim[3] * raw.pixdim[0]};
  std::array<double, 16> out{};
  for (size_t row = 0; row < 3; ++row) {
    for (size_t column = 0; column < 3; ++column) out[4 * row + column] = rotation[row][column] * spacing[column];
    out[4 * row + 3] = raw.place[row];
  }
  out[15] = 1;
  return out;
}

// Without either: the spacing alone, with the middle at the origin and left on the right, as programs before NIfTI had it.
std::array<double, 16> affine_of_spacing(const NiftiRaw& raw) {
  std::array<double, 16> out{};
  for (size_t i = 0; i < 3; ++i) {
    const bool there = static_cast<int64_t>(i) < raw.dim[0];
    const auto spacing = (there ? raw.pixdim[i + 1] : 1) * (i == 0 ? -1 : 1);
    out[5 * i] = spacing;
    out[4 * i + 3] = -(static_cast<double>(there ? raw.dim[i + 1] : 1) - 1) / 2 * spacing;
  }
  out[15] = 1;
  return out;
}

std::array<double, 16> affine_of(const NiftiRaw& raw) {
  if (raw.sform != 0) {
    std::array<double, 16> out{};
    std::copy(raw.rows.begin(), raw.rows.end(), out.begin());
    out[15] = 1;
    return out;
  }
  return raw.qform != 0 ? affine_of_quaternion(raw) : affine_of_spacing(raw);
}

size_t width_of(NiftiType type) {
  switch (type) {
    case NiftiType::UInt8:
    case NiftiType::Int8: return 1;
    case NiftiType::Int16:
    case NiftiType::UInt16: return 2;
    case NiftiType::Int32:
    case NiftiType::UInt32:
    case NiftiType::Float32: return 4;
    case NiftiType::Int64:
    case NiftiType::UInt64:
    case NiftiType::Float64: return 8;
  }
  bad_nifti("its voxels are of type {}; whole numbers and those of float32 and float64 can be read", static_cast<int>(type));
}

std::string_view space_units(int code) {
  constexpr std::string_view names[] = {"unknown", "meter", "mm", "micron"};
  return names[(code & 7) < 4 ? code & 7 : 0];
}

std::string_view time_units(int code) {
  constexpr std::string_view names[] = {"unknown", "sec", "msec", "usec", "hz", "ppm", "rads"};
  return names[(code >> 3 & 7) < 7 ? code >> 3 & 7 : 0];
}

// `voxels`: the file of a pair that has them, none when it is the same.
NiftiHeader parse_nifti_header(Bytes file, std::optional<Bytes> voxels, const Limits& limits) {
  constexpr int32_t size1 = 348, size2 = 540;
  if (file.size() < size1) bad_nifti("{} bytes are too few for a header", file.size());
  NiftiHeader out;
  int32_t size = 0;
  for (const bool big : {false, true}) {
    const auto stated = NiftiFields(file, big).at<int32_t>(0);
    if (stated != size1 && stated != size2) continue;
    size = stated;
    out.big_endian = big;
  }
  if (size == 0) bad_nifti("it does not begin with 348 or 540, the size of its header");
  if (file.size() < static_cast<size_t>(size)) bad_nifti("{} bytes are too few for a header", file.size());
  out.version = size == size1 ? 1 : 2;
  const NiftiFields fields(file, out.big_endian);
  const auto magic = fields.text(size == size1 ? 344 : 4, 4);
  const std::string_view one_file = size == size1 ? "n+1" : "n+2", pair = size == size1 ? "ni1" : "ni2";
  if (magic == pair && !voxels) bad_nifti("its voxels are in a file of their own (.img); read the pair by its path, x.hdr");
  if (magic == one_file && voxels) bad_nifti("it is said to have its voxels behind the header; name it x.nii");
  if (magic != one_file && magic != pair) bad_nifti("it has no magic word of NIfTI; Analyze 7.5 is not read");
  const auto& places = size == size1 ? kNifti1 : kNifti2;
  auto raw =
      size == size1 ? read_raw<int16_t, float, int16_t>(fields, places) : read_raw<int64_t, double, int32_t>(fields, places);
  const auto units = size == size1 ? int{file[places.units]} : fields.at<int32_t>(places.units);
  mend(raw);

  if (raw.dim[0] < 1 || raw.dim[0] > 7) bad_nifti("it has {} dimensions; 1 to 7 can be", raw.dim[0]);
  out.type = static_cast<NiftiType>(raw.datatype);
  out.width = width_of(out.type);
  uint64_t count = 1, room = 1;  // room: what the other sides come to where one is 0, of which strides are made
  for (int64_t i = 1; i <= raw.dim[0]; ++i) {
    const auto side = raw.dim[static_cast<size_t>(i)];
    if (side < 0 || __builtin_mul_overflow(room, static_cast<uint64_t>(std::max<int64_t>(side, 1)), &room))
      bad_nifti("it has a side of {}", side);
    count *= static_cast<uint64_t>(side);
    out.shape.push_back(side);
    out.spacing.push_back(raw.pixdim[static_cast<size_t>(i)]);
  }
  if (room > static_cast<uint64_t>(limits.image_bytes) / sizeof(double)) {
    bad_nifti("its {} voxels go over limits.image_bytes ({})", room, limits.image_bytes);
  }
  const auto offset = size == size1 ? static_cast<double>(fields.at<float>(places.offset))
                                    : static_cast<double>(fields.at<int64_t>(places.offset));
  const auto held = voxels.value_or(file).size();
  if (!(offset >= (voxels ? 0 : size) && offset <= static_cast<double>(held))) {
    bad_nifti("its voxels are said to begin at byte {} of {}", offset, held);
  }
  out.offset = static_cast<size_t>(offset);
  out.size = static_cast<size_t>(count) * out.width;
  if (out.size > held - out.offset) {
    bad_nifti("its voxels take {} bytes, of which there are {}", out.size, held - out.offset);
  }
  out.scales = raw.slope != 0 && std::isfinite(raw.slope);
  if (out.scales) {
    if (!std::isfinite(raw.intercept)) bad_nifti("it has a slope and no proper intercept");
    out.slope = raw.slope;
    out.intercept = raw.intercept;
  }
  out.affine = affine_of(raw);
  out.space_units = space_units(units);
  out.time_units = time_units(units);
  out.description = fields.text(places.description, 80);
  return out;
}

}  // namespace

NiftiHeader read_nifti_header(Bytes file, const Limits& limits) { return parse_nifti_header(file, std::nullopt, limits); }

NiftiHeader read_nifti_header(Bytes header, Bytes voxels, const Limits& limits) {
  return parse_nifti_header(header, voxels, limits);
}

}  // namespace opsis::inline v1::io
