#include "opsis/datasets/voc_annotation.h"

#include <pugixml.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/datasets/text_file.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::datasets {
namespace {

constexpr int kDeepestElement = 100;

// The values of elements of one name, in the order of the names' first appearance.
using Named = std::vector<std::pair<std::string, Json::List>>;

Json::List& values_of(Named& named, std::string_view name) {
  auto found = std::find_if(named.begin(), named.end(), [&](const auto& entry) { return entry.first == name; });
  if (found == named.end()) found = named.insert(found, {std::string(name), {}});
  return found->second;
}

// The value of an element: none when it holds neither elements nor text.
std::optional<Json> voc_value(const pugi::xml_node& node, int depth) {
  if (depth > kDeepestElement) raise<DecodeError>("its elements nest deeper than {}", kDeepestElement);
  Named named;
  std::string text;
  bool has_elements = false;
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_element) {
      has_elements = true;
      if (auto value = voc_value(child, depth + 1)) values_of(named, child.name()).push_back(std::move(*value));
    } else if (!has_elements && (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)) {
      text += child.value();
    }
  }
  if (!has_elements) return text.empty() ? std::nullopt : std::optional(Json(stripped(text)));
  if (std::string_view(node.name()) == "annotation") {
    auto& objects = values_of(named, "object");
    objects = {Json(std::exchange(objects, {}))};
  }
  Json::Object out;
  for (auto& [name, values] : named)
    out.emplace_back(name, values.size() == 1 ? std::move(values[0]) : Json(std::move(values)));
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
  try {
    return parse_voc_xml(file.bytes());
  } catch (const DecodeError& error) {
    raise<DecodeError>("{}: {}", path.string(), error.what());
  }
}

}  // namespace opsis::inline v1::datasets
