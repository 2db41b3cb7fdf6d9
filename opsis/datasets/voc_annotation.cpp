#include "opsis/datasets/voc_annotation.h"

#include <pugixml.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/telling_where.h"
#include "opsis/datasets/text_file.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::datasets {
namespace {

constexpr int kDeepestElement = 100;

// The values of elements of one name, in the order of the names' first appearance. The names are views of the document.
struct Named {
  std::vector<std::pair<std::string_view, Json::List>> entries;
  std::unordered_map<std::string_view, size_t> places;

  Json::List& values_of(std::string_view name) {
    const auto [place, is_new] = places.try_emplace(name, entries.size());
    if (is_new) entries.push_back({name, {}});
    return entries[place->second].second;
  }
};

// The value of an element: none when it holds neither elements nor text.
std::optional<Json> voc_value(const pugi::xml_node& node, int depth) {
  if (depth > kDeepestElement) raise<DecodeError>("its elements nest deeper than {}", kDeepestElement);
  Named named;
  std::string text;
  bool has_elements = false;
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_element) {
      has_elements = true;
      if (auto value = voc_value(child, depth + 1)) named.values_of(child.name()).push_back(std::move(*value));
    } else if (!has_elements && (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)) {
      text += child.value();
    }
  }
  if (!has_elements) return text.empty() ? std::nullopt : std::optional(Json(stripped(text)));
  if (std::string_view(node.name()) == "annotation") {
    auto& objects = named.values_of("object");
    objects = {Json(std::exchange(objects, {}))};
  }
  Json::Object out;
  for (auto& [name, values] : named.entries)
    out.emplace_back(std::string(name), values.size() == 1 ? std::move(values[0]) : Json(std::move(values)));
  return Json(std::move(out));
}

}  // namespace

Json parse_voc_xml(io::Bytes xml) {
  pugi::xml_document document;
  const auto result = document.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_ws_pcdata);
  if (!result) raise<DecodeError>("parse_voc_xml: {} at byte {}", result.description(), result.offset);
  const auto root = document.document_element();
  if (!root) raise<DecodeError>("parse_voc_xml: there is no element");
  Json::Object out;
  if (auto value = voc_value(root, 0)) out.emplace_back(root.name(), std::move(*value));
  return Json(std::move(out));
}

Json read_voc_xml(const std::filesystem::path& path) {
  const io::MappedFile file(path);
  return telling_where(path, [&] { return parse_voc_xml(file.bytes()); });
}

}  // namespace opsis::inline v1::datasets
