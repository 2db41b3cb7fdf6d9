#include "opsis/core/check.h"
#include "opsis/hub/container.h"
#include "opsis/io/zip_reader.h"

namespace opsis::inline v1::hub {
namespace {

/// Every entry lies in one folder, named like the file that was written first.
std::string find_folder(const io::ZipDirectory& zip) {
  constexpr std::string_view name = "/data.pkl";
  std::string folder;
  for (const auto& entry : zip.entries) {
    if (!entry.name.ends_with(name) || entry.name.find('/') != entry.name.size() - name.size()) continue;
    if (!folder.empty()) raise<DecodeError>("a zip archive with two pickles");
    folder = entry.name.substr(0, entry.name.size() - name.size() + 1);
  }
  if (folder.empty()) raise<DecodeError>("a zip archive, but not one of torch.save: it has no data.pkl");
  return folder;
}

}  // namespace

Container detail::read_zip_container(io::Bytes file, const Limits& limits) {
  const auto zip = io::read_zip(file);
  const auto folder = find_folder(zip);
  if (zip.find(folder + "constants.pkl")) {
    raise<DecodeError>(
        "a TorchScript archive, which is a program; save the state instead, in Python: torch.save(model.state_dict(), path)");
  }

  Container out;
  if (const auto* order = zip.find(folder + "byteorder")) {
    const auto word = io::as_text(io::read_zip_entry(file, *order));
    if (word != "little" && word != "big") raise<DecodeError>("its byte order is neither little nor big");
    out.big_endian = word == "big";
  }
  out.pickle = read_pickle(io::read_zip_entry(file, *zip.find(folder + "data.pkl")), limits);
  const auto data = folder + "data/";
  for (const auto& entry : zip.entries) {
    if (!entry.name.starts_with(data)) continue;
    if (entry.compressed) raise<DecodeError>("its storage {} is compressed", entry.name.substr(data.size()));
    out.storages.emplace(entry.name.substr(data.size()), StorageBytes{entry.offset, entry.size});
  }
  return out;
}

}  // namespace opsis::inline v1::hub
