#include "opsis/datasets/yolo_text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>

#include "opsis/core/check.h"
#include "opsis/core/json.h"

namespace opsis::inline v1::datasets {
namespace {

// How long a word in quotes is that `text` begins with, quotes and all; npos when it does not end. In 'one', '' is a quote; in
// "one" a backslash takes what follows along.
size_t quoted_length(std::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[0] == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == text[0]) {
      if (text[0] == '"' || i + 1 == text.size() || text[i + 1] != '\'') return i + 1;
      ++i;
    }
  }
  return text.npos;
}

bool opens_quotes(std::string_view text) { return text.starts_with('"') || text.starts_with('\''); }

// The items between commas, up to `close`; nothing when that does not come. In quotes both are letters.
std::optional<std::vector<std::string_view>> yaml_items(std::string_view list, char close) {
  std::vector<std::string_view> items;
  for (size_t begin = 0, i = 0; i < list.size(); ++i) {
    const auto before = stripped(list.substr(begin, i - begin));
    // A quote in the midst of a word is a letter.
    if (opens_quotes(list.substr(i)) && (before.empty() || before.ends_with(':'))) {
      const auto length = quoted_length(list.substr(i));
      if (length != list.npos) i += length - 1;
      continue;
    }
    const bool at_end = list[i] == close;
    if (!at_end && list[i] != ',') continue;
    if (!at_end || !before.empty()) items.push_back(before);  // a comma may end the list
    if (at_end) return items;
    begin = i + 1;
  }
  return std::nullopt;
}

// A word without quotes or a comment behind it; nothing when its quotes are not sound.
std::optional<std::string> yaml_word(std::string_view word) {
  word = stripped(word);
  if (!opens_quotes(word)) return std::string(stripped(word.substr(0, word.find(" #"))));
  const auto length = quoted_length(word);
  if (length == word.npos) return std::nullopt;
  if (const auto rest = stripped(word.substr(length)); !rest.empty() && !rest.starts_with('#')) return std::nullopt;
  if (word.front() == '"') {
    try {
      return Json::parse(word.substr(0, length)).text();  // what is written is JSON's, and most of YAML's escapes are
    } catch (const Error&) {
      return std::nullopt;
    }
  }
  std::string out;
  for (size_t i = 1; i + 1 < length; ++i) {
    out += word[i];
    if (word[i] == '\'') ++i;
  }
  return out;
}

// The names in data.yaml, of which this is all that is understood:
//     names: [cat, dog]    names: {0: cat, 1: dog}    names:        names:
//                                                       - cat         0: cat
//                                                       - dog         1: dog
class YamlNames {
 public:
  explicit YamlNames(const TextFile& lines) {
    size_t i = 0;
    while (i < lines.size() && !lines.line(i).starts_with("names:")) ++i;
    if (i == lines.size()) lines.refuse(0, "there is no list \"names\"");
    const auto rest = stripped(lines.line(i).substr(6));
    if (!rest.empty() && !rest.starts_with('#')) {
      if (rest.front() != '[' && rest.front() != '{') lines.refuse(i, "names must be a list, or classes by number");
      const bool numbered = rest.front() == '{';
      const auto items = yaml_items(rest.substr(1), numbered ? '}' : ']');
      if (!items) lines.refuse(i, "the list of names must end on its line");
      for (const auto item : *items) add(lines, i, item, numbered);
    } else {
      for (++i; i < lines.size(); ++i) {
        const auto line = stripped(lines.line(i));
        if (line.empty() || line.starts_with('#')) continue;
        const bool dashed = line.starts_with('-');
        if (lines.line(i).front() != ' ' && !dashed) break;
        add(lines, i, dashed ? line.substr(1) : line, !dashed);
      }
    }
    for (const auto& [number, name] : by_number_) {
      if (number != std::ssize(names)) lines.refuse(0, text("the class {} has no name", names.size()));
      names.push_back(name);
    }
  }
  std::vector<std::string> names;

 private:
  void add(const TextFile& lines, size_t i, std::string_view item, bool numbered) {
    auto number = std::ssize(by_number_);
    if (numbered) {
      const auto colon = item.find(':');
      if (colon == item.npos) lines.refuse(i, "a name must have its number before it");
      number = lines.integer(i, item.substr(0, colon));
      item.remove_prefix(colon + 1);
    }
    auto name = yaml_word(item);
    if (!name) lines.refuse(i, text("{} is no name: its quotes are not sound", item));
    by_number_.emplace(number, *std::move(name));
  }
  std::map<int64_t, std::string> by_number_;
};

}  // namespace

std::vector<std::string> yolo_names(const TextFile& yaml) { return YamlNames(yaml).names; }

std::vector<YoloBox> yolo_boxes(const TextFile& lines) {
  std::vector<YoloBox> out;
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto words = lines.words(i);
    if (words.empty()) continue;
    if (words.size() != 5 && (words.size() < 7 || words.size() % 2 == 0)) {
      lines.refuse(i,
                   text("it must have a class and 4 numbers, or a class and at least 3 corners, got {} words", words.size()));
    }
    std::vector<double> numbers;
    for (size_t k = 1; k < words.size(); ++k) {
      numbers.push_back(lines.number(i, words[k]));
      if (!std::isfinite(numbers.back())) lines.refuse(i, text("\"{}\" is no place on a picture", words[k]));
    }
    YoloBox box{.label = lines.integer(i, words[0])};
    if (box.label < 0) lines.refuse(i, text("{} is no class", box.label));
    if (numbers.size() == 4) {
      box.center_x = numbers[0], box.center_y = numbers[1], box.width = numbers[2], box.height = numbers[3];
    } else {
      double low[2] = {numbers[0], numbers[1]}, high[2] = {numbers[0], numbers[1]};
      for (size_t k = 0; k < numbers.size(); ++k) {
        low[k % 2] = std::min(low[k % 2], numbers[k]);
        high[k % 2] = std::max(high[k % 2], numbers[k]);
      }
      box.center_x = (low[0] + high[0]) / 2, box.center_y = (low[1] + high[1]) / 2;
      box.width = high[0] - low[0], box.height = high[1] - low[1];
    }
    out.push_back(box);
  }
  return out;
}

}  // namespace opsis::inline v1::datasets
