// A data set kept in one file, decoded: read once, then mapped.
//     const datasets::ImageFolder folder({.root = "photos", .transforms = resize});
//     const auto photos = datasets::cache_to_file(folder, "photos.packed");
//     data::DataLoader loader(datasets::MappedDataset(photos, augment), {.batch_size = 64, .shuffle = true});
#pragma once

#include <torch/types.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/json.h"
#include "opsis/core/parallel.h"
#include "opsis/core/random.h"
#include "opsis/datasets/dataset.h"
#include "opsis/datasets/packed_file.h"
#include "opsis/datasets/views.h"
#include "opsis/io/byte_fields.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::datasets {

namespace detail {

// Refuses a file that has another number of examples than its data set.
OPSIS_API void check_packed_size(const std::filesystem::path& path, size_t size, size_t wanted);
// Refuses one whose example is not what the data set gives.
OPSIS_API void check_packed_record(const PackedFile& file, size_t index, std::string_view wanted);

OPSIS_API void pack_tensor(std::string& out, const torch::Tensor& tensor);
// A tensor of its own, with the strides that the other had.
OPSIS_API torch::Tensor unpack_tensor(io::ByteFields& fields);

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
// Kept as bytes.
template <class T>
inline constexpr bool is_byte_vector = std::is_same_v<T, std::vector<uint8_t>> || std::is_same_v<T, std::vector<int8_t>>;
template <class T>
inline constexpr bool is_map = false;
template <class K, class V>
inline constexpr bool is_map<std::map<K, V>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

// The parts of a value by reference: what is packed of a struct or tuple, one after the other.
template <class T>
auto packed_parts(T& value) {
  if constexpr (std::is_same_v<T, Image> || std::is_same_v<T, Video> || std::is_same_v<T, Mask>) {
    return std::tie(value.data);
  } else if constexpr (std::is_same_v<T, BoundingBoxes>) {
    return std::tie(value.data, value.format, value.canvas_size, value.clamping_mode);
  } else if constexpr (std::is_same_v<T, KeyPoints>) {
    return std::tie(value.data, value.canvas_size);
  } else if constexpr (std::is_same_v<T, Size>) {
    return std::tie(value.height, value.width);
  } else if constexpr (requires { value.fields(); }) {
    return value.fields();
  } else {
    static_assert(
        requires { std::tuple_size<T>::value; },
        "cache_to_file: an example is made of tensors, tv_tensors, numbers, texts, Json, and optionals, vectors, maps, "
        "tuples and structs with fields() of such");
    return std::apply([](auto&... parts) { return std::tie(parts...); }, value);
  }
}

// Types that are made of the same.
template <class T>
inline constexpr std::string_view packed_name = "";
template <>
inline constexpr std::string_view packed_name<Image> = "I";
template <>
inline constexpr std::string_view packed_name<Video> = "V";
template <>
inline constexpr std::string_view packed_name<Mask> = "M";

// What a type is made of, so that a file of another is noticed.
template <class T>
std::string packed_kind() {
  if constexpr (std::is_same_v<T, torch::Tensor>) {
    return "t";
  } else if constexpr (std::is_enum_v<T>) {
    return "e";
  } else if constexpr (std::is_arithmetic_v<T>) {
    const auto* letter = std::is_same_v<T, bool> ? "b" : std::is_floating_point_v<T> ? "f" : std::is_signed_v<T> ? "i" : "u";
    return letter + std::to_string(sizeof(T));
  } else if constexpr (std::is_same_v<T, std::string>) {
    return "s";
  } else if constexpr (std::is_same_v<T, Json>) {
    return "j";
  } else if constexpr (is_vector<T>) {
    return "[" + packed_kind<typename T::value_type>() + "]";
  } else if constexpr (is_map<T>) {
    return "{" + packed_kind<typename T::key_type>() + packed_kind<typename T::mapped_type>() + "}";
  } else if constexpr (is_optional<T>) {
    return "?" + packed_kind<typename T::value_type>();
  } else {
    T value{};
    return std::string(packed_name<T>) +
           std::apply(
               [](auto&... parts) {
                 return "(" + (std::string() + ... + packed_kind<std::remove_cvref_t<decltype(parts)>>()) + ")";
               },
               packed_parts(value));
  }
}

template <class T>
void pack(std::string& out, T& value) {
  if constexpr (std::is_same_v<T, torch::Tensor>) {
    pack_tensor(out, value);
  } else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
    io::put_number(out, static_cast<int64_t>(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    const auto wide = static_cast<double>(value);
    uint64_t bits;
    std::memcpy(&bits, &wide, sizeof bits);
    io::put_number(out, bits);
  } else if constexpr (std::is_same_v<T, std::string>) {
    io::put_text(out, value);
  } else if constexpr (std::is_same_v<T, Json>) {
    io::put_text(out, value.dump());
  } else if constexpr (is_byte_vector<T>) {
    io::put_text(out, {reinterpret_cast<const char*>(value.data()), value.size()});
  } else if constexpr (is_vector<T>) {
    io::put_number(out, static_cast<uint64_t>(value.size()));
    for (typename T::value_type item : value) pack(out, item);
  } else if constexpr (is_map<T>) {
    io::put_number(out, static_cast<uint64_t>(value.size()));
    for (auto [key, item] : value) {
      auto name = key;
      pack(out, name);
      pack(out, item);
    }
  } else if constexpr (is_optional<T>) {
    io::put_number(out, static_cast<uint8_t>(value.has_value()));
    if (value) pack(out, *value);
  } else {
    std::apply([&](auto&... parts) { (pack(out, parts), ...); }, packed_parts(value));
  }
}

template <class T>
void unpack(io::ByteFields& fields, T& value) {
  if constexpr (std::is_same_v<T, torch::Tensor>) {
    value = unpack_tensor(fields);
  } else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
    value = static_cast<T>(fields.number<int64_t>());
  } else if constexpr (std::is_floating_point_v<T>) {
    const auto bits = fields.number<uint64_t>();
    double wide;
    std::memcpy(&wide, &bits, sizeof wide);
    value = static_cast<T>(wide);
  } else if constexpr (std::is_same_v<T, std::string>) {
    value = fields.text();
  } else if constexpr (std::is_same_v<T, Json>) {
    value = Json::parse(fields.text());
  } else if constexpr (is_byte_vector<T>) {
    const auto bytes = fields.text();
    value.assign(bytes.begin(), bytes.end());
  } else if constexpr (is_vector<T>) {
    const auto count = fields.count(1);
    value.clear();
    for (size_t i = 0; i < count; ++i) {
      typename T::value_type item{};
      unpack(fields, item);
      value.push_back(std::move(item));
    }
  } else if constexpr (is_map<T>) {
    value.clear();
    for (auto left = fields.count(1); left > 0; --left) {
      typename T::key_type key{};
      unpack(fields, key);
      unpack(fields, value[key]);
    }
  } else if constexpr (is_optional<T>) {
    value.reset();
    if (fields.number<uint8_t>()) unpack(fields, value.emplace());
  } else {
    std::apply([&](auto&... parts) { (unpack(fields, parts), ...); }, packed_parts(value));
  }
}

}  // namespace detail

/// The examples of a file that cache_to_file wrote: equal to those that it read, tensors with their types, shapes and strides,
/// tv_tensors with what they know. The file is mapped, so that many processes share one copy in the system's cache; get() gives
/// tensors of their own, and copies of this share the file.
/// Throws   as PackedFile; get throws DecodeError, with the path and the number, for an example that is damaged
template <class T>
class PackedDataset final : public Dataset<T> {
 public:
  /// `name` is what cache_to_file was given.
  explicit PackedDataset(const std::filesystem::path& path, std::string_view name = {})
      : PackedDataset(PackedFile(path, std::string(name) + " " + detail::packed_kind<T>())) {}
  explicit PackedDataset(PackedFile file) : file_(std::move(file)) {}
  size_t size() const override { return file_.size(); }
  T get(size_t index) const override {
    detail::check_index("PackedDataset", index, size());
    io::ByteFields fields(file_.record(index), "a packed example");
    T out{};
    detail::unpack(fields, out);
    return out;
  }
  const std::filesystem::path& path() const { return file_.path(); }

 private:
  PackedFile file_;
};

struct CacheOptions {
  std::string
      name{};  ///< kept in the file: a file of another name is refused. Say what was done to the examples ("resized to 256")
  uint64_t seed = 0;  ///< what an example draws when it is read comes of this and its number
};

/// All examples of a data set, read once, by torch::get_num_threads() threads, and kept in a file, which gets its name when it
/// is whole and on the disk. If it is there already, it is taken: it is refused when its size, its type of example or its name
/// are others, or when its first or last example is not, to the bit, what the data set gives. Those between are not compared: a
/// new file is written when the old one is removed. Transforms that draw belong behind it, into a MappedDataset.
/// Throws   ValueError, with the path, for a file of other examples; DecodeError for a damaged one; IoError for what cannot be
///          written; what reading the examples throws
template <class D>
PackedDataset<ExampleOf<D>> cache_to_file(D dataset, const std::filesystem::path& path, const CacheOptions& options = {}) {
  using T = ExampleOf<D>;
  const SharedDataset shared(std::move(dataset));
  const auto kind = options.name + " " + detail::packed_kind<T>();
  const auto record_of = [&](size_t index) {
    const random::Scope scope(options.seed + index);
    auto example = shared->get(index);
    std::string record;
    detail::pack(record, example);
    return record;
  };
  const bool known = std::filesystem::exists(path);
  if (!known) {
    PackedWriter file(path, kind);
    constexpr size_t at_once = 64;
    for (size_t begin = 0; begin < shared->size(); begin += at_once) {
      std::vector<std::string> records(std::min(at_once, shared->size() - begin));
      parallel_for(0, std::ssize(records), 1, [&](int64_t first, int64_t last) {
        for (auto i = first; i < last; ++i) records[static_cast<size_t>(i)] = record_of(begin + static_cast<size_t>(i));
      });
      for (const auto& record : records) file.add(io::as_bytes(record));
    }
    file.commit();
  }
  const PackedFile file(path, kind);
  detail::check_packed_size(path, file.size(), shared->size());
  if (known && file.size() > 0) {
    for (const auto index : {size_t{0}, file.size() - 1}) detail::check_packed_record(file, index, record_of(index));
  }
  return PackedDataset<T>(file);
}

}  // namespace opsis::inline v1::datasets
