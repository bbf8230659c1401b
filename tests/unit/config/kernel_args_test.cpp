#include "uebo/config/kernel_args.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace uebo::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::optional<std::string> value_of(const std::string& line, std::string_view name) {
  return KernelArgs::parse(line).get(name);
}

// --- each argument

struct Values {
  std::string name;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

void PrintTo(const Values& values, std::ostream* out) { *out << values.name; }

class Argument : public testing::TestWithParam<Values> {};

TEST_P(Argument, IsTakenWhenItIsGood) {
  for (const std::string& value : GetParam().good) {
    const auto args = KernelArgs::parse("quiet " + GetParam().name + "=\"" + value + "\" ro");
    EXPECT_EQ(args.get(GetParam().name), value);
    EXPECT_THAT(args.warnings(), IsEmpty());
  }
}

TEST_P(Argument, CostsOneLineWhenItIsBad) {
  const ArgumentInfo& argument = *find_argument(GetParam().name);
  for (const std::string& value : GetParam().bad) {
    const auto args = KernelArgs::parse("quiet " + GetParam().name + "=\"" + value + "\" ro");
    EXPECT_THAT(args.all(GetParam().name), IsEmpty()) << value;
    ASSERT_EQ(args.warnings().size(), 1U) << value;
    EXPECT_THAT(args.warnings().front(), HasSubstr(GetParam().name));
    const std::string expected(argument.flaw ? "" : argument.value);  // a flaw says what is expected in its place
    EXPECT_THAT(args.warnings().front(), HasSubstr("expected " + expected));
  }
}

TEST_P(Argument, CostsOneLineWithoutAValue) {
  const auto args = KernelArgs::parse(GetParam().name + " quiet");
  ASSERT_EQ(args.warnings().size(), 1U);
  EXPECT_THAT(args.warnings().front(), HasSubstr(GetParam().name + " has no value: expected "));
}

const std::vector<Values> kValues{
    {"uebo.hostname", {"a", "node-7", std::string(63, 'x')}, {"", "a_b", "a.b", "-a", std::string(64, 'x')}},
    {"uebo.net",
     {"dhcp", "10.0.0.5", "10.0.0.5::10.0.0.1:24::eth0:off:10.0.0.1", "[fd00::5]:::64::eth0", ":::::eth0.5:dhcp"},
     {"", "off", "10.0.0.5:::300", "fd00::5", "10.0.0.5:::24::eth/0", ":::::eth0.5000:dhcp",
      "10.0.0.5:::24::eth0:dhcp"}},
    {"uebo.nfsdir",
     {"nas:/export/uebo", "10.0.2.2:/a", "[fe80::1]:/a", "nas:/", "nas:/a,port=20490", "[::1]:/a,vers=4.1,port=1"},
     {"", "nas", "nas:a", ":/a", "/a", "::1:/a", "nas:/a,port=0", "nas:/a,port=65536", "nas:/a,vers=3", "nas:/a,hard",
      "nas:/a,"}},
    {"uebo.boinc.password",
     {"x", "hunter2", "my word", "a'b$c`\\", std::string(255, 'x')},
     {"", " x", "x ", "a\tb", std::string(256, 'x')}},
    {"uebo.boinc.remote_hosts", {"10.0.2.2", "a,b.example,::1", "a,,b"}, {"", ",", "a b", "10.0.0.0/8", "a,b:80"}},
    {"uebo.boinc.project",
     {"https://boinc.example.org/x,12ab_CD", "HTTP://10.0.2.2:8080//a,k"},
     {"", "https://a.b/", "a.b,k", "https://localhost/,k", "https://a.b/,", "https://a.b/,k,l", "https://a.b/,k<"}},
    {"uebo.boinc.acctmgr",
     {"https://bam.example.org/,me@example.org,0123456789abcdef0123456789ABCDEF"},
     {"", "https://a.b/,me", "https://a.b/,,0123456789abcdef0123456789abcdef", "https://a.b/,me,0123",
      "a.b,me,0123456789abcdef0123456789abcdef"}},
    {"uebo.consul",
     {"consul:8500", "10.0.2.2:1", "[::1]:65535", "http://a", "http://a:1", "https://[::1]", "https://10.0.0.1:8501"},
     {"", "consul", "consul:", ":8500", "consul:0", "consul:65536", "::1:8500", "[a]:1", "ftp://a:1", "https://",
      "https://a:", "http://a/v1", "https://::1", "http://u@a", "http://[::1"}},
    {"uebo.consul.token",
     {"x", "e5a9e1c4-0d3a-4a94-9a1b-2f0a8a4f9b11", std::string(255, 'x')},
     {"", "a b", "a\tb", "\xc3\xa9", std::string(256, 'x')}},
    {"uebo.consul.mode", {"catalog", "agent"}, {"", "Agent", "server"}},
    {"uebo.watchdog", {"off", "5s", "30", "2m", "10m", "5000ms"}, {"", "on", "0", "4s", "4999ms", "11m", "Off"}},
    {"uebo.storage.wait", {"0", "10s", "2m", "1h", "500ms"}, {"", "soon", "-1", "2h", "10 s"}},
    {"uebo.boinc.pin", {"on", "off"}, {"", "Off", "no", "2"}},
    {"uebo.zram", {"off", "1%", "50%", "100%", "07%"}, {"", "on", "0%", "101%", "50", "50M", "%", "-1%", "1.5%"}},
    {"uebo.web", {"on", "off"}, {"", "ON", "yes", "9101"}},
    {"uebo.web.token", {"x", "b3f1!~", std::string(255, 'x')}, {"", "a b", "a\tb", "\xc3\xa9", std::string(256, 'x')}},
    {"uebo.modules", {"keep"}, {"", "Keep", "purge"}},
    {"uebo.ntp", {"pool.example", "10.0.2.2,a"}, {"", "a;b", "http://a"}},
    {"uebo.log", {"storage"}, {"", "Storage", "/storage/log"}},
    {"uebo.syslog",
     {"logs", "logs.example:1514", "10.0.2.2", "[::1]", "[fd00::1]:514"},
     {"", "logs:", ":514", "logs:0", "logs:65536", "::1", "[::1", "[logs]:514", "udp://logs"}},
};

INSTANTIATE_TEST_SUITE_P(All, Argument, testing::ValuesIn(kValues));

TEST(Arguments, AreAllTested) {
  std::set<std::string_view> tested;
  for (const Values& values : kValues) tested.insert(values.name);
  for (const ArgumentInfo& argument : arguments()) EXPECT_TRUE(tested.contains(argument.name)) << argument.name;
}

TEST(Arguments, AreExplainedAndTheirFallbacksAreGood) {
  for (const ArgumentInfo& argument : arguments()) {
    EXPECT_FALSE(argument.value.empty()) << argument.name;
    EXPECT_FALSE(argument.meaning.empty()) << argument.name;
    EXPECT_TRUE(argument.fallback.empty() || argument.good(argument.fallback)) << argument.name;
  }
}

TEST(Arguments, KeepPasswordsKeysAndTheTokenSecret) {
  std::vector<std::string_view> secrets;
  for (const ArgumentInfo& argument : arguments())
    if (argument.secret) secrets.push_back(argument.name);
  EXPECT_THAT(secrets, ElementsAre("uebo.boinc.password", "uebo.boinc.project", "uebo.boinc.acctmgr",
                                   "uebo.consul.token", "uebo.web.token"));
}

// --- the whole line

TEST(KernelArgs, TheLastOneWins) { EXPECT_EQ(value_of("uebo.hostname=a uebo.hostname=b", "uebo.hostname"), "b"); }

TEST(KernelArgs, ABadLastOneLeavesTheGoodOneBeforeIt) {
  const auto args = KernelArgs::parse("uebo.hostname=a uebo.hostname=_");
  EXPECT_EQ(args.get("uebo.hostname"), "a");
  EXPECT_EQ(args.warnings().size(), 1U);
}

TEST(KernelArgs, RepeatableOnesAllCount) {
  const auto args = KernelArgs::parse("uebo.ntp=a,b uebo.ntp=c");
  EXPECT_THAT(args.all("uebo.ntp"), ElementsAre("a,b", "c"));
  EXPECT_THAT(args.list("uebo.ntp"), ElementsAre("a", "b", "c"));
  EXPECT_EQ(args.get("uebo.ntp"), "a,b,c");
}

TEST(KernelArgs, ListsLeaveEmptyPartsOut) {
  EXPECT_THAT(KernelArgs::parse("uebo.ntp=,a,,b,").list("uebo.ntp"), ElementsAre("a", "b"));
  EXPECT_THAT(KernelArgs::parse("").list("uebo.ntp"), IsEmpty());
}

TEST(KernelArgs, FallBackToTheDefaultOfTheTable) {
  EXPECT_EQ(value_of("", "uebo.storage.wait"), "10s");
  EXPECT_THAT(KernelArgs::parse("").all("uebo.storage.wait"), IsEmpty());
  EXPECT_EQ(value_of("", "uebo.hostname"), std::nullopt);
  EXPECT_EQ(value_of("", "uebo.nosuch"), std::nullopt);
}

TEST(KernelArgs, AFallbackIsNotGiven) {
  EXPECT_EQ(value_of("", "uebo.consul.mode"), "catalog");
  EXPECT_FALSE(KernelArgs::parse("uebo.consul.mode=nonsense").is_given("uebo.consul.mode"));
  EXPECT_TRUE(KernelArgs::parse("uebo.consul.mode=agent").is_given("uebo.consul.mode"));
}

TEST(KernelArgs, LookNoFurtherThanALoneDoubleDash) {
  const auto args = KernelArgs::parse("uebo.hostname=a -- uebo.hostname=b uebo.nosuch single");
  EXPECT_EQ(args.get("uebo.hostname"), "a");
  EXPECT_THAT(args.warnings(), IsEmpty());
  EXPECT_FALSE(args.has_word("single"));
  EXPECT_EQ(value_of("--=x uebo.hostname=b", "uebo.hostname"), "b");
}

TEST(KernelArgs, HaveTheWordsOfTheLine) {
  const auto args = KernelArgs::parse("root=/dev/sda1 quiet uebo.hostname=a");
  EXPECT_TRUE(args.has_word("root"));
  EXPECT_TRUE(args.has_word("quiet"));
  EXPECT_FALSE(args.has_word("ro"));
}

TEST(KernelArgs, TakeNamesAsTheyAre) {
  EXPECT_EQ(value_of("uebo.boinc.remote-hosts=a", "uebo.boinc.remote_hosts"), std::nullopt);
  EXPECT_EQ(value_of("UEBO.hostname=a", "uebo.hostname"), std::nullopt);
}

// --- warnings

TEST(KernelArgs, AnUnknownNameIsOneLineWithTheNearestKnownOne) {
  EXPECT_THAT(KernelArgs::parse("uebo.hostnam=a").warnings(),
              ElementsAre("unknown argument uebo.hostnam (did you mean uebo.hostname?)"));
  EXPECT_THAT(KernelArgs::parse("uebo.colouring=blue").warnings(), ElementsAre("unknown argument uebo.colouring"));
  EXPECT_THAT(KernelArgs::parse("Uebo.hostname=a uebohostname").warnings(),
              ElementsAre("unknown argument Uebo.hostname (did you mean uebo.hostname?)",
                          "unknown argument uebohostname (did you mean uebo.hostname?)"));
}

TEST(KernelArgs, OtherPeoplesArgumentsAreNotLookedAt) {
  EXPECT_THAT(KernelArgs::parse("console=ttyS0,115200 hostname=a nfsroot rd.break ueb ubi.mtd=1").warnings(),
              IsEmpty());
}

TEST(KernelArgs, ABadValueIsShownWithWhatWasExpected) {
  EXPECT_THAT(KernelArgs::parse("uebo.storage.wait=soon").warnings(),
              ElementsAre("uebo.storage.wait=soon: expected a duration up to 1h: 10s, 2m"));
}

TEST(KernelArgs, WarningsStayOnOneShortLine) {
  const auto args = KernelArgs::parse("uebo.hostname=\"a\nb\033[2J\" uebo." + std::string(3000, 'x'));
  ASSERT_EQ(args.warnings().size(), 2U);
  for (const std::string& line : args.warnings()) {
    EXPECT_LT(line.size(), 200U);
    EXPECT_TRUE(std::ranges::none_of(line, [](unsigned char c) { return c < 0x20; })) << line;
  }
}

TEST(KernelArgs, NoWarningShowsASecret) {
  for (const char* line : {"uebo.boinc.password=\" hunter2\"", "uebo.boinc.password=\"\thunter2\"",
                           "uebo.boinc.pasword=hunter2", "uebo.boinc.password:hunter2", "uebo.password=hunter2",
                           "uebo.boinc.passwords=hunter2", "uebo.nosuch=hunter2", "\"uebo.boinc.password\"=hunter2"}) {
    const auto args = KernelArgs::parse(line);
    ASSERT_EQ(args.warnings().size(), 1U) << line;
    EXPECT_THAT(args.warnings().front(), Not(HasSubstr("hunter"))) << line;
  }
}

// --- for shells and for service files

TEST(ShellExports, AreQuotedForAPosixShell) {
  EXPECT_EQ(KernelArgs::parse("quiet uebo.hostname=a \"uebo.boinc.password=it's $HOME \\ \"\"").shell_exports(),
            "export uebo_boinc_password='it'\\''s $HOME \\ \"'\nexport uebo_hostname='a'\n");
  EXPECT_EQ(KernelArgs::parse("quiet").shell_exports(), "");
}

TEST(ShellExports, JoinWhatIsRepeated) {
  EXPECT_EQ(KernelArgs::parse("uebo.ntp=a uebo.ntp=b").shell_exports(), "export uebo_ntp='a,b'\n");
}

TEST(Expand, PutsArgumentsIn) {
  const auto args = KernelArgs::parse("uebo.hostname=node7 uebo.consul=c:1");
  EXPECT_EQ(expand("", args), "");
  EXPECT_EQ(expand("plain", args), "plain");
  EXPECT_EQ(expand("<${uebo.hostname}>${uebo.consul}", args), "<node7>c:1");
  EXPECT_EQ(expand("a${uebo.nfsdir}b", args), "ab");
  EXPECT_EQ(expand("${uebo.storage.wait}", args), "10s");
}

TEST(Expand, LeavesAnythingElseAlone) {
  const auto args = KernelArgs::parse("uebo.hostname=node7");
  EXPECT_EQ(expand("$HOME ${HOME} $uebo.hostname ${uebo.hostname", args),
            "$HOME ${HOME} $uebo.hostname ${uebo.hostname");
}

TEST(Expand, DoesNotExpandWhatItPutIn) {
  const auto args = KernelArgs::parse("uebo.boinc.password=${uebo.hostname} uebo.hostname=a");
  EXPECT_EQ(expand("${uebo.boinc.password}", args), "${uebo.hostname}");
}

TEST(ArgumentsMarkdown, HasARowForEachArgument) {
  const std::string text = arguments_markdown();
  EXPECT_EQ(std::ranges::count(text, '\n'), static_cast<std::ptrdiff_t>(arguments().size() + 2));
  for (const ArgumentInfo& argument : arguments())
    EXPECT_THAT(text, HasSubstr("| `" + std::string(argument.name) + "=` | " + std::string(argument.value)));
}

}  // namespace
}  // namespace uebo::config
