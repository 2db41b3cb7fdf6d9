#include "opsis/datasets/coco_file.h"

#include <simdjson.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <unordered_map>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/json.h"
#include "opsis/datasets/coco_index.h"
#include "opsis/io/index_file.h"

namespace opsis::inline v1::datasets {

struct CocoFile::Content : CocoIndex {
  simdjson::padded_string text;
  std::optional<io::StampedFile> file;  // in place of text, when there was an index

  // Without the help of an index.
  static std::shared_ptr<Content> read(const std::filesystem::path& path);
};

namespace {

using simdjson::ondemand::object;

std::string text_in(object& from, const char* key) {
  const std::string_view view = from[key].get_string();
  return std::string(view);
}

// The name of a file, empty where there is none. What of it is no UTF-8 Python writes as half a pair, "\udc80" to "\udcff" for a
// byte from 80 on, and takes back so; simdjson and JSON know no such letters. Throws Error for other halves.
std::string file_name_in(object& image) {
  auto name = image["file_name"];
  if (name.error() == simdjson::NO_SUCH_FIELD) return {};
  auto token = std::string_view(name.raw_json_token());
  token = token.substr(0, token.rfind('"') + 1);
  if (token.size() < 2 || token.front() != '"') throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
  if (token.find('\\') == token.npos) return std::string(token.substr(1, token.size() - 2));
  std::string out, piece = "\"";
  const auto add_piece = [&] { out += Json::parse(std::exchange(piece, "\"") + '"').text(); };
  for (size_t i = 1; i + 1 < token.size();) {
    unsigned code = 0;
    const bool is_code = token.substr(i, 2) == "\\u" && i + 6 < token.size();
    if (is_code) std::from_chars(token.data() + i + 2, token.data() + i + 6, code, 16);
    if (code >= 0xDC80 && code <= 0xDCFF) {
      add_piece();
      out += static_cast<char>(code & 0xFF);
      i += 6;
      continue;
    }
    // What belongs to a backslash, or to the first half of a pair, goes with it.
    const size_t length = code >= 0xD800 && code < 0xDC00 ? 12 : is_code ? 6 : token[i] == '\\' ? 2 : 1;
    piece += token.substr(i, std::min(length, token.size() - 1 - i));
    i += length;
  }
  add_piece();
  return out;
}

// Nothing that reads pictures needs it, so what is no number is as good as absent.
int64_t side_in(object& from, const char* key) {
  int64_t side = 0;
  return from[key].get_int64().get(side) == simdjson::SUCCESS && side > 0 ? side : 0;
}

}  // namespace

CocoFile::CocoFile(const std::filesystem::path& path, bool index) {
  if (!std::ifstream(path)) raise<IoError>("cannot open {}: {}", path.string(), std::strerror(errno));
  const auto read = [&] { return Content::read(path); };
  if (!index) {
    content_ = read();
    return;
  }
  const auto parse = [&](io::Bytes bytes, const io::FileStamp& stamp) {
    auto content = std::make_shared<Content>();
    static_cast<CocoIndex&>(*content) = parse_coco_index(bytes, static_cast<uint64_t>(stamp.size));
    content->file.emplace(path, stamp);
    return content;
  };
  const auto bytes_of = [](const std::shared_ptr<Content>& content) { return coco_index_bytes(*content); };
  content_ = io::kept_or_read(path, kCocoIndexKind, parse, read, bytes_of);
}

std::shared_ptr<CocoFile::Content> CocoFile::Content::read(const std::filesystem::path& path) {
  auto content = std::make_shared<Content>();
  struct Annotation {
    int64_t id, image;
    Part json;
  };
  std::vector<Annotation> annotations;
  // Hands read() each object of a list; an error tells which of them.
  const auto each_of = [&](auto list, const char* name, const char* needs, const auto& read) {
    size_t place = 0;
    const auto refuse = [&](const char* why) {
      raise<DecodeError>("CocoFile: {}: {}[{}] must have {}: {}", path.string(), name, place, needs, why);
    };
    try {
      for (object item : list.get_array()) {
        read(item);
        ++place;
      }
    } catch (const simdjson::simdjson_error& error) {
      refuse(error.what());
    } catch (const ValueError& error) {
      refuse(error.what());
    }
  };
  try {
    content->text = simdjson::padded_string::load(path.string());
    simdjson::ondemand::parser parser;
    auto document = parser.iterate(content->text);
    for (auto field : document.get_object()) {
      const std::string_view key = field.unescaped_key();
      if (key == "images") {
        content->images.clear();  // of a key that comes twice the last counts, as in Python
        each_of(field.value(), "images", "id (a whole number) and file_name", [&](object& image) {
          const int64_t id = image["id"].get_int64();
          auto name = file_name_in(image);
          const auto height = side_in(image, "height"), width = side_in(image, "width");
          content->images.push_back({id, std::move(name), height, width});
        });
      } else if (key == "annotations") {
        annotations.clear();
        each_of(field.value(), "annotations", "id and image_id (whole numbers)", [&](object& annotation) {
          const int64_t id = annotation["id"].get_int64(), image = annotation["image_id"].get_int64();
          annotation.reset();
          const std::string_view json = annotation.raw_json();
          annotations.push_back({id, image, {static_cast<uint64_t>(json.data() - content->text.data()), json.size()}});
        });
      } else if (key == "categories") {
        content->categories.clear();
        each_of(field.value(), "categories", "id (a whole number) and name", [&](object& category) {
          const int64_t id = category["id"].get_int64();
          content->categories[id] = text_in(category, "name");
        });
      }
    }
  } catch (const simdjson::simdjson_error& error) {
    const auto rule = " (annotations of COCO's format are an object of images, annotations, categories)";
    raise<DecodeError>("CocoFile: {}: {}{}", path.string(), error.what(),
                       error.error() == simdjson::INCORRECT_TYPE ? rule : "");
  }

  auto& images = content->images;
  std::stable_sort(images.begin(), images.end(), [](const Entry& a, const Entry& b) { return a.id < b.id; });
  std::vector<Entry> last;
  for (auto& image : images) {
    if (!last.empty() && last.back().id == image.id) {
      last.back() = std::move(image);
    } else {
      last.push_back(std::move(image));
    }
  }
  images = std::move(last);

  std::unordered_map<int64_t, Part> by_id;
  for (const auto& annotation : annotations) by_id[annotation.id] = annotation.json;
  for (const auto& annotation : annotations) {
    const auto place = std::lower_bound(images.begin(), images.end(), annotation.image,
                                        [](const Entry& entry, int64_t id) { return entry.id < id; });
    if (place != images.end() && place->id == annotation.image) place->annotations.push_back(by_id.at(annotation.id));
  }
  return content;
}

const std::vector<CocoFile::Entry>& CocoFile::images() const { return content_->images; }
std::string CocoFile::annotation(const Part& part) const {
  if (!content_->file) return std::string(std::string_view(content_->text).substr(part.begin, part.size));
  std::string out(part.size, '\0');
  content_->file->read(part.begin, {reinterpret_cast<uint8_t*>(out.data()), out.size()});
  return out;
}
const std::map<int64_t, std::string>& CocoFile::categories() const { return content_->categories; }

}  // namespace opsis::inline v1::datasets
