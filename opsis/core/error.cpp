#include "opsis/core/error.h"

#include <algorithm>
#include <string_view>

namespace opsis::inline v1 {
namespace {

constexpr std::string_view kBeforeWay = "; ";

std::string sentence(const std::string& rule, const std::string& way) {
  return way.empty() ? rule : std::string(rule).append(kBeforeWay).append(way);
}

}  // namespace

// Out of line, so that each class has one vtable and one type_info across shared libraries.
Error::~Error() = default;
ValueError::~ValueError() = default;
DecodeError::~DecodeError() = default;
IoError::~IoError() = default;
IntegrityError::~IntegrityError() = default;
NotFoundError::~NotFoundError() = default;
NotBuiltError::~NotBuiltError() = default;
SampleError::~SampleError() = default;

Error::Error(const std::string& what) : std::runtime_error(what), rule_size_(what.size()) {}

Error::Error(const std::string& rule, WayOut way_out, const std::string& way)
    : std::runtime_error(sentence(rule, way)), way_out_(way_out), rule_size_(rule.size()) {}

// Taken out of what(), so that copying an error cannot fail. At a zero byte all of it ends, as what() does.
std::string Error::rule() const { return std::string(std::string_view(what()).substr(0, rule_size_)); }

std::string Error::way() const {
  const std::string_view whole = what();
  return std::string(whole.substr(std::min(whole.size(), rule_size_ + kBeforeWay.size())));
}

SampleError::SampleError(size_t index, const std::string& cause) : SampleError(index, Error(cause)) {}

SampleError::SampleError(size_t index, const Error& cause)
    : Error("sample " + std::to_string(index) + ": " + cause.rule(), cause.way_out(), cause.way()), index(index) {}

}  // namespace opsis::inline v1
