// Opening the data sets that tests/oracle/support/fake_data.py made, where Python has them and from a server.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "opsis/datasets/classified.h"
#include "opsis/datasets/resources.h"
#include "tests/support/download_server.h"
#include "tests/support/ended.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::datasets {

/// The hashes that the files of a case have.
inline OtherHashes hashes_of(const oracle::Case& c) {
  return OtherHashes(nlohmann::json::parse(c.json("hashes")).get<std::map<std::string, std::string>>());
}

/// What stands below a folder: names, and what files hold.
inline std::map<std::string, std::string> content_of_folder(const std::filesystem::path& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    out[entry.path().lexically_relative(folder).string()] = {std::istreambuf_iterator<char>(in), {}};
  }
  return out;
}

/// The folder holds these files, and else no more than a download, or a file that was not whole yet, leaves when it is killed.
inline void expect_left(const std::filesystem::path& folder, const std::map<std::string, std::string>& expected) {
  auto left = content_of_folder(folder);
  std::erase_if(left, [](const auto& file) {
    return file.first.ends_with(".lock") || file.first.ends_with(".opsis-lock") || file.first.ends_with(".partial.tag") ||
           file.first.ends_with(".part");
  });
  std::string names;
  for (const auto& [name, content] : left) names += name + "\n";
  EXPECT_TRUE(left == expected) << names;
}

/// Downloads with a process that is killed at its nth change of the disk; after that a download must find what is left to do, and
/// leave what one that was not disturbed leaves. Whether there was an nth change.
template <class Open, class Check>
bool expect_goes_on_when_killed_at(int nth, const Open& open, const Check& check, const oracle::Case& c,
                                   const std::map<std::string, std::string>& expected) {
  SCOPED_TRACE("killed at change " + std::to_string(nth));
  const support::TemporaryFolder root;
  if (!support::ended_at_change(nth, [&] { open(c, root.path(), true); })) return false;
  try {
    check(open(c, root.path(), true), c);
  } catch (const Error& error) {
    ADD_FAILURE() << error.what();
  }
  expect_left(root.path(), expected);
  return true;
}

/// At one change after the other: each of the first, then ever fewer, and each of the last, where what is done is cleared up.
template <class Open, class Check>
void expect_goes_on_when_killed(const Open& open, const Check& check, const oracle::Case& c,
                                const std::map<std::string, std::string>& expected) {
  int nth = 1, last_found = 0;
  while (expect_goes_on_when_killed_at(nth, open, check, c, expected)) {
    last_found = nth;
    nth += 1 + nth / 5;
  }
  while (nth - last_found > 1) {
    const int between = last_found + (nth - last_found) / 2;
    (expect_goes_on_when_killed_at(between, open, check, c, expected) ? last_found : nth) = between;
  }
  for (int last = 1; last <= 3 && last < last_found; ++last) {
    expect_goes_on_when_killed_at(last_found - last, open, check, c, expected);
  }
}

/// Whether the hash of a file is among those of a case.
inline bool is_hashed(const Resource* row, const nlohmann::json& hashes) {
  return row && !hashes.value(std::string(row->dataset) + "/" + std::string(row->file), "").empty();
}

/// The row of the table that a file of a mirror is served for; of several one whose hash the case has. Null when there is none.
inline const Resource* row_of(const std::string& served, const nlohmann::json& hashes) {
  const std::string drive = "download?id=";
  const auto is_of = [&](const Resource& row) {
    if (!served.starts_with(drive)) return row.url.substr(row.url.rfind('/') + 1) == served;
    return row.url.ends_with(served.substr(drive.size(), served.find('&') - drive.size()));
  };
  const Resource* found = nullptr;
  for (const auto& row : resources()) {
    if (is_of(row) && (!found || is_hashed(&row, hashes))) found = &row;
  }
  return found;
}

/// Downloads with a byte changed in one file of the mirror after the other, until a dozen were refused. Each that is known by
/// its hash, or by the checksums of a zip or gzip, must be refused by its name, and nothing that is not right may stand in the
/// folder; so that when it is served as it is, the same call finds what is left to do.
template <class Open>
void expect_refuses_damage(const Open& open, const oracle::Case& c, const std::map<std::string, std::string>& expected,
                           const support::DownloadServer& server) {
  const auto hashes = nlohmann::json::parse(c.json("hashes"));
  std::set<std::string> tried;
  int refused = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(c.text("mirror"))) {
    if (!entry.is_regular_file()) continue;
    const auto served = entry.path().filename().string();
    const auto* row = row_of(served, hashes);
    const auto file = row ? std::string(row->file) : served;
    const bool is_checked = is_hashed(row, hashes) || file.ends_with(".zip") || file.ends_with(".gz");
    if (!is_checked || !tried.insert(served).second) continue;
    SCOPED_TRACE("damaged " + served);
    const support::TemporaryFolder root;
    try {
      const support::Variable variable("OPSIS_HUB_MIRROR", server.url("/flip/" + served));
      open(c, root.path(), true);
      EXPECT_TRUE(content_of_folder(root.path()) == expected);  // it was not asked for
      continue;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(file));
    }
    for (const auto& [name, content] : content_of_folder(root.path())) {
      EXPECT_NE(std::filesystem::path(name).filename().string(), file);
      const auto whole = expected.find(name);
      if (whole != expected.end()) {
        EXPECT_TRUE(content == whole->second) << name;
      }
    }
    open(c, root.path(), true);
    expect_left(root.path(), expected);
    if (++refused == 12) break;  // more are of one kind
  }
  EXPECT_GT(refused, 0);
}

/// Changes one byte of a file.
inline void flip_byte(const std::filesystem::path& file, int64_t at) {
  std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekg(at);
  const auto flipped = static_cast<char>(~stream.get());
  stream.seekp(at);
  stream.put(flipped);
}

/// Opens each case of a table by open(case, root, download) and hands it to check(data, case): first in torchvision's folder,
/// then, where the case has a mirror, downloaded by ourselves, after which both folders must hold the same. Of the downloads
/// that differ, each is also killed, and given damaged files.
template <class Open, class Check>
void each_opened(const std::string& table, const Open& open, const Check& check) {
  std::string mirror;
  std::optional<support::DownloadServer> server;
  std::set<std::map<std::string, std::string>> tried;
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(table + " " + c.name());
    const auto hashes = hashes_of(c);
    const std::filesystem::path root = c.text("root");
    try {
      check(open(c, root, false), c);
      if (c.is_null("mirror")) continue;
      if (mirror != c.text("mirror")) {
        mirror = c.text("mirror");
        server.emplace(mirror);
      }
      const support::Variable variable("OPSIS_HUB_MIRROR", server->url("/file"));
      const support::TemporaryFolder ours;
      check(open(c, ours.path(), true), c);
      const auto content = content_of_folder(ours.path());
      EXPECT_TRUE(content == content_of_folder(root)) << ours.path() << " " << root;
      if (!tried.insert(content).second) continue;
      expect_goes_on_when_killed(open, check, c, content);
      expect_refuses_damage(open, c, content, *server);
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
  }
}

/// What a case tells as text, as JSON; and the name of what it tells of example i.
inline nlohmann::json document_of(const oracle::Case& c, const std::string& key) { return nlohmann::json::parse(c.text(key)); }
inline std::string numbered_key(const char* key, size_t i) { return key + std::to_string(i); }

/// each_opened; check(data, case, i) for each example.
template <class Open, class Check>
void each_example(const std::string& table, const Open& open, const Check& check) {
  each_opened(table, open, [&](const auto& data, const oracle::Case& c) {
    ASSERT_EQ(data.size(), static_cast<size_t>(c.integer("length")));
    for (size_t i = 0; i < data.size(); ++i) {
      SCOPED_TRACE(i);
      check(data, c, i);
    }
  });
}

/// Lengths, labels and pixels; classes and their numbers where torchvision has them.
template <class Data>
void expect_classified(const Data& data, const oracle::Case& c) {
  const auto labels = c.ints("labels");
  ASSERT_EQ(data.size(), labels.size());
  for (size_t i = 0; i < data.size(); ++i) {
    const auto [image, label] = data.get(i);
    EXPECT_EQ(label, labels[i]) << "example " << i;
    EXPECT_TENSOR_EQ(image.data, c.tensor("image" + std::to_string(i)));
  }
  if constexpr (requires { data.classes(); }) {
    if (!c.is_null("classes")) {
      EXPECT_EQ(data.classes(), c.texts("classes"));
    }
  } else {
    EXPECT_TRUE(c.is_null("classes"));
  }
  if constexpr (requires { data.class_to_idx(); }) {
    if (!c.is_null("class_to_idx")) {
      EXPECT_EQ(nlohmann::json(data.class_to_idx()), nlohmann::json::parse(c.json("class_to_idx")));
    }
  } else {
    EXPECT_TRUE(c.is_null("class_to_idx"));
  }
}

}  // namespace opsis::datasets
