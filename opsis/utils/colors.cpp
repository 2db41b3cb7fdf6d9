#include "opsis/utils/colors.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "opsis/core/check.h"
#include "opsis/core/nearest.h"

namespace opsis::inline v1::utils {
namespace {

struct NamedColor {
  std::string_view name;
  Color color;
};

// CSS's names, sorted: https://www.w3.org/TR/css-color-4/#named-colors
constexpr NamedColor named_colors[] = {
    {"aliceblue", {240, 248, 255}},
    {"antiquewhite", {250, 235, 215}},
    {"aqua", {0, 255, 255}},
    {"aquamarine", {127, 255, 212}},
    {"azure", {240, 255, 255}},
    {"beige", {245, 245, 220}},
    {"bisque", {255, 228, 196}},
    {"black", {0, 0, 0}},
    {"blanchedalmond", {255, 235, 205}},
    {"blue", {0, 0, 255}},
    {"blueviolet", {138, 43, 226}},
    {"brown", {165, 42, 42}},
    {"burlywood", {222, 184, 135}},
    {"cadetblue", {95, 158, 160}},
    {"chartreuse", {127, 255, 0}},
    {"chocolate", {210, 105, 30}},
    {"coral", {255, 127, 80}},
    {"cornflowerblue", {100, 149, 237}},
    {"cornsilk", {255, 248, 220}},
    {"crimson", {220, 20, 60}},
    {"cyan", {0, 255, 255}},
    {"darkblue", {0, 0, 139}},
    {"darkcyan", {0, 139, 139}},
    {"darkgoldenrod", {184, 134, 11}},
    {"darkgray", {169, 169, 169}},
    {"darkgreen", {0, 100, 0}},
    {"darkgrey", {169, 169, 169}},
    {"darkkhaki", {189, 183, 107}},
    {"darkmagenta", {139, 0, 139}},
    {"darkolivegreen", {85, 107, 47}},
    {"darkorange", {255, 140, 0}},
    {"darkorchid", {153, 50, 204}},
    {"darkred", {139, 0, 0}},
    {"darksalmon", {233, 150, 122}},
    {"darkseagreen", {143, 188, 143}},
    {"darkslateblue", {72, 61, 139}},
    {"darkslategray", {47, 79, 79}},
    {"darkslategrey", {47, 79, 79}},
    {"darkturquoise", {0, 206, 209}},
    {"darkviolet", {148, 0, 211}},
    {"deeppink", {255, 20, 147}},
    {"deepskyblue", {0, 191, 255}},
    {"dimgray", {105, 105, 105}},
    {"dimgrey", {105, 105, 105}},
    {"dodgerblue", {30, 144, 255}},
    {"firebrick", {178, 34, 34}},
    {"floralwhite", {255, 250, 240}},
    {"forestgreen", {34, 139, 34}},
    {"fuchsia", {255, 0, 255}},
    {"gainsboro", {220, 220, 220}},
    {"ghostwhite", {248, 248, 255}},
    {"gold", {255, 215, 0}},
    {"goldenrod", {218, 165, 32}},
    {"gray", {128, 128, 128}},
    {"green", {0, 128, 0}},
    {"greenyellow", {173, 255, 47}},
    {"grey", {128, 128, 128}},
    {"honeydew", {240, 255, 240}},
    {"hotpink", {255, 105, 180}},
    {"indianred", {205, 92, 92}},
    {"indigo", {75, 0, 130}},
    {"ivory", {255, 255, 240}},
    {"khaki", {240, 230, 140}},
    {"lavender", {230, 230, 250}},
    {"lavenderblush", {255, 240, 245}},
    {"lawngreen", {124, 252, 0}},
    {"lemonchiffon", {255, 250, 205}},
    {"lightblue", {173, 216, 230}},
    {"lightcoral", {240, 128, 128}},
    {"lightcyan", {224, 255, 255}},
    {"lightgoldenrodyellow", {250, 250, 210}},
    {"lightgray", {211, 211, 211}},
    {"lightgreen", {144, 238, 144}},
    {"lightgrey", {211, 211, 211}},
    {"lightpink", {255, 182, 193}},
    {"lightsalmon", {255, 160, 122}},
    {"lightseagreen", {32, 178, 170}},
    {"lightskyblue", {135, 206, 250}},
    {"lightslategray", {119, 136, 153}},
    {"lightslategrey", {119, 136, 153}},
    {"lightsteelblue", {176, 196, 222}},
    {"lightyellow", {255, 255, 224}},
    {"lime", {0, 255, 0}},
    {"limegreen", {50, 205, 50}},
    {"linen", {250, 240, 230}},
    {"magenta", {255, 0, 255}},
    {"maroon", {128, 0, 0}},
    {"mediumaquamarine", {102, 205, 170}},
    {"mediumblue", {0, 0, 205}},
    {"mediumorchid", {186, 85, 211}},
    {"mediumpurple", {147, 112, 219}},
    {"mediumseagreen", {60, 179, 113}},
    {"mediumslateblue", {123, 104, 238}},
    {"mediumspringgreen", {0, 250, 154}},
    {"mediumturquoise", {72, 209, 204}},
    {"mediumvioletred", {199, 21, 133}},
    {"midnightblue", {25, 25, 112}},
    {"mintcream", {245, 255, 250}},
    {"mistyrose", {255, 228, 225}},
    {"moccasin", {255, 228, 181}},
    {"navajowhite", {255, 222, 173}},
    {"navy", {0, 0, 128}},
    {"oldlace", {253, 245, 230}},
    {"olive", {128, 128, 0}},
    {"olivedrab", {107, 142, 35}},
    {"orange", {255, 165, 0}},
    {"orangered", {255, 69, 0}},
    {"orchid", {218, 112, 214}},
    {"palegoldenrod", {238, 232, 170}},
    {"palegreen", {152, 251, 152}},
    {"paleturquoise", {175, 238, 238}},
    {"palevioletred", {219, 112, 147}},
    {"papayawhip", {255, 239, 213}},
    {"peachpuff", {255, 218, 185}},
    {"peru", {205, 133, 63}},
    {"pink", {255, 192, 203}},
    {"plum", {221, 160, 221}},
    {"powderblue", {176, 224, 230}},
    {"purple", {128, 0, 128}},
    {"rebeccapurple", {102, 51, 153}},
    {"red", {255, 0, 0}},
    {"rosybrown", {188, 143, 143}},
    {"royalblue", {65, 105, 225}},
    {"saddlebrown", {139, 69, 19}},
    {"salmon", {250, 128, 114}},
    {"sandybrown", {244, 164, 96}},
    {"seagreen", {46, 139, 87}},
    {"seashell", {255, 245, 238}},
    {"sienna", {160, 82, 45}},
    {"silver", {192, 192, 192}},
    {"skyblue", {135, 206, 235}},
    {"slateblue", {106, 90, 205}},
    {"slategray", {112, 128, 144}},
    {"slategrey", {112, 128, 144}},
    {"snow", {255, 250, 250}},
    {"springgreen", {0, 255, 127}},
    {"steelblue", {70, 130, 180}},
    {"tan", {210, 180, 140}},
    {"teal", {0, 128, 128}},
    {"thistle", {216, 191, 216}},
    {"tomato", {255, 99, 71}},
    {"turquoise", {64, 224, 208}},
    {"violet", {238, 130, 238}},
    {"wheat", {245, 222, 179}},
    {"white", {255, 255, 255}},
    {"whitesmoke", {245, 245, 245}},
    {"yellow", {255, 255, 0}},
    {"yellowgreen", {154, 205, 50}},
};

uint8_t level(double value) { return static_cast<uint8_t>(std::clamp(value, 0.0, 255.0)); }
uint8_t level_of_unit(double value) { return level(std::floor(value * 255 + 0.5)); }

int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

// The numbers of "name(1, 2%, 3)": each with whether a % follows it.
struct Numbers {
  struct Number {
    double value = 0;
    bool percent = false, whole = true;
  };
  std::string_view name;
  std::vector<Number> list;
};

std::optional<Numbers> read_numbers(std::string_view text) {
  const auto open = text.find('(');
  if (open == std::string_view::npos || !text.ends_with(')')) return {};
  Numbers out{text.substr(0, open), {}};
  auto rest = text.substr(open + 1, text.size() - open - 2);
  const auto skip_spaces = [&] { rest.remove_prefix(std::min(rest.find_first_not_of(" \t\n\r\f\v"), rest.size())); };
  for (;;) {
    skip_spaces();
    // Digits, and perhaps a point and more digits: no sign, no exponent.
    const auto size = std::min(rest.find_first_not_of("0123456789."), rest.size());
    const auto digits = rest.substr(0, size);
    if (digits.empty() || digits[0] == '.' || std::count(digits.begin(), digits.end(), '.') > 1) return {};
    Numbers::Number number;
    std::from_chars(digits.data(), digits.data() + digits.size(), number.value);
    number.whole = digits.find('.') == std::string_view::npos;
    rest.remove_prefix(size);
    if (rest.starts_with('%')) {
      number.percent = true;
      rest.remove_prefix(1);
    }
    out.list.push_back(number);
    skip_spaces();
    if (rest.empty()) return out;
    if (rest[0] != ',') return {};
    rest.remove_prefix(1);
  }
}

// One of hls_to_rgb's three: the hue is a part of the circle.
double hsl_channel(double low, double high, double hue) {
  hue -= std::floor(hue);
  if (hue < 1.0 / 6) return low + (high - low) * hue * 6;
  if (hue < 0.5) return high;
  if (hue < 2.0 / 3) return low + (high - low) * (2.0 / 3 - hue) * 6;
  return low;
}

Color from_hsl(double hue, double saturation, double lightness) {
  if (saturation == 0) return {level_of_unit(lightness), level_of_unit(lightness), level_of_unit(lightness)};
  const double high = lightness <= 0.5 ? lightness * (1 + saturation) : lightness + saturation - lightness * saturation;
  const double low = 2 * lightness - high;
  return {level_of_unit(hsl_channel(low, high, hue + 1.0 / 3)), level_of_unit(hsl_channel(low, high, hue)),
          level_of_unit(hsl_channel(low, high, hue - 1.0 / 3))};
}

Color from_hsv(double hue, double saturation, double value) {
  const double whole = std::trunc(hue * 6), within = hue * 6 - whole;
  const auto v = level_of_unit(value), p = level_of_unit(value * (1 - saturation)),
             q = level_of_unit(value * (1 - saturation * within)), t = level_of_unit(value * (1 - saturation * (1 - within)));
  if (saturation == 0) return {v, v, v};
  const Color sectors[] = {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}};
  return sectors[static_cast<size_t>(std::fmod(whole, 6))];
}

std::optional<Color> from_function(const Numbers& numbers, bool& has_alpha) {
  const auto& list = numbers.list;
  const auto are = [&](size_t count, bool percent, bool whole) {
    return list.size() == count &&
           std::all_of(list.begin(), list.end(), [&](const auto& n) { return n.percent == percent && (n.whole || !whole); });
  };
  const bool rgba = numbers.name == "rgba";
  if ((numbers.name == "rgb" && are(3, false, true)) || (rgba && are(4, false, true))) {
    has_alpha = rgba;
    return Color{level(list[0].value), level(list[1].value), level(list[2].value)};
  }
  if (numbers.name == "rgb" && are(3, true, true)) {
    const auto part = [&](size_t i) { return level(std::floor(list[i].value * 255 / 100 + 0.5)); };
    return Color{part(0), part(1), part(2)};
  }
  const bool hsl = numbers.name == "hsl", hsv = numbers.name == "hsv" || numbers.name == "hsb";
  if ((hsl || hsv) && list.size() == 3 && !list[0].percent && list[1].percent && list[2].percent) {
    const double hue = list[0].value / 360, second = list[1].value / 100, third = list[2].value / 100;
    return hsl ? from_hsl(hue, second, third) : from_hsv(hue, second, third);
  }
  return {};
}

}  // namespace

Paint Paint::parse(std::string_view given) {
  OPSIS_CHECK(given.size() <= 100, "color: a colour has at most 100 letters, got {}", given.size());
  std::string text(given);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });

  const auto* named = std::lower_bound(std::begin(named_colors), std::end(named_colors), text,
                                       [](const NamedColor& entry, std::string_view name) { return entry.name < name; });
  if (named != std::end(named_colors) && named->name == text) return named->color;

  if (text.starts_with('#') && std::all_of(text.begin() + 1, text.end(), [](char c) { return hex_digit(c) >= 0; })) {
    const auto digits = text.size() - 1;
    const bool pairs = digits == 6 || digits == 8;
    if (pairs || digits == 3 || digits == 4) {
      const auto part = [&](size_t i) {
        return static_cast<uint8_t>(pairs ? hex_digit(text[1 + 2 * i]) * 16 + hex_digit(text[2 + 2 * i])
                                          : hex_digit(text[1 + i]) * 17);
      };
      Paint paint(Color{part(0), part(1), part(2)});
      paint.has_alpha = digits == 4 || digits == 8;
      return paint;
    }
  }

  if (const auto numbers = read_numbers(text)) {
    bool has_alpha = false;
    if (const auto color = from_function(*numbers, has_alpha)) {
      Paint paint(*color);
      paint.has_alpha = has_alpha;
      return paint;
    }
  }

  std::vector<std::string_view> names;
  for (const auto& entry : named_colors) names.push_back(entry.name);
  raise<ValueError>("color: must be a name, #rrggbb, rgb(), hsl() or hsv(), got \"{}\"{}", text, did_you_mean(text, names));
}

std::vector<Paint> Colors::of(std::string_view where, int64_t count) const {
  if (for_all_) return std::vector<Paint>(static_cast<size_t>(count), paints_[0]);
  if (given_) {
    OPSIS_CHECK(std::ssize(paints_) >= count, "{}: there must be a colour for each of {} things, got {}", where, count,
                paints_.size());
    return {paints_.begin(), paints_.begin() + count};
  }
  // torchvision's palette: multiples of three numbers that 255 does not divide.
  std::vector<Paint> palette;
  for (int64_t i = 0; i < count; ++i) {
    const auto part = [&](int64_t step) { return static_cast<uint8_t>(i * step % 255); };
    palette.emplace_back(Color{part((1 << 25) - 1), part((1 << 15) - 1), part((1 << 21) - 1)});
  }
  return palette;
}

}  // namespace opsis::inline v1::utils
