#include "opsis/core/check.h"
#include "opsis/hub/container.h"
#include "opsis/hub/pickle_globals.h"

namespace opsis::inline v1::hub {
namespace {

using Kind = PickleKind;

[[noreturn]] void bad_stream(std::string_view why) { raise<DecodeError>("read_stream: {}", why); }

/// Bytes of an element of each storage that the pickle names, by key.
std::unordered_map<std::string_view, size_t> storage_widths(const Pickle& pickle) {
  std::unordered_map<std::string_view, size_t> out;
  for (const auto& node : pickle.nodes) {
    if (node.kind != Kind::Storage) continue;
    const auto width = storage_width(pickle[node.items[0]].text);
    if (out.emplace(node.text, width).first->second != width) bad_stream(text("its storage {} has two types", node.text));
  }
  return out;
}

}  // namespace

size_t detail::stream_magic_size(io::Bytes file) {
  constexpr std::string_view number = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
  if (file.size() < 2 || file[0] != 0x80 || file[1] < 2 || file[1] > 5) return 0;
  constexpr size_t head = 2, frame = 9;  // protocols 4 and 5 say first how long the rest is
  for (const auto at : {head, head + frame}) {
    if (io::has_magic(file, at, number) && (at == head || file[head] == 0x95)) return at + number.size();
  }
  return 0;
}

StorageBytes detail::read_counted_storage(io::Bytes file, size_t& at, size_t width) {
  constexpr size_t head = 8;
  if (at > file.size() || file.size() - at < head) raise<DecodeError>("a storage is cut short at byte {}", at);
  uint64_t count = 0;
  for (size_t i = head; i-- > 0;) count = count << 8 | file[at + i];
  at += head;
  if (count > (file.size() - at) / width) {
    raise<DecodeError>("a storage claims {} elements of {} bytes at byte {} of {}", count, width, at, file.size());
  }
  const StorageBytes out{at, static_cast<size_t>(count) * width};
  at += out.size;
  return out;
}

Container detail::read_stream_container(io::Bytes file, const Limits& limits) {
  size_t at = stream_magic_size(file);
  const auto next = [&] {
    auto pickle = read_pickle_at(file, at, limits);
    at += pickle.size;
    return pickle;
  };
  const auto version = next();
  if (version[version.root].kind != Kind::Int || version[version.root].integer != 1001) {
    bad_stream("it has a version other than 1001");
  }
  // What machine wrote it. Its byte order does not matter: numbers are little-endian on every machine.
  if (const auto system = next(); system[system.root].kind != Kind::Dict) bad_stream("it does not tell the machine's sizes");

  Container out;
  out.pickle = next();
  const auto widths = storage_widths(out.pickle);
  const auto keys = next();
  if (keys[keys.root].kind != Kind::List) bad_stream("its storages have no list of keys");
  for (const auto index : keys[keys.root].items) {
    const auto& key = keys[index];
    const auto width = key.kind == Kind::String ? widths.find(key.text) : widths.end();
    if (width == widths.end()) bad_stream("it lists a storage that no tensor has");
    const auto place = read_counted_storage(file, at, width->second);
    if (!out.storages.emplace(key.text, place).second) {
      bad_stream(text("it lists the storage {} twice", key.text));
    }
  }
  return out;
}

}  // namespace opsis::inline v1::hub
