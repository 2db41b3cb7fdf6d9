// What all commands share: results on stdout, everything for people who watch on stderr, and errors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace cli {

/// Keeps the order of its keys.
using Json = nlohmann::ordered_json;

/// The command line is wrong, in a way that only the command can tell. Ends the program with 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The command that the command line chose: `run` returns the exit code.
struct Chosen {
  std::function<int()> run;
};

/// Parses, runs what was chosen, and turns whatever happens into an exit code: 0 it worked, 1 it did not (one line on stderr:
/// "opsis predict: cannot open photo.jpg: ..."), 2 the command line is wrong.
int run(CLI::App& app, Chosen& chosen, int argc, char** argv);

/// Does some work. Returns what went wrong in words for people, nothing if all went well; a UsageError goes through.
std::optional<std::string> failure_of(const std::function<void()>& work);
/// For one bad file among many: a line on stderr, "opsis predict: photo.jpg: what", which names the file once.
void note_failure(std::string_view command, const std::string& file, const std::string& what);

/// For options that count things: check(at_least_one).
std::string at_least_one(const std::string& word);
/// For seeds: check(zero_or_more).
std::string zero_or_more(const std::string& word);
/// For rates and decays, numbers that need not be whole: check(from_zero_on).
std::string from_zero_on(const std::string& word);
/// For shares: check(from_zero_to_one).
std::string from_zero_to_one(const std::string& word);
/// For shares that may not be all: check(from_zero_to_nine_tenths).
std::string from_zero_to_nine_tenths(const std::string& word);

/// In small letters. For names of models, which are so in the registry, and found there however they are written:
/// transform(lower).
std::string lower(std::string word);

/// The endings of pictures that can be written, for help: ".avif, .gif, .jpg, .png, .tif or .webp".
std::string picture_endings();
/// Throws UsageError when the name of a picture to write ends in none of them; `argument` is what it was given as, "--out".
void check_picture_name(std::string_view argument, const std::filesystem::path& file);

/// Whether a file in a folder is a picture, by its ending: torchvision's, and .avif and .gif, which its folders do not have.
bool is_picture(const std::filesystem::path& file);

/// Whether it is a part of a name, whatever the case of its letters.
bool is_part(std::string part, std::string name);

/// "1 picture", "3 pictures".
std::string counted(int64_t count, std::string_view one, std::string_view many);

/// A line on stdout.
void print(std::string_view line);
/// A document on stdout. Names that are no UTF-8 are repaired.
void print_json(const Json& document);
/// A line on stderr for people, which scripts that read stdout do not see.
void note(std::string_view line);

/// Text in columns, each as wide as its widest cell; `right` says which stand to the right.
std::string table(const std::vector<std::vector<std::string>>& rows, const std::vector<bool>& right);

}  // namespace cli
