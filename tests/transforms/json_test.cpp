// Transforms written as C++ and as JSON, and built again.
#include "opsis/core/json.h"

#include <limits>
#include <set>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/written_transforms.h"

namespace opsis {
namespace {

using namespace transforms;

std::string without_spaces(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
  return text;
}

// What a transform made of a sample: its tensors, or the error.
struct Made {
  std::vector<torch::Tensor> values;
  std::string error;
};

template <class Sample>
Made made(const AnyTransform& transform, const Sample& sample) {
  const random::Scope scope(5);
  Made out;
  try {
    const auto changed = transform(written::copied(sample));
    if constexpr (requires { changed.data; }) {
      out.values = {changed.data};
    } else {
      std::apply([&](const auto&... value) { out.values = {value.data...}; }, changed);
    }
  } catch (const ValueError& error) {
    out.error = error.what();
  }
  return out;
}

bool same(const Made& one, const Made& other) {
  return one.error == other.error && one.values.size() == other.values.size() &&
         std::equal(one.values.begin(), one.values.end(), other.values.begin(),
                    [](const auto& a, const auto& b) { return ::support::equal(a, b); });
}

TEST(Code, BuildsTheTransform) {
  for (const auto& [code, built] : written::transforms()) {
    SCOPED_TRACE(code);
    EXPECT_EQ(without_spaces(built.code()), without_spaces(std::string(code)));
    const auto json = built.to_json();
    const auto again = transform_from_json(json.dump());
    EXPECT_EQ(again.repr(), built.repr());
    EXPECT_EQ(again.to_json(), json);
    EXPECT_EQ(again.code(), built.code());
  }
}

TEST(TransformFromJson, BuildsWhatDoesTheSame) {
  const auto& [whole, image, video, floats, two_numbers] = written::samples();
  for (const auto& [code, transform] : written::transforms()) {
    SCOPED_TRACE(code);
    const auto again = transform_from_json(transform.to_json().dump());
    bool any = false;
    const auto expect_same = [&, &built = transform](const auto& sample) {
      const auto expected = made(built, sample);
      any |= expected.error.empty();
      EXPECT_TRUE(same(made(again, sample), expected)) << expected.error;
    };
    expect_same(whole);
    expect_same(image);
    expect_same(video);
    expect_same(floats);
    expect_same(two_numbers);
    const bool mixes = code.starts_with("MixUp") || code.starts_with("CutMix");
    EXPECT_NE(any, mixes) << "it must take one of the samples, but what mixes labels none";
  }
}

TEST(TransformFromJson, BuildsMixUpAndCutMix) {
  const auto images = torch::rand({4, 3, 6, 8});
  const auto labels = torch::tensor({0, 1, 2, 1});
  const auto expect_same = [&]<class Mix>(const Mix& mix) {
    const auto built = transform_from_json(mix.to_json().dump());
    const auto* again = dynamic_cast<const Mix*>(built.get());
    ASSERT_TRUE(again);
    random::Scope scope(1);
    const auto [expected, shares] = mix(images, labels);
    random::Scope same(1);
    const auto [out, again_shares] = (*again)(images, labels);
    EXPECT_TENSOR_EQ(out, expected);
    EXPECT_TENSOR_EQ(again_shares, shares);
  };
  expect_same(MixUp({.alpha = 0.5, .num_classes = 3}));
  expect_same(CutMix({.num_classes = 5}));
  EXPECT_ERROR(Compose{MixUp()}(images), ValueError, "MixUp: mixes labels too; call it by itself");
}

TEST(Code, OfWhatDoesNotNameItsArgumentsIsRefused) {
  const Lambda lambda([](const auto& value) { return value; });
  EXPECT_ERROR(lambda.code(), ValueError, "Lambda: cannot be written down, it does not name its arguments");
  EXPECT_ERROR((Compose{Pad(1), lambda}.to_json()), ValueError, "Lambda: cannot be written down");
}

TEST(TransformFromJson, BuildsWhatAPersonWrites) {
  const auto train = transform_from_json(R"([
    {"name": "RandomResizedCrop", "size": [24], "scale": [0.5, 1]},
    {"name": "RandomHorizontalFlip"},
    {"name": "RandomApply", "transforms": [{"name": "Pad", "padding": 2, "fill": [1, 2, 3]}]},
    {"name": "ToDtype", "dtype": "float32", "scale": true},
    {"name": "Normalize", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
  ])");
  const Compose same{RandomResizedCrop(24, {.scale = {0.5, 1.0}}), RandomHorizontalFlip(),
                     RandomApply({Pad(2, {.fill = {1, 2, 3}})}), ToDtype(torch::kFloat32, {.scale = true}),
                     Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})};
  EXPECT_EQ(train.repr(), same.repr());
  const Image image(torch::randint(256, {3, 40, 50}, torch::kUInt8));
  for (uint64_t seed = 0; seed < 5; ++seed) {
    random::Scope scope(seed);
    const auto expected = same(image);
    random::Scope again(seed);
    EXPECT_TENSOR_EQ(train(image).data, expected.data);
  }
}

TEST(TransformFromJson, KeepsThatAKindHasNoFill) {
  const RandomRotation turned(30, {.fill = PerKind<Fill>{.image = Fill(), .others = 200}});
  const auto json = turned.to_json().dump();
  EXPECT_THAT(json, testing::HasSubstr("null"));
  EXPECT_EQ(transform_from_json(json).to_json().dump(), json);
}

TEST(TransformFromJson, SaysWhatIsWrong) {
  EXPECT_ERROR(transform_from_json(R"({"name": "Resise", "size": [2]})"), ValueError,
               "transform_from_json: no transform is named \"Resise\"; did you mean Resize?");
  EXPECT_ERROR(transform_from_json(R"({"name": "Resize", "sizes": [2]})"), ValueError,
               "Resize: there is no argument \"sizes\"; did you mean size");
  EXPECT_ERROR(transform_from_json(R"({"name": "Resize"})"), ValueError, "Resize: the argument \"size\" is needed");
  EXPECT_ERROR(transform_from_json(R"({"name": "Resize", "size": "large"})"), ValueError,
               "Resize: size: this must be a list, got");
  EXPECT_ERROR(transform_from_json(R"({"name": "Resize", "size": [2], "interpolation": "bilinar"})"), ValueError,
               "Resize: interpolation: no setting is named \"bilinar\"; did you mean bilinear");
  EXPECT_ERROR(transform_from_json(R"([{"name": "RandomApply", "transforms": [{"name": "JPEG", "quality": true}]}])"),
               ValueError, "RandomApply: transforms: JPEG: quality: ");
  EXPECT_ERROR(transform_from_json(R"({"name": "RandomHorizontalFlip", "p": 3})"), ValueError, "p must be in [0, 1], got 3");
  EXPECT_ERROR(transform_from_json(R"({"name": "Pad", "padding": [9223372036854775807, 0, 9223372036854775807, 0]})"),
               ValueError, "a border must have at most 2^40 pixels, got 9223372036854775807");
  EXPECT_ERROR(transform_from_json(R"({"name": "Compose", "transforms": [{"name": "Identity"}], "transform": []})"), ValueError,
               "Compose: there is no argument \"transform\"; did you mean transforms?");
  EXPECT_ERROR(transform_from_json("[]"), ValueError, "Compose: there must be at least one transform");
  EXPECT_ERROR(transform_from_json("[{]"), ValueError, "Json: ");
  EXPECT_ERROR(transform_from_json("7"), ValueError, "Json: this must be an object, got 7");
  EXPECT_ERROR(transform_from_json(std::string(100000, '[')), ValueError, "Json: nested deeper than 200");
}

TEST(TransformFromJson, TakesSettingsAsPythonHasThem) {
  const auto expect_reads = [](const char* json, const AnyTransform& same) {
    EXPECT_EQ(transform_from_json(json).to_json(), same.to_json()) << json;
  };
  expect_reads(R"({"name": "RandomRotation", "degrees": 30})", RandomRotation(30));
  expect_reads(R"({"name": "RandomAffine", "degrees": [0, 30], "scale": [0.5, 2], "center": [1, 2]})",
               RandomAffine({0, 30}, {.scale = {{0.5, 2}}, .center = Point{1, 2}}));
  expect_reads(R"({"name": "ColorJitter", "brightness": 1, "hue": [-0.25, 0.25]})",
               ColorJitter({.brightness = 1, .hue = {-0.25, 0.25}}));
  expect_reads(R"({"name": "GaussianBlur", "kernel_size": [3]})", GaussianBlur(3));
  expect_reads(R"({"name": "GaussianBlur", "kernel_size": [3], "sigma": 2})", GaussianBlur(3, 2));
  expect_reads(R"({"name": "JPEG", "quality": [10, 90]})", JPEG(10, 90));
  expect_reads(R"({"name": "RandomErasing", "value": "random"})", RandomErasing({.value = ErasingValue::random()}));
  expect_reads(R"({"name": "RandomErasing", "value": 1})", RandomErasing({.value = 1}));
  expect_reads(R"({"name": "RandomShortestSize", "min_size": 20})", RandomShortestSize(20));
  expect_reads(R"({"name": "RandomChoice", "transforms": [{"name": "Pad", "padding": 1}]})", RandomChoice({Pad(1)}));
  expect_reads(R"({"name": "ClampBoundingBoxes"})", ClampBoundingBoxes());
  expect_reads(R"({"name": "ClampBoundingBoxes", "clamping_mode": null})", ClampBoundingBoxes());
  expect_reads(R"({"name": "SetClampingMode", "clamping_mode": null})", SetClampingMode(ClampingMode::None));
  expect_reads(R"({"name": "Resize", "size": [20], "antialias": null})", Resize({20}, {.antialias = false}));
  expect_reads(R"({"name": "RandomApply", "p": 0.5, "transforms": [
                   {"name": "RandomResize", "min_size": 4, "max_size": 8, "antialias": null}]})",
               RandomApply({RandomResize(4, 8, {.antialias = false})}, 0.5));
  expect_reads(R"({"name": "ImageClassification", "crop_size": 20, "antialias": null})",
               ImageClassification({.crop_size = 20, .antialias = false}));
  expect_reads(R"({"name": "SemanticSegmentation", "resize_size": null, "mean": [0, 0.5, 1]})",
               SemanticSegmentation({.mean = {0, 0.5, 1}}));
  expect_reads(R"({"name": "VideoClassification", "crop_size": [8, 9], "resize_size": 20})",
               VideoClassification({.crop_size = {8, 9}, .resize_size = {20}}));
  EXPECT_ERROR(transform_from_json(R"({"name": "VideoClassification", "resize_size": [1, 2, 3]})"), ValueError,
               "VideoClassification: resize_size: this must be one or two numbers, got [1,2,3]");
  EXPECT_ERROR(transform_from_json(R"({"name": "ImageClasification"})"), ValueError, "did you mean ImageClassification");
  EXPECT_ERROR(transform_from_json(R"({"name": "ToDtype", "dtype": "float32", "scale": null})"), ValueError,
               "ToDtype: scale: this must be true or false, got null");
  EXPECT_ERROR(transform_from_json(R"({"name": "SetClampingMode", "clamping_mode": "?"})"), ValueError,
               "SetClampingMode: clamping_mode: no setting is named \"?\"");
  EXPECT_ERROR(transform_from_json(R"({"name": "JPEG", "quality": [10, 20, 30]})"), ValueError,
               "JPEG: quality: this must be one of");
  EXPECT_ERROR(transform_from_json(R"({"name": "RandomErasing", "value": "noise"})"), ValueError,
               "RandomErasing: value: this must be a number, a list of numbers or \"random\"");
}

TEST(TransformFromJson, TakesNumbersForListsAndNullAsTorchvisionDoes) {
  for (const auto& c : oracle::cases("transforms/written")) {
    SCOPED_TRACE(c.name());
    const auto settings = c.text("settings");
    if (const auto refusal = c.text("refusal"); refusal.empty()) {
      EXPECT_EQ(transform_from_json(settings).repr(), c.text("repr"));
    } else {
      EXPECT_ERROR(transform_from_json(settings), ValueError, refusal);
    }
  }
}

TEST(TransformsDef, NamesTheArgumentsOfEachTransform) {
  // Those that hold a function, and those that stand for no transform.
  const std::set<std::string_view> none{"AutoAugmentPolicy", "InterpolationMode", "Lambda", "Transform"};
  std::set<std::string_view> names;
  for (const auto& [code, built] : written::transforms()) names.insert(code.substr(0, code.find_first_of("({")));
  for (const auto name : list_transforms()) EXPECT_NE(names.contains(name), none.contains(name)) << name;
}

TEST(Json, KeepsWhatItWasGiven) {
  Json json;
  json.add("whole", int64_t{1} << 60);
  json.add("part", 0.1);
  json.add("nan", std::numeric_limits<double>::infinity());
  json.add("list", Json::List{true, Json(), "text \" \n"});
  const auto read = Json::parse(json.dump());
  EXPECT_EQ(read["whole"].integer(), int64_t{1} << 60);
  EXPECT_EQ(read["part"].number(), 0.1);
  EXPECT_EQ(read["nan"].number(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(read["list"], json["list"]);
  EXPECT_ERROR(json["hole"], ValueError, "Json: there is no member \"hole\"; did you mean whole?");
  EXPECT_ERROR(json["part"].text(), ValueError, "Json: this must be a text, got 0.1");
}

// Ten seconds, if the message were made of all of them.
TEST(Json, TellsTheBeginningOfWhatIsWrong) {
  Json::Object members;
  for (int i = 0; i < 100'000; ++i) members.emplace_back(std::to_string(i), Json::List{i, "a text"});
  EXPECT_ERROR(Json(std::move(members)).items(), ValueError,
               R"(this must be a list, got {"0":[0,"a text"],"1":[1,"a text"],"2":[2,"a text"],)");
  EXPECT_ERROR(Json(std::string(1000, 'x')).integer(), ValueError, "got \"" + std::string(79, 'x'));
}

TEST(Json, ParsesAsPythonDoes) {
  const auto json =
      Json::parse(R"({"a": 1, "b": {"x": []}, "a": [null, true, -2, 2.5, "\u00e4", 18446744073709551615], "c": {}})");
  ASSERT_EQ(json.members().size(), 3u) << "of a name that comes twice the last value counts";
  EXPECT_EQ(json.members()[0].first, "a");
  const auto& list = json["a"].items();
  ASSERT_EQ(list.size(), 6u);
  EXPECT_TRUE(list[0].is_null());
  EXPECT_TRUE(list[1].boolean());
  EXPECT_EQ(list[2].integer(), -2);
  EXPECT_EQ(list[3].number(), 2.5);
  EXPECT_EQ(list[4].text(), "\u00e4");
  EXPECT_EQ(list[5].number(), 18446744073709551616.0);
  EXPECT_TRUE(json["b"]["x"].items().empty());
  EXPECT_TRUE(json["c"].members().empty());
  std::string many = "{";
  for (int i = 0; i < 40; ++i) many += text("\"k{}\": {}, ", i % 20, i);
  const auto members = Json::parse(many + "\"end\": 0}").members();
  ASSERT_EQ(members.size(), 21u);
  EXPECT_EQ(members[3].first, "k3");
  EXPECT_EQ(members[3].second.integer(), 23);
  EXPECT_EQ(Json::parse(" 7 ").integer(), 7);
}

TEST(Json, RefusesWhatIsNone) {
  for (const auto* wrong :
       {"", "{", "[1,]", "{\"a\": }", "{1: 2}", "nul", "[1] 2", "\"\\ud800\"", "\"\xff\"", "1e999", "nan"}) {
    EXPECT_ERROR(Json::parse(wrong), ValueError, "Json: ");
  }
  EXPECT_ERROR(Json::parse("nul"), ValueError,
               "Json: parse error at line 1, column ");  // without the parser's own number for it
  EXPECT_ERROR(Json::parse("[1,\n 2,\n x]"), ValueError, "line 3, column 2");
  const auto nested = [](size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_TRUE(Json::parse(nested(201)).is_list());
  EXPECT_ERROR(Json::parse(nested(202)), ValueError, "Json: nested deeper than 200");
  EXPECT_ERROR(Json::parse(std::string(1'000'000, '[')), ValueError, "Json: nested deeper than 200");
}

TEST(Json, KeepsTensors) {
  for (const auto type : {torch::kUInt8, torch::kInt64, torch::kFloat16, torch::kFloat32, torch::kFloat64, torch::kBool}) {
    const auto tensor = (torch::rand({2, 3}) * 9).to(type);
    EXPECT_TENSOR_EQ(transforms::detail::json_tensor(Json::parse(transforms::detail::tensor_json(tensor).dump())), tensor);
  }
  EXPECT_ERROR(transforms::detail::json_tensor(Json::parse(R"({"dtype": "float32", "shape": [999999999999], "data": []})")),
               ValueError, "a tensor's shape must be sensible");
}

}  // namespace
}  // namespace opsis
