#include "opsis/transforms/query.h"

#include "opsis/core/check.h"

namespace opsis::inline v1::transforms {
namespace {

// The answer that all values which have one give.
template <class Answer, class Ask>
Answer agreed(std::string_view where, std::span<const Value> values, std::string_view kinds, const Ask& ask) {
  std::optional<Answer> found;
  for (const auto& value : values) {
    const std::optional<Answer> answer = std::visit(ask, value);
    if (!answer) continue;
    OPSIS_CHECK(!found || *found == *answer, "{}: the values of a sample must have one size, got {} and {}", where, *found,
                *answer);
    found = answer;
  }
  OPSIS_CHECK(found, "{}: the sample must have {}, got none", where, kinds);
  return *found;
}

}  // namespace

Size query_size(std::string_view where, std::span<const Value> values) {
  return agreed<Size>(where, values, "an image, a video, a mask, boxes or key points",
                      [](const auto& value) -> std::optional<Size> {
                        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, Custom>) {
                          return std::nullopt;
                        } else {
                          return functional::get_size(value);
                        }
                      });
}

functional::Dimensions query_chw(std::string_view where, std::span<const Value> values) {
  return agreed<functional::Dimensions>(where, values, "an image or a video",
                                        [](const auto& value) -> std::optional<functional::Dimensions> {
                                          if constexpr (requires { functional::get_dimensions(value); }) {
                                            return functional::get_dimensions(value);
                                          } else {
                                            return std::nullopt;
                                          }
                                        });
}

}  // namespace opsis::inline v1::transforms
