#include "opsis/datasets/webdataset.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>

#include "opsis/core/check.h"
#include "opsis/core/lower_case.h"
#include "opsis/core/parallel.h"
#include "opsis/datasets/classified.h"
#include "opsis/datasets/picture.h"
#include "opsis/datasets/text_file.h"
#include "opsis/hub/utf8.h"

namespace opsis::inline v1::datasets {
namespace {

constexpr size_t kMostShards = 10'000'000;

// The end of the brace that begins a pattern, and the commas that are its own.
struct Brace {
  size_t end = 0;
  std::vector<size_t> commas;
};

Brace brace_at(std::string_view pattern, size_t begin) {
  Brace out;
  int depth = 0;
  for (size_t i = begin; i < pattern.size(); ++i) {
    if (pattern[i] == '{') ++depth;
    if (pattern[i] == ',' && depth == 1) out.commas.push_back(i);
    if (pattern[i] == '}' && --depth == 0) {
      out.end = i;
      return out;
    }
  }
  raise<ValueError>("expand_braces: a brace is not closed in \"{}\"", pattern);
}

// Of "008..010" the numbers, with as many digits when one of the ends has zeros in front; nothing for what is no range.
std::optional<std::vector<std::string>> names_of_range(std::string_view range) {
  const auto points = range.find("..");
  if (points == range.npos) return std::nullopt;
  const std::string_view ends[] = {range.substr(0, points), range.substr(points + 2)};
  int64_t numbers[2] = {};
  size_t width = 0;
  for (int i = 0; i < 2; ++i) {
    const auto* last = ends[i].data() + ends[i].size();
    const auto [end, error] = std::from_chars(ends[i].data(), last, numbers[i]);
    if (error != std::errc() || end != last) return std::nullopt;
    if (ends[i].size() > 1 && ends[i][0] == '0') width = std::max(ends[0].size(), ends[1].size());
  }
  const auto [least, most] = std::minmax(numbers[0], numbers[1]);
  const auto steps = static_cast<uint64_t>(most) - static_cast<uint64_t>(least);
  if (steps >= kMostShards || width > 100) {
    raise<ValueError>("expand_braces: {{}..{}} are too many names", numbers[0], numbers[1]);
  }
  std::vector<std::string> out;
  for (uint64_t i = 0; i <= steps; ++i) {
    out.push_back(zero_padded(least + static_cast<int64_t>(i), width));
  }
  if (numbers[0] > numbers[1]) std::reverse(out.begin(), out.end());
  return out;
}

std::vector<std::string> expanded(std::string_view pattern, int depth) {
  OPSIS_CHECK(depth < 50, "expand_braces: braces lie too deep within each other");
  std::vector<std::string> out{""};
  const auto append_each = [&](const std::vector<std::string>& parts) {
    OPSIS_CHECK(parts.size() <= kMostShards / out.size(), "expand_braces: more than {} names", kMostShards);
    std::vector<std::string> longer;
    for (const auto& begun : out) {
      for (const auto& part : parts) longer.push_back(begun + part);
    }
    out = std::move(longer);
  };
  while (!pattern.empty()) {
    const auto open = pattern.find('{');
    const auto plain = pattern.substr(0, open);
    OPSIS_CHECK(plain.find('}') == plain.npos, "expand_braces: a brace is not opened in \"{}\"", plain);
    append_each({std::string(plain)});
    if (open == pattern.npos) break;
    const auto brace = brace_at(pattern, open);
    const auto inside = pattern.substr(open + 1, brace.end - open - 1);
    if (brace.commas.empty()) {
      if (const auto range = names_of_range(inside)) {
        append_each(*range);
      } else {  // as a shell has it: not a list, so the braces stay
        auto parts = expanded(inside, depth + 1);
        for (auto& part : parts) part = "{" + part + "}";
        append_each(parts);
      }
    } else {
      std::vector<std::string> parts;
      auto begin = open + 1;
      for (size_t i = 0; i <= brace.commas.size(); ++i) {
        const auto end = i < brace.commas.size() ? brace.commas[i] : brace.end;
        auto some = expanded(pattern.substr(begin, end - begin), depth + 1);
        std::move(some.begin(), some.end(), std::back_inserter(parts));
        begin = end + 1;
      }
      append_each(parts);
    }
    pattern.remove_prefix(brace.end + 1);
  }
  return out;
}

// What the package passes over: names that begin with __meta__ or lie in such a folder.
bool is_about_the_shard(std::string_view name) {
  if (!name.starts_with("__")) return false;
  const auto part = name.substr(0, name.find('/'));
  return part.size() >= 4 && part.ends_with("__");
}

// The key and ending of an entry that is part of a sample.
std::optional<std::pair<std::string_view, std::string_view>> split_entry(const io::ArchiveFile::Entry& entry) {
  if (entry.is_folder || entry.is_link || is_about_the_shard(entry.name)) return std::nullopt;
  return split_web_name(entry.name);
}

// The place of an ending in "jpg;jpeg;png"; nothing when it is not there.
std::optional<size_t> place_in(std::string_view endings, std::string_view ending) {
  for (size_t place = 0; !endings.empty(); ++place) {
    const auto end = std::min(endings.find(';'), endings.size());
    if (endings.substr(0, end) == ending) return place;
    endings.remove_prefix(std::min(end + 1, endings.size()));
  }
  return std::nullopt;
}

int64_t whole_number(std::string_view text) {
  const auto number = integer_of(text);
  if (!number) raise<ValueError>("\"{}\" is no whole number", text.substr(0, 40));
  return *number;
}

}  // namespace

std::vector<std::string> expand_braces(std::string_view pattern) { return expanded(pattern, 0); }

std::optional<std::pair<std::string_view, std::string_view>> split_web_name(std::string_view name) {
  const auto slash = name.rfind('/');
  const auto begin = slash == name.npos ? 0 : slash + 1;
  const auto point = name.find('.', begin);
  if (point == name.npos) return std::nullopt;
  if (point == begin) {
    // Of ".png" nothing is in front; the package then takes the folder for the name, if that has no point.
    if (begin == 0) return std::nullopt;
    const auto above = slash == 0 ? name.npos : name.rfind('/', slash - 1);
    const auto folder = name.substr(above == name.npos ? 0 : above + 1, begin - (above == name.npos ? 0 : above + 1));
    if (folder.find('.') != folder.npos) return std::nullopt;
  }
  return std::pair(name.substr(0, point), name.substr(point + 1));
}

WebDataset::WebDataset(Options options) : options_(std::move(options)) {
  const auto names = expand_braces(options_.shards);
  std::vector<std::optional<io::ArchiveFile>> opened(names.size());
  parallel_for(0, std::ssize(names), 1, [&](int64_t first, int64_t last) {
    for (auto i = static_cast<size_t>(first); i < static_cast<size_t>(last); ++i) {
      opened[i].emplace(names[i], io::ArchiveFile::Options{.index = options_.index, .limits = options_.limits});
    }
  });
  for (uint32_t shard = 0; shard < opened.size(); ++shard) {
    shards_.push_back(std::move(*opened[shard]));
    const auto& entries = shards_.back().entries();
    std::string_view key;
    std::set<std::string> endings;  // of the sample
    bool begun = false;
    for (uint32_t i = 0; i < entries.size(); ++i) {
      const auto name = split_entry(entries[i]);
      if (!name) continue;
      if (!begun || name->first != key) {
        key = name->first;
        endings.clear();
        samples_.push_back({shard, i, i});
        begun = true;
      }
      samples_.back().last = i + 1;
      if (!endings.insert(in_lower_case(name->second)).second) {
        raise<DecodeError>("WebDataset: {}/{}: its sample has a member with this ending already", names[shard],
                           entries[i].name);
      }
    }
  }
}

WebExample WebDataset::get_placed(size_t index, const transforms::ImagePlace& place) const {
  detail::check_index("WebDataset", index, size());
  const auto& sample = samples_[index];
  const auto& shard = shards_[sample.shard];
  // Of each kind the member that counts: that whose ending comes first among those asked for.
  enum Kind { kImage, kLabel, kText, kJson, kKinds };
  const std::string* const wanted[kKinds] = {&options_.image, &options_.label, &options_.text, &options_.json};
  const io::ArchiveFile::Entry* chosen[kKinds] = {};
  size_t places[kKinds] = {};
  std::vector<std::pair<std::string, const io::ArchiveFile::Entry*>> others;
  WebExample out;
  for (auto i = sample.first; i < sample.last; ++i) {
    const auto& entry = shard.entries()[i];
    const auto name = split_entry(entry);
    if (!name) continue;
    out.key = name->first;
    auto ending = in_lower_case(name->second);
    bool taken = false;
    for (int kind = 0; kind < kKinds; ++kind) {
      const auto place = place_in(*wanted[kind], ending);
      if (!place || (chosen[kind] && places[kind] < *place)) continue;
      if (chosen[kind]) others.emplace_back(in_lower_case(split_web_name(chosen[kind]->name)->second), chosen[kind]);
      chosen[kind] = &entry;
      places[kind] = *place;
      taken = true;
    }
    if (!taken) others.emplace_back(std::move(ending), &entry);
  }
  // Reads a member; what is wrong with it is an error of the shard.
  const auto read = [&](const io::ArchiveFile::Entry& entry, const auto& use) {
    const auto bytes = shard.read(entry);
    try {
      use(io::Bytes(bytes));
    } catch (const Error& error) {
      raise_because<DecodeError>(error, "{}/{}: ", shard.path().string(), entry.name);
    }
  };
  if (chosen[kLabel]) read(*chosen[kLabel], [&](io::Bytes bytes) { out.label = whole_number(io::as_text(bytes)); });
  if (chosen[kJson]) read(*chosen[kJson], [&](io::Bytes bytes) { out.json = Json::parse(io::as_text(bytes)); });
  if (chosen[kText]) {
    read(*chosen[kText], [&](io::Bytes bytes) {
      OPSIS_CHECK(hub::is_utf8(io::as_text(bytes)), "it is no UTF-8");
      out.text = io::as_text(bytes);
    });
  }
  if (options_.members) {
    for (auto& [ending, entry] : others) out.members.emplace(std::move(ending), shard.read(*entry));
  }
  if (!chosen[kImage]) {
    out.image = Image(torch::empty({0, 0, 0}, torch::kUInt8));
    return out;
  }
  const auto bytes = shard.read(*chosen[kImage]);
  const auto where = shard.path().string() + "/" + chosen[kImage]->name;
  const detail::Picture picture(bytes, io::ImageReadMode::RGB, options_.transforms, where);
  out.image = detail::transformed(options_.transforms, picture.image(), {&picture}, place);
  return out;
}

}  // namespace opsis::inline v1::datasets
