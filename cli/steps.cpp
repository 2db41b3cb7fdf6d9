#include "cli/steps.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "cli/number.h"
#include "cli/output.h"
#include "opsis/core/check.h"
#include "opsis/core/nearest.h"

namespace cli {
namespace {

namespace T = opsis::transforms;

// One argument: its key, if it has one, and its words; several, or a list of one, when they stood in brackets.
struct Argument {
  std::string key;
  std::vector<std::string> words;
  bool is_list = false;
};

// Reads Name(1, [2, 3], key=word).
class StepReader {
 public:
  explicit StepReader(std::string_view step) : step_(step) {
    name = word();
    if (name.empty()) fail("a step begins with the name of a transform");
    if (!take('(')) {
      end();
      return;
    }
    while (!take(')')) {
      if (!arguments.empty() && !take(',')) fail("a \",\" or \")\" is missing");
      arguments.push_back(argument());
    }
    end();
  }

  std::string name;
  std::vector<Argument> arguments;

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw UsageError(opsis::text("cannot read the step \"{}\": {}", step_, what));
  }
  void skip_spaces() {
    while (at_ < step_.size() && step_[at_] == ' ') ++at_;
  }
  bool take(char wanted) {
    skip_spaces();
    if (at_ == step_.size() || step_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  std::string word() {
    skip_spaces();
    const auto begin = at_;
    while (at_ < step_.size() && step_.substr(at_, 1).find_first_of(" ,=()[]") == std::string_view::npos) ++at_;
    return std::string(step_.substr(begin, at_ - begin));
  }
  Argument argument() {
    Argument out;
    if (!bracketed(out)) {
      auto first = word();
      if (first.empty()) fail("a value is missing");
      if (!take('=')) {
        out.words = {std::move(first)};
        return out;
      }
      out.key = std::move(first);
      if (bracketed(out)) return out;
      out.words = {word()};
      if (out.words[0].empty()) fail("a value is missing");
    }
    return out;
  }
  bool bracketed(Argument& out) {
    const char close = take('[') ? ']' : take('(') ? ')' : '\0';
    if (close == '\0') return false;
    bool comma = false;
    while (!take(close)) {
      if (!out.words.empty() && !comma) fail(opsis::text("a \",\" or \"{}\" is missing", std::string(1, close)));
      out.words.push_back(word());
      if (out.words.back().empty()) fail("a value is missing");
      comma = take(',');
    }
    out.is_list = close == ']' || comma || out.words.size() != 1;  // as in Python, (3) is a number and (3,) is not
    return true;
  }
  void end() {
    skip_spaces();
    if (at_ < step_.size()) fail(opsis::text("there is \"{}\" after it", step_.substr(at_)));
  }

  std::string_view step_;
  size_t at_ = 0;
};

// The arguments of one step, asked for in the order that they may stand in without their keys.
class Arguments {
 public:
  explicit Arguments(StepReader reader) : name_(std::move(reader.name)) {
    for (auto& argument : reader.arguments) {
      if (!argument.key.empty()) {
        named_.push_back(std::move(argument));
      } else if (named_.empty()) {
        placed_.push_back(std::move(argument));
      } else {
        fail("values without a key come first");
      }
    }
  }

  std::optional<std::vector<double>> numbers(const std::string& key) {
    const auto words = take(key);
    if (!words) return {};
    std::vector<double> out;
    for (const auto& word : *words) out.push_back(number_of(key, word));
    return out;
  }
  std::optional<std::vector<int64_t>> integers(const std::string& key) {
    const auto values = numbers(key);
    if (!values) return {};
    std::vector<int64_t> out;
    for (const double value : *values) {
      if (value != static_cast<double>(static_cast<int64_t>(value))) fail(key + " must be whole");
      out.push_back(static_cast<int64_t>(value));
    }
    return out;
  }
  std::optional<int64_t> integer(const std::string& key) {
    const auto values = integers(key);
    if (values && values->size() != 1) fail(key + " must be one number");
    return values ? std::optional((*values)[0]) : std::nullopt;
  }
  std::vector<int64_t> needed_integers(const std::string& key) {
    auto out = integers(key);
    if (!out) fail(key + " is missing");
    return *std::move(out);
  }
  std::optional<double> number(const std::string& key) {
    const auto values = numbers(key);
    if (values && values->size() != 1) fail(key + " must be one number");
    return values ? std::optional((*values)[0]) : std::nullopt;
  }
  std::optional<std::pair<double, double>> pair(const std::string& key) {
    const auto values = numbers(key);
    if (values && values->size() != 2) fail(key + " must be two numbers in brackets");
    return values ? std::optional(std::pair((*values)[0], (*values)[1])) : std::nullopt;
  }
  std::optional<std::string> word(const std::string& key) {
    const auto words = take(key);
    if (words && words->size() != 1) fail(key + " must be one word");
    return words ? std::optional((*words)[0]) : std::nullopt;
  }
  std::optional<bool> truth(const std::string& key) {
    const auto value = word(key);
    if (!value) return {};
    if (*value == "True" || *value == "true") return true;
    if (*value == "False" || *value == "false") return false;
    fail(key + " must be True or False");
  }

  // Refuses what nobody asked for.
  void end() {
    if (asked_.size() < placed_.size()) fail(opsis::text("it takes {} values, got {}", asked_.size(), placed_.size()));
    const std::vector<std::string_view> known(asked_.begin(), asked_.end());
    for (const auto& argument : named_) {
      if (std::find(asked_.begin(), asked_.end(), argument.key) != asked_.end()) continue;
      fail(opsis::text("it has no argument \"{}\"{}", argument.key, opsis::did_you_mean(argument.key, known)));
    }
  }

  // All of them as JSON, for the transforms that are built out of it: these know the names of their arguments, not their order.
  Json json() const {
    if (!placed_.empty()) fail("its arguments need their names: key=value");
    Json out{{"name", name_}};
    for (const auto& [key, words, is_list] : named_) {
      if (out.contains(key)) fail(key + " is given twice");
      Json list = Json::array();
      for (const auto& word : words) list.push_back(json_of(word));
      out[key] = is_list ? list : list[0];
    }
    return out;
  }

  [[noreturn]] void fail(std::string_view what) const { throw UsageError(opsis::text("step {}: {}", name_, what)); }

 private:
  static Json json_of(std::string word) {
    if (word == "None") return nullptr;
    if (word == "True" || word == "true") return true;
    if (word == "False" || word == "false") return false;
    if (word.starts_with("torch.")) return word.substr(6);  // a type, as Python has it
    if (const auto whole = number_in<int64_t>(word)) return *whole;
    if (const auto number = number_in<double>(word); number && std::isfinite(*number)) return *number;
    return word;
  }
  std::optional<std::vector<std::string>> take(const std::string& key) {
    const auto place = asked_.size();
    asked_.push_back(key);
    std::optional<std::vector<std::string>> out;
    if (place < placed_.size()) out = placed_[place].words;
    for (const auto& argument : named_) {
      if (argument.key != key) continue;
      if (out) fail(key + " is given twice");
      out = argument.words;
    }
    if (!out || out->size() != 1 || (*out)[0] != "None") return out;
    if (key == "antialias") return std::vector<std::string>{"False"};  // what torchvision's None is for tensors
    constexpr std::string_view may_be_none[] = {"size", "max_size", "resize_size", "padding", "fill"};
    if (std::ranges::find(may_be_none, key) == std::end(may_be_none)) fail(key + " must not be None");
    return {};
  }
  double number_of(const std::string& key, const std::string& word) const {
    const auto value = number_in<double>(word);
    if (!value || std::isnan(*value)) fail(opsis::text("{} must be a number, got \"{}\"", key, word));
    if (std::abs(*value) > 1e9) fail(opsis::text("{} must be a number from -1e9 to 1e9, got {}", key, word));
    return *value;
  }

  std::string name_;
  std::vector<Argument> placed_, named_;
  std::vector<std::string> asked_;
};

void read_interpolation(Arguments& arguments, T::InterpolationMode& mode, bool& antialias) {
  if (const auto word = arguments.word("interpolation")) mode = T::interpolation_mode(*word);
  if (const auto truth = arguments.truth("antialias")) antialias = *truth;
}

T::Fill fill_of(const std::vector<double>& numbers) {
  if (numbers.size() != 1) return numbers;
  const auto whole = static_cast<int64_t>(numbers[0]);
  return static_cast<double>(whole) == numbers[0] ? T::Fill(whole) : T::Fill(numbers[0]);
}

void read_border(Arguments& arguments, T::Fills& fill, T::PaddingMode& mode) {
  if (const auto numbers = arguments.numbers("fill")) fill = fill_of(*numbers);
  if (const auto word = arguments.word("padding_mode")) mode = T::padding_mode(*word);
}

T::AnyTransform center_crop(Arguments& a) { return T::CenterCrop(a.needed_integers("size")); }

T::AnyTransform normalize(Arguments& a) {
  const auto mean = a.numbers("mean"), std = a.numbers("std");
  if (!mean || !std) a.fail("mean and std are needed");
  a.truth("inplace");  // makes no difference here
  return T::Normalize(*mean, *std);
}

T::AnyTransform pad(Arguments& a) {
  const auto padding = a.needed_integers("padding");
  T::PadOptions options;
  read_border(a, options.fill, options.padding_mode);
  return T::Pad(padding, options);
}

T::AnyTransform random_crop(Arguments& a) {
  const auto size = a.needed_integers("size");
  T::RandomCropOptions options;
  if (const auto padding = a.integers("padding")) options.padding = *padding;
  if (const auto truth = a.truth("pad_if_needed")) options.pad_if_needed = *truth;
  read_border(a, options.fill, options.padding_mode);
  return T::RandomCrop(size, options);
}

T::AnyTransform random_horizontal_flip(Arguments& a) { return T::RandomHorizontalFlip(a.number("p").value_or(0.5)); }

T::AnyTransform random_resized_crop(Arguments& a) {
  const auto size = a.needed_integers("size");
  T::RandomResizedCropOptions options;
  if (const auto scale = a.pair("scale")) options.scale = *scale;
  if (const auto ratio = a.pair("ratio")) options.ratio = *ratio;
  read_interpolation(a, options.interpolation, options.antialias);
  return T::RandomResizedCrop(size, options);
}

T::AnyTransform resize(Arguments& a) {
  const auto size = a.integers("size").value_or(std::vector<int64_t>{});
  T::ResizeOptions options;
  if (const auto word = a.word("interpolation")) options.interpolation = T::interpolation_mode(*word);
  if (const auto side = a.integer("max_size")) options.max_size = *side;
  if (const auto truth = a.truth("antialias")) options.antialias = *truth;
  return T::Resize(size, options);
}

T::AnyTransform to_dtype(Arguments& a) {
  auto name = a.word("dtype").value_or("float32");
  const auto scale = a.truth("scale").value_or(false);
  if (name.starts_with("torch.")) name.erase(0, 6);  // as Python has it
  return T::ToDtype(T::detail::dtype_named(name), {.scale = scale});
}

void read_three(Arguments& a, const std::string& key, std::array<double, 3>& place) {
  const auto numbers = a.numbers(key);
  if (!numbers) return;
  if (numbers->size() != place.size()) a.fail(key + " must be three numbers in brackets");
  std::copy(numbers->begin(), numbers->end(), place.begin());
}

// What the presets of pictures share.
template <class Options>
void read_preset(Arguments& a, Options& options) {
  if (const auto side = a.integer("resize_size")) options.resize_size = *side;
  read_three(a, "mean", options.mean);
  read_three(a, "std", options.std);
  read_interpolation(a, options.interpolation, options.antialias);
}

T::AnyTransform image_classification(Arguments& a) {
  T::ImageClassificationOptions options;
  if (const auto side = a.integer("crop_size")) options.crop_size = *side;
  read_preset(a, options);
  return T::ImageClassification(options);
}

T::AnyTransform object_detection(Arguments&) { return T::ObjectDetection(); }

T::AnyTransform optical_flow(Arguments&) { return T::OpticalFlow(); }

T::AnyTransform semantic_segmentation(Arguments& a) {
  T::SemanticSegmentationOptions options;
  read_preset(a, options);
  return T::SemanticSegmentation(options);
}

struct Step {
  std::string_view name, usage;
  T::AnyTransform (*build)(Arguments& arguments);
};

// Sorted. To add one: a builder above, which asks for its arguments in torchvision's order, and a line here.
constexpr Step steps[] = {
    {"CenterCrop", "CenterCrop(size)", center_crop},
    {"ImageClassification",
     "ImageClassification(crop_size=224, resize_size=256, mean=[...], std=[...], interpolation=bilinear, antialias=True)",
     image_classification},
    {"Normalize", "Normalize(mean, std)", normalize},
    {"ObjectDetection", "ObjectDetection()", object_detection},
    {"OpticalFlow", "OpticalFlow()", optical_flow},
    {"Pad", "Pad(padding, fill=0, padding_mode=constant)", pad},
    {"RandomCrop", "RandomCrop(size, padding=None, pad_if_needed=False, fill=0, padding_mode=constant)", random_crop},
    {"RandomHorizontalFlip", "RandomHorizontalFlip(p=0.5)", random_horizontal_flip},
    {"RandomResizedCrop",
     "RandomResizedCrop(size, scale=[0.08, 1], ratio=[0.75, 1.33], interpolation=bilinear, antialias=True)",
     random_resized_crop},
    {"Resize", "Resize(size, interpolation=bilinear, max_size=None, antialias=True)", resize},
    {"SemanticSegmentation",
     "SemanticSegmentation(resize_size=None, mean=[...], std=[...], interpolation=bilinear, antialias=True)",
     semantic_segmentation},
    {"ToDtype", "ToDtype(dtype, scale=False)", to_dtype},
};

}  // namespace

T::AnyTransform parse_step(std::string_view text) {
  StepReader reader(text);
  const auto name = reader.name;
  const auto build = [&](const auto& from) {
    Arguments arguments(std::move(reader));
    try {
      return from(arguments);
    } catch (const opsis::ValueError& error) {
      // The library's own message begins with the transform's name too, as a rule.
      const std::string_view what = error.what();
      if (what.starts_with(name)) throw UsageError(opsis::text("step {}", what));
      arguments.fail(what);
    }
  };
  std::vector<std::string_view> names;
  for (const auto& step : steps) {
    names.push_back(step.name);
    if (step.name != name) continue;
    return build([&](Arguments& arguments) {
      auto transform = step.build(arguments);
      arguments.end();
      return transform;
    });
  }
  for (const auto other : T::list_transforms()) {
    if (other == name) return build([](Arguments& arguments) { return T::transform_from_json(arguments.json().dump()); });
    if (std::find(names.begin(), names.end(), other) == names.end()) names.push_back(other);
  }
  throw UsageError(opsis::text("there is no step \"{}\"{}", reader.name, opsis::did_you_mean(reader.name, names)));
}

std::string step_help() {
  std::string out;
  for (const auto& step : steps) out += "  " + std::string(step.usage) + "\n";
  return out + "and every other transform by the names of its arguments, as RandAugment(num_ops=3, magnitude=12).\n";
}

}  // namespace cli
