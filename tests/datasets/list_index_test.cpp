// What long lists say, kept for the next time: what is found with it is what is found without it.
#include "opsis/datasets/list_index.h"

#include <chrono>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "opsis/datasets/manifest.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/sbu.h"
#include "opsis/datasets/widerface.h"
#include "opsis/io/byte_fields.h"
#include "opsis/io/file.h"
#include "opsis/io/index_file.h"
#include "tests/support/damage.h"
#include "tests/support/download_server.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMuchLater = 120'000'000'000;  // after what support::keep_young says

ListedFiles list_of(const std::vector<std::string>& names, std::vector<int64_t> numbers, std::vector<std::string> words = {}) {
  ListedFiles out{.numbers = std::move(numbers), .words = std::move(words)};
  for (const auto& name : names) out.names.add(name);
  return out;
}

TEST(ListIndex, KeepsNumbersOfEachWidthAndNamesOfAnyBytes) {
  using namespace std::string_literals;  // NOLINT
  for (const int64_t widest : {int64_t{0}, int64_t{-128}, int64_t{127}, int64_t{128}, int64_t{-32769}, int64_t{1} << 31,
                               std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
    const auto list = list_of({"a.jpg", "", "zero\0byte"s, "\xFF"}, {1, widest, -1}, {"", "two words"});
    EXPECT_EQ(parse_list_index(io::as_bytes(list_index_bytes(list, "asked")), "asked"), list) << widest;
  }
  EXPECT_EQ(parse_list_index(io::as_bytes(list_index_bytes({}, "")), ""), ListedFiles());
  const auto list = list_of({"a", "bc"}, {1, 2});
  EXPECT_EQ(list.names[1], "bc");
  EXPECT_LT(list_index_bytes(list_of({}, std::vector<int64_t>(1000, 100)), "").size(), 1100u);
}

TEST(ListIndex, OfBytesThatAreNoneNothingIsUsed) {
  const auto sound = list_index_bytes(list_of({"a.jpg", "b.jpg"}, {1, 200, 70000}, {"cat"}), "asked");
  EXPECT_ERROR(parse_list_index(io::as_bytes(sound), "something else"), DecodeError, "is for something else");
  EXPECT_ERROR(JoinedTexts("abc", {1, 1}), DecodeError, "do not add up");
  EXPECT_ERROR(JoinedTexts("abc", {4}), DecodeError, "do not add up");
  EXPECT_ERROR(JoinedTexts("abc", {4, -1}), DecodeError, "do not add up");
  support::each_damage(sound, [&](const std::string& bytes) {
    const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
    try {
      parse_list_index(exact, "asked");  // a number may have become another: the checksum around it tells that
    } catch (const DecodeError&) {
    }
  });
}

// A list that says how often it was read.
class CountedList {
 public:
  explicit CountedList(fs::path file) : file_(std::move(file)) {}
  ListedFiles operator()(bool index = true, std::string asked = "asked") {
    const auto fits = [](const ListedFiles& list) { return list.numbers.size() == list.names.size(); };
    const auto read = [&] {
      ++times_;
      const auto bytes = io::read_bytes(file_);
      return list_of({std::string(io::as_text(bytes))}, {1});
    };
    return read_list(file_, {.index = index, .asked = std::move(asked), .fits = fits, .read = read});
  }
  /// Keeps one, as if the file were old enough.
  void keep(const ListedFiles& list) const {
    io::write_file_index(file_, kListIndexKind, list_index_bytes(list, "asked"), io::file_stamp(file_),
                         io::now_ns() + kMuchLater);
  }
  int times() const { return times_; }

 private:
  fs::path file_;
  int times_ = 0;
};

TEST(ReadList, TakesWhatWasKeptAndSeesWhatChanges) {
  const support::TemporaryFolder folder, cache;
  const support::Variable variable("XDG_CACHE_HOME", cache.path().string());
  const auto file = folder.write("list.txt", "one"), place = folder.path() / ".list.txt.opsis-index";
  support::keep_young(file);
  CountedList list(file);
  EXPECT_EQ(list(), list_of({"one"}, {1}));
  EXPECT_FALSE(fs::exists(place));  // too young to be sure of
  // It is the index that is read.
  const auto lie = list_of({"lie"}, {5});
  list.keep(lie);
  EXPECT_EQ(list(), lie);
  EXPECT_EQ(list.times(), 1);
  EXPECT_EQ(list(false), list_of({"one"}, {1}));
  EXPECT_EQ(list(true, "something else"), list_of({"one"}, {1}));
  EXPECT_EQ(list(), lie);
  // Of as many bytes, and with its time put back.
  const auto before = fs::last_write_time(file);
  folder.write("list.txt", "two");
  fs::last_write_time(file, before);
  EXPECT_EQ(list(), list_of({"two"}, {1}));
  // One that does not fit, or is damaged.
  list.keep(list_of({"lie"}, {}));
  EXPECT_EQ(list(), list_of({"two"}, {1}));
  list.keep(lie);
  fs::resize_file(place, fs::file_size(place) - 1);
  EXPECT_EQ(list(), list_of({"two"}, {1}));
  EXPECT_ERROR(CountedList(folder.path() / "none.txt")(), IoError, "none.txt");
}

TEST(ReadList, KeepsInTheUsersCacheWhereTheFolderCannotBeWritten) {
  const support::TemporaryFolder folder, cache;
  const support::Variable variable("XDG_CACHE_HOME", cache.path().string());
  fs::create_directories(folder.path() / ".list.txt.opsis-index" / "in the way");  // as root, all can be written but this
  CountedList list(folder.write("list.txt", "one"));
  const auto kept = list_of({"kept"}, {1});
  list.keep(kept);
  EXPECT_FALSE(fs::is_empty(cache.path() / "opsis"));
  EXPECT_EQ(list(), kept);
}

TEST(ManifestFolder, WithAnIndexIsTheSameForEachOfItsColumns) {
  const support::TemporaryFolder root;
  const auto manifest = root.write("m.csv", "file,label,other\na,dog,1\n/b,cat,0\n");
  std::this_thread::sleep_for(std::chrono::nanoseconds(io::kCoarsestClock) + std::chrono::milliseconds(100));
  const auto expect_same = [&](ManifestFolder::Options options) {
    const ManifestFolder plain(options);
    options.index = true;
    for (int time = 0; time < 2; ++time) {
      const ManifestFolder indexed(options);
      EXPECT_EQ(indexed.samples(), plain.samples());
      EXPECT_EQ(indexed.classes(), plain.classes());
      EXPECT_EQ(indexed.class_to_idx(), plain.class_to_idx());
      EXPECT_TRUE(fs::exists(root.path() / ".m.csv.opsis-index"));
    }
  };
  expect_same({.manifest = manifest});
  expect_same({.manifest = manifest, .root = "elsewhere"});
  expect_same({.manifest = manifest, .label_column = "other"});
  expect_same({.manifest = manifest, .classes = {"dog", "cat", "cow"}});
  ManifestFolder({.manifest = manifest, .index = true});
  EXPECT_ERROR(ManifestFolder({.manifest = manifest, .separator = ';', .index = true}), DecodeError, "column \"file\"");
  root.write("m.csv", "file,label,other\nc,cow,1\n");
  EXPECT_EQ(ManifestFolder({.manifest = manifest, .index = true}).classes(), std::vector<std::string>{"cow"});
}

TEST(WIDERFace, TakesNoIndexWhoseFacesAreNotThoseOfItsImages) {
  const support::TemporaryFolder root;
  for (const auto* folder : {"WIDER_train", "WIDER_val", "WIDER_test"}) {
    fs::create_directories(root.path() / "widerface" / folder);
  }
  const auto list = root.write("widerface/wider_face_split/wider_face_val_bbx_gt.txt", "a.jpg\n1\n1 2 3 4 0 0 0 0 0 0\n");
  const auto size_with = [&](std::vector<int64_t> numbers) {
    const auto index = list_index_bytes(list_of({"b.jpg", "c.jpg"}, std::move(numbers)), "WIDERFace val");
    io::write_file_index(list, kListIndexKind, index, io::file_stamp(list), io::now_ns() + kMuchLater);
    return WIDERFace({.root = root.path(), .split = "val", .index = true}).size();
  };
  std::vector<int64_t> sound(22, 7);
  sound[0] = 2, sound[1] = 0;
  EXPECT_EQ(size_with(sound), 2u);
  for (const auto& [one, other] : std::vector<std::pair<int64_t, int64_t>>{
           {2, 1}, {1, 0}, {-1, 3}, {std::numeric_limits<int64_t>::max(), 1}, {1, std::numeric_limits<int64_t>::min()}}) {
    auto wrong = sound;
    wrong[0] = one, wrong[1] = other;
    EXPECT_EQ(size_with(wrong), 1u) << one << " " << other;
  }
  EXPECT_EQ(size_with({1}), 1u);
}

// A root with three photos and their captions; the addresses name a fourth, which is gone.
void write_sbu(const support::TemporaryFolder& root) {
  root.write("SBUCaptionedPhotoDataset.tar.gz", "");
  root.write("dataset/SBU_captioned_photo_dataset_urls.txt",
             "http://x/1.jpg\nhttp://x/2.jpg\nhttp://x/3.jpg\nhttp://x/4.jpg\n");
  root.write("dataset/SBU_captioned_photo_dataset_captions.txt", "one\ntwo \nthree\nfour\n");
  for (const auto* name : {"1.jpg", "2.jpg"}) root.write(fs::path("dataset") / name, "");
}

std::vector<std::string> sbu_captions(const support::TemporaryFolder& root, bool index) {
  const SBU data({.root = root.path(), .download = false, .index = index});
  std::vector<std::string> out;
  for (const auto& [path, captions] : data.samples()) out.push_back(path.filename().string() + " " + captions.at(0));
  return out;
}

TEST(SBU, WithAnIndexSeesWhatChangesAndTakesNoneThatIsNotSound) {
  const support::TemporaryFolder root, linked, young, cache;
  const support::Variable variable("XDG_CACHE_HOME", cache.path().string());
  const OtherHashes any({{"SBU/SBUCaptionedPhotoDataset.tar.gz", ""}});
  for (const auto* one : {&root, &linked, &young}) write_sbu(*one);
  root.write("dataset/3.jpg", "");
  fs::create_symlink(linked.path() / "elsewhere.jpg", linked.path() / "dataset/3.jpg");
  std::this_thread::sleep_for(std::chrono::nanoseconds(io::kCoarsestClock) + std::chrono::milliseconds(100));
  const auto place_in = [](const support::TemporaryFolder& folder) {
    return folder.path() / ".SBUCaptionedPhotoDataset.tar.gz.opsis-index";
  };

  const std::vector<std::string> expected{"1.jpg one", "2.jpg two", "3.jpg three"}, lie{"1.jpg lie"};
  EXPECT_EQ(sbu_captions(root, true), expected);
  ASSERT_TRUE(fs::exists(place_in(root)));
  const auto archive = root.path() / "SBUCaptionedPhotoDataset.tar.gz";
  const auto kept = io::read_file_index(archive, kListIndexKind);
  ASSERT_TRUE(kept);
  const std::string asked(io::ByteFields(kept->content, "an index").text());
  const auto keep = [&](const std::vector<std::string>& texts) {
    const auto bytes = list_index_bytes(list_of(texts, {}), asked);
    io::write_file_index(archive, kListIndexKind, bytes, io::file_stamp(archive), io::now_ns() + kMuchLater);
  };
  // It is the index that is read.
  keep({"1.jpg", "lie"});
  EXPECT_EQ(sbu_captions(root, true), lie);
  EXPECT_EQ(sbu_captions(root, false), expected);
  // A photo without a caption, and one that is elsewhere.
  for (const auto& texts : std::vector<std::vector<std::string>>{{"1.jpg", "lie", "2.jpg"}, {"../1.jpg", "lie"}}) {
    keep(texts);
    EXPECT_EQ(sbu_captions(root, true), expected);
    EXPECT_EQ(sbu_captions(root, true), expected);
  }
  keep({"1.jpg", "lie"});
  fs::resize_file(place_in(root), fs::file_size(place_in(root)) - 1);
  EXPECT_EQ(sbu_captions(root, true), expected);
  // A list of as many bytes, with its time put back; a photo that is gone.
  keep({"1.jpg", "lie"});
  const auto list = root.path() / "dataset/SBU_captioned_photo_dataset_captions.txt";
  const auto before = fs::last_write_time(list);
  root.write("dataset/SBU_captioned_photo_dataset_captions.txt", "eno\ntwo \nthree\nfour\n");
  fs::last_write_time(list, before);
  EXPECT_EQ(sbu_captions(root, true), (std::vector<std::string>{"1.jpg eno", "2.jpg two", "3.jpg three"}));
  fs::remove(root.path() / "dataset/2.jpg");
  EXPECT_EQ(sbu_captions(root, true), (std::vector<std::string>{"1.jpg eno", "3.jpg three"}));

  // Where a photo is a link, nothing in the folder tells when what it leads to comes.
  EXPECT_EQ(sbu_captions(linked, true).size(), 2u);
  EXPECT_FALSE(fs::exists(place_in(linked)));
  linked.write("elsewhere.jpg", "");
  EXPECT_EQ(sbu_captions(linked, true).size(), 3u);
  // What is so young that a change might not show.
  young.write("dataset/3.jpg", "");
  EXPECT_EQ(sbu_captions(young, true), expected);
  EXPECT_FALSE(fs::exists(place_in(young)));
}

}  // namespace
}  // namespace opsis::datasets
