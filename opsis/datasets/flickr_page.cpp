#include "opsis/datasets/flickr_page.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

void append_code_point(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18 & 7));
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// &amp; &#39; &#x27; and the like; what is none stays.
std::string unescaped(std::string_view text) {
  struct Entity {
    std::string_view name;
    uint32_t code;
  };
  constexpr Entity entities[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", 0xA0}};
  std::string out;
  while (!text.empty()) {
    const auto begin = std::min(text.find('&'), text.size());
    out += text.substr(0, begin);
    text.remove_prefix(begin);
    const auto end = text.substr(0, 12).find(';');
    if (text.empty()) break;
    auto name = end == text.npos ? std::string_view() : text.substr(1, end - 1);
    uint32_t code = 0;
    if (name.starts_with('#')) {
      const bool hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
      name.remove_prefix(hex ? 2 : 1);
      const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), code, hex ? 16 : 10);
      if (error != std::errc() || stop != name.data() + name.size() || code > 0x10FFFF) code = 0;
    } else {
      for (const auto& entity : entities) {
        if (entity.name == name) code = entity.code;
      }
    }
    if (code == 0) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      append_code_point(out, code);
      text.remove_prefix(end + 1);
    }
  }
  return out;
}

// The name of a tag: "table" of "TABLE border=1".
std::string tag_name(std::string_view tag) {
  std::string out;
  for (const char c : tag) {
    if (!std::isalnum(static_cast<unsigned char>(c))) break;
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

}  // namespace

std::vector<FlickrEntry> parse_flickr_page(std::string_view html) {
  std::vector<FlickrEntry> out;
  bool in_table = false, has_photo = false;
  std::string tag;
  while (!html.empty()) {
    if (html.starts_with("<!--")) {
      const auto end = html.find("-->");
      html.remove_prefix(end == html.npos ? html.size() : end + 3);
      continue;
    }
    if (html.front() == '<' && html.size() > 1 &&
        (std::isalpha(static_cast<unsigned char>(html[1])) || html[1] == '/' || html[1] == '!')) {
      const auto end = std::min(html.find('>'), html.size());
      const bool closes = html[1] == '/';
      const auto name = tag_name(html.substr(closes ? 2 : 1, end - (closes ? 2 : 1)));
      if (html[1] != '!') {
        tag = closes ? "" : name;
        if (name == "table") in_table = !closes;
      }
      html.remove_prefix(std::min(end + 1, html.size()));
      continue;
    }
    const auto end = std::min(html.find('<', 1), html.size());
    const auto data = unescaped(html.substr(0, end));
    html.remove_prefix(end);
    if (!in_table) continue;
    if (data == "Image Not Found") {
      has_photo = false;
    } else if (tag == "a") {
      const auto parts = fields_of(data, '/');
      has_photo = parts.size() >= 2;
      if (has_photo) out.push_back({std::string(parts[parts.size() - 2])});
    } else if (tag == "li" && has_photo) {
      out.back().captions.emplace_back(stripped(data));
    }
  }
  return out;
}

}  // namespace opsis::inline v1::datasets
