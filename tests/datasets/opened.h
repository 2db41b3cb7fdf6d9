// Opening the data sets that tests/oracle/support/fake_data.py made, where Python has them and from a server.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "opsis/datasets/classified.h"
#include "opsis/datasets/resources.h"
#include "tests/support/download_server.h"
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

/// Opens each case of a table by open(case, root, download) and hands it to check(data, case): first in torchvision's folder,
/// then, where the case has a mirror, downloaded by ourselves, after which both folders must hold the same.
template <class Open, class Check>
void each_opened(const std::string& table, const Open& open, const Check& check) {
  std::string mirror;
  std::optional<support::DownloadServer> server;
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
      EXPECT_EQ(content_of_folder(ours.path()) == content_of_folder(root), true) << ours.path() << " " << root;
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
  }
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
