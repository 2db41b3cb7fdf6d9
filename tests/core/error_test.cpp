#include "opsis/core/error.h"

#include <cmath>

#include "opsis/core/check.h"
#include "opsis/core/nearest.h"
#include "opsis/core/telling_where.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

TEST(Text, PutsEachArgumentInItsPlace) {
  EXPECT_EQ(text("got {} of {}", 3, "five"), "got 3 of five");
  EXPECT_EQ(text("{}", std::string("a {} b")), "a {} b");
  EXPECT_EQ(text("{} {}", true), "true {}");
  EXPECT_EQ(text("no hole", 1), "no hole");
  EXPECT_EQ(fixed(0.98765, 2), "0.99");
  for (const double sign : {1, -1}) EXPECT_EQ(fixed(std::copysign(NAN, sign), 2), "nan");
}

TEST(Error, IsTheBaseOfEveryOther) {
  EXPECT_ERROR(raise<DecodeError>("decode: {}", 1), Error, "decode: 1");
  EXPECT_ERROR(raise<IoError>("io"), Error, "io");
  EXPECT_ERROR(raise<IntegrityError>("hash"), Error, "hash");
  EXPECT_ERROR(raise<NotFoundError>("name"), Error, "name");
  EXPECT_ERROR(raise<NotBuiltError>("option"), Error, "option");
  EXPECT_ERROR(throw SampleError(12, "torn file"), Error, "sample 12: torn file");
}

TEST(Check, NamesTheRuleAndWhatCame) {
  const auto topk = [](int k) { OPSIS_CHECK(k > 0, "topk: k must be positive, got {}", k); };
  EXPECT_NO_THROW(topk(1));
  EXPECT_ERROR(topk(-2), ValueError, "topk: k must be positive, got -2");
}

TEST(TellingWhere, PutsThePlaceBeforeErrorsOfForeignBytes) {
  const std::filesystem::path path("scans/7.nii");
  EXPECT_EQ(telling_where(path, [] { return 7; }), 7);
  EXPECT_ERROR(telling_where(path, [] { raise<DecodeError>("it is torn"); }), DecodeError, "scans/7.nii: it is torn");
  EXPECT_ERROR(telling_where("a scan", [] { raise<DecodeError>("it is torn"); }), DecodeError, "a scan: it is torn");
  try {
    telling_where(path, [] { raise<IoError>("cannot open scans/7.nii"); });
    FAIL();
  } catch (const IoError& error) {
    EXPECT_STREQ(error.what(), "cannot open scans/7.nii");
  }
}

TEST(TellingWhere, PutsItOnceBeforeEachKindThatIsNamed) {
  const auto message_of = [](auto raising) {
    try {
      telling_where<DecodeError, IoError, ValueError>("inputs[1]", raising);
    } catch (const DecodeError& error) {
      return text("DecodeError {}", error.what());
    } catch (const IoError& error) {
      return text("IoError {}", error.what());
    } catch (const ValueError& error) {
      return text("ValueError {}", error.what());
    } catch (const Error& error) {
      return text("Error {}", error.what());
    }
    return std::string("none");
  };
  EXPECT_EQ(message_of([] {}), "none");
  EXPECT_EQ(message_of([] { raise<DecodeError>("torn"); }), "DecodeError inputs[1]: torn");
  EXPECT_EQ(message_of([] { raise<IoError>("gone"); }), "IoError inputs[1]: gone");
  EXPECT_EQ(message_of([] { raise<ValueError>("odd"); }), "ValueError inputs[1]: odd");
  EXPECT_EQ(message_of([] { raise<NotFoundError>("elsewhere"); }), "Error elsewhere");
}

TEST(WayOut, EndsTheMessage) {
  const NotFoundError error("USPS: data/usps.bz2 is not there", WayOut::Download, "pass .download = true");
  EXPECT_STREQ(error.what(), "USPS: data/usps.bz2 is not there; pass .download = true");
  EXPECT_TRUE(error.way_out() == WayOut::Download);
  EXPECT_EQ(error.rule(), "USPS: data/usps.bz2 is not there");
  EXPECT_EQ(error.way(), "pass .download = true");
  const ValueError wordless("resnet18 does another task", WayOut::ClassifyImages, "");
  EXPECT_STREQ(wordless.what(), "resnet18 does another task");
  EXPECT_EQ(wordless.rule(), wordless.what());
  EXPECT_EQ(wordless.way(), "");
  const IoError plain("cannot open a; b");
  EXPECT_TRUE(plain.way_out() == WayOut::None);
  EXPECT_EQ(plain.rule(), "cannot open a; b");
  EXPECT_EQ(plain.way(), "");
}

TEST(WayOut, IsHandedOnByWhatPutsWordsBefore) {
  const auto torn = [] { raise_with<DecodeError>(WayOut::RaiseLimits, "raise it", "it has {} rows", 7); };
  const auto expect_handed_on = [](const Error& error, const std::string& rule) {
    EXPECT_EQ(error.what(), rule + "; raise it");
    EXPECT_TRUE(error.way_out() == WayOut::RaiseLimits);
    EXPECT_EQ(error.rule(), rule);
    EXPECT_EQ(error.way(), "raise it");
  };
  try {
    telling_where("a scan", torn);
    FAIL();
  } catch (const DecodeError& error) {
    expect_handed_on(error, "a scan: it has 7 rows");
    expect_handed_on(SampleError(3, error), "sample 3: a scan: it has 7 rows");
    try {
      raise_because<ValueError>(error, "{} of {}: ", 1, 2);
      FAIL();
    } catch (const ValueError& outer) {
      expect_handed_on(outer, "1 of 2: a scan: it has 7 rows");
    }
  }
}

TEST(Nearest, OffersTheClosestNamesFirst) {
  constexpr std::string_view names[] = {"resnet152", "resnet50", "vgg11"};
  EXPECT_EQ(nearest("resnet51", names), (std::vector<std::string>{"resnet50", "resnet152"}));
  EXPECT_EQ(did_you_mean("resnet51", names), "; did you mean resnet50 or resnet152?");
  EXPECT_EQ(did_you_mean("something else", names), "");
  EXPECT_EQ(did_you_mean("", names), "");
  EXPECT_EQ(did_you_mean(std::string(1 << 20, 'r'), names), "");
}

}  // namespace
}  // namespace opsis
