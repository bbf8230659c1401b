#include <gtest/gtest.h>

#include "uebo/config/kernel_args.hpp"

namespace uebo::config {
namespace {

struct Pair {
  std::string name;
  std::optional<std::string> value;
  bool operator==(const Pair&) const = default;
};

void PrintTo(const Pair& pair, std::ostream* out) {
  *out << '{' << pair.name << " = " << pair.value.value_or("-") << '}';
}

std::vector<Pair> pairs(std::string_view line) {
  std::vector<Pair> result;
  for (const Word& word : split_command_line(line)) {
    result.push_back({word.name, word.value});
    EXPECT_EQ(line.substr(word.name_begin, word.name.size()), word.name);
    EXPECT_EQ(line.substr(word.value_begin, word.value.value_or("").size()), word.value.value_or(""));
    EXPECT_LE(word.begin, word.name_begin);
    EXPECT_LE(word.end, line.size());
  }
  return result;
}

using Pairs = std::vector<Pair>;

TEST(SplitCommandLine, SeparatesAtAnyWhiteSpace) {
  EXPECT_EQ(pairs(""), Pairs{});
  EXPECT_EQ(pairs(" \t\n "), Pairs{});
  EXPECT_EQ(pairs("  quiet\tpanic=5 \n ro\v"), (Pairs{{"quiet", {}}, {"panic", "5"}, {"ro", {}}}));
}

TEST(SplitCommandLine, SplitsAtTheFirstEqualsSign) {
  EXPECT_EQ(pairs("root=UUID=7 a= b"), (Pairs{{"root", "UUID=7"}, {"a", ""}, {"b", {}}}));
}

TEST(SplitCommandLine, TakesNoEqualsSignInTheFirstPlace) {
  EXPECT_EQ(pairs("=a"), (Pairs{{"=a", {}}}));
  EXPECT_EQ(pairs("=a=b"), (Pairs{{"=a", "b"}}));
}

TEST(SplitCommandLine, TakesQuotesOffAValue) {
  EXPECT_EQ(pairs("a=\"b c\" d"), (Pairs{{"a", "b c"}, {"d", {}}}));
  EXPECT_EQ(pairs("a=\"\" b"), (Pairs{{"a", ""}, {"b", {}}}));
  EXPECT_EQ(pairs("a=\"b=c\""), (Pairs{{"a", "b=c"}}));
}

TEST(SplitCommandLine, TakesQuotesOffAWholeWord) {
  EXPECT_EQ(pairs("\"a=b c\" d"), (Pairs{{"a", "b c"}, {"d", {}}}));
  EXPECT_EQ(pairs("\"a b\""), (Pairs{{"a b", {}}}));
  EXPECT_EQ(pairs("\"a=\" b"), (Pairs{{"a", ""}, {"b", {}}}));
  EXPECT_EQ(pairs("\"\" a"), (Pairs{{"", {}}, {"a", {}}}));
}

TEST(SplitCommandLine, KeepsQuotesInTheMiddle) {
  EXPECT_EQ(pairs("a=b\"c d\"e f"), (Pairs{{"a", "b\"c d\"e"}, {"f", {}}}));
  EXPECT_EQ(pairs("a=b\"c d\" f"), (Pairs{{"a", "b\"c d\""}, {"f", {}}}));
  EXPECT_EQ(pairs("a\"b c\"=d"), (Pairs{{"a\"b c\"", "d"}}));
  EXPECT_EQ(pairs("\"a\"=b c"), (Pairs{{"a\"", "b"}, {"c", {}}}));
}

TEST(SplitCommandLine, ReadsAnOpenQuoteToTheEnd) {
  EXPECT_EQ(pairs("a=\"b c d"), (Pairs{{"a", "b c d"}}));
  EXPECT_EQ(pairs("a=\""), (Pairs{{"a", ""}}));
  EXPECT_EQ(pairs("\""), (Pairs{{"", {}}}));
  EXPECT_EQ(pairs("\"a=b c"), (Pairs{{"a", "b c"}}));
}

TEST(SplitCommandLine, KnowsNoEscapes) { EXPECT_EQ(pairs("a=\\\"b c"), (Pairs{{"a", "\\\"b c"}})); }

TEST(SplitCommandLine, LeavesUtf8Whole) {
  EXPECT_EQ(pairs("a=voil\xc3\xa0 b"), (Pairs{{"a", "voil\xc3\xa0"}, {"b", {}}}));
}

struct Blanking {
  std::string line;
  std::string blanked;
};

class BlankSecrets : public testing::TestWithParam<Blanking> {};

TEST_P(BlankSecrets, CoversTheValueAndNothingElse) {
  EXPECT_EQ(blank_secrets(GetParam().line), GetParam().blanked);
  EXPECT_EQ(GetParam().line.size(), GetParam().blanked.size());
  EXPECT_EQ(blank_secrets(GetParam().blanked), GetParam().blanked);
  EXPECT_EQ(split_command_line(GetParam().blanked).size(), split_command_line(GetParam().line).size());
  EXPECT_EQ(KernelArgs::parse(GetParam().line).has_secrets(), GetParam().line != GetParam().blanked);
}

INSTANTIATE_TEST_SUITE_P(
    Lines, BlankSecrets,
    testing::Values(Blanking{"", ""}, Blanking{"quiet uebo.hostname=a ro\n", "quiet uebo.hostname=a ro\n"},
                    Blanking{"a uebo.boinc.password=hunter2 b\n", "a uebo.boinc.password=******* b\n"},
                    Blanking{"uebo.boinc.password=\"my word\" b", "uebo.boinc.password=\"*******\" b"},
                    Blanking{"\"uebo.boinc.password=my word\" b", "\"uebo.boinc.password=*******\" b"},
                    Blanking{"uebo.boinc.password=a\"b c\"d e", "uebo.boinc.password=******* e"},
                    Blanking{"uebo.boinc.password=\"a\"b c", "uebo.boinc.password=\"**\" c"},
                    Blanking{"\"uebo.boinc.password=a\"b c", "\"uebo.boinc.password=**\" c"},
                    Blanking{"uebo.boinc.password=a\"b c", "uebo.boinc.password=****\""},
                    Blanking{"uebo.boinc.password=\"never closed", "uebo.boinc.password=\"************"},
                    Blanking{"uebo.boinc.password=a=b", "uebo.boinc.password=***"},
                    Blanking{"uebo.boinc.password= b", "uebo.boinc.password= b"},
                    Blanking{"uebo.boinc.password b", "uebo.boinc.password b"},
                    Blanking{"uebo.boinc.password=a x uebo.boinc.password=bc",
                             "uebo.boinc.password=* x uebo.boinc.password=**"},
                    Blanking{"-- uebo.boinc.password=abc", "-- uebo.boinc.password=***"}));

INSTANTIATE_TEST_SUITE_P(MisspeltNames, BlankSecrets,
                         testing::Values(Blanking{"uebo.boinc.pasword=hunter2", "uebo.boinc.pasword=*******"},
                                         Blanking{"uebo.boinc.passwd=hunter2", "uebo.boinc.passwd=*******"},
                                         Blanking{"uebo.boinc_password=\"a b\"", "uebo.boinc_password=\"***\""},
                                         Blanking{"UEBO.BOINC.PASSWORD=abc", "UEBO.BOINC.PASSWORD=***"},
                                         Blanking{"uebo.password=abc", "uebo.password=***"},
                                         Blanking{"boinc.password=abc", "boinc.password=***"},
                                         Blanking{"uebo.consul.token=abc", "uebo.consul.token=***"},
                                         Blanking{"uebo.token=abc", "uebo.token=***"},
                                         Blanking{"consul_token=abc", "consul_token=***"},
                                         Blanking{"uebo.consul.tokn=abc", "uebo.consul.tokn=***"},
                                         Blanking{"uebo.boinc.pass=abc", "uebo.boinc.pass=***"},
                                         Blanking{"rcu.bypass=abc", "rcu.bypass=abc"},
                                         Blanking{"\"uebo.boinc.password\"=abc", "\"uebo.boinc.password****\""},
                                         Blanking{"uebo.boinc.password:hunter2 a", "uebo.boinc.password******** a"},
                                         Blanking{"uebo.boinc.passwords=abc", "uebo.boinc.password*****"},
                                         Blanking{"uebo.boinc.passwords=\"a b\" c", "uebo.boinc.password******* c"},
                                         Blanking{"\"uebo.boinc.passwords=a b\" c", "\"uebo.boinc.password*****\" c"},
                                         Blanking{"uebo.hostnam=abc", "uebo.hostnam=abc"}));

}  // namespace
}  // namespace uebo::config
