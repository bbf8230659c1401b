#include "uebo/control/boot_report.hpp"

#include <gtest/gtest.h>

#include <pugixml.hpp>
#include <sstream>

#include "uebo/base/file.hpp"

namespace uebo::control {
namespace {

std::string kept(const std::string& name) {
  return read_file(std::string(UEBO_SOURCE_DIR "/tests/unit/control/boot/") + name).value_or("");
}

BootReport small() { return boot_report(parse_object(kept("small.json")).value_or(Json())); }

BootUnit unit(const std::string& name, double wanted, double started, double up,
              std::vector<std::string> waits_on = {}) {
  return {.name = name,
          .job = false,
          .state = "running",
          .waits_on = std::move(waits_on),
          .wanted = wanted,
          .started = started,
          .running = started,
          .up = up};
}

/// "name[>gave] from-to", with a space between links.
std::string shown(const std::vector<ChainLink>& chain) {
  std::ostringstream text;
  for (const ChainLink& link : chain)
    text << (text.str().empty() ? "" : ", ") << link.name << (link.gave.empty() ? "" : ">" + link.gave) << ' '
         << link.from << '-' << link.to;
  return text.str();
}

TEST(CriticalChain, GoesBackAlongWhatCameUpLast) {
  EXPECT_EQ(shown(critical_chain(small())),
            "the kernel 0-2, PID 1, in line 2-2.3, link:eth0 2.3-3.6, dhcp@eth0>net 3.6-4.2, ntpd>clock 4.2-6, "
            "boinc 6-7");
}

TEST(CriticalChain, TakesTheNeedThatCameLast) {
  BootReport report{.kernel = 1, .steps = {}, .units = {}, .conditions = {}};
  report.units = {unit("early", 1, 1, 2), unit("late", 1, 1, 3), unit("last", 1, 3, 4, {"late", "early"})};
  EXPECT_EQ(shown(critical_chain(report)), "the kernel 0-1, PID 1, in line 1-1, late 1-3, last 3-4");
  report.units[0].up = 3.5;  // after the start of `last`: that one did not wait for it
  EXPECT_EQ(shown(critical_chain(report)), "the kernel 0-1, PID 1, in line 1-1, late 1-3, last 3-4");
}

TEST(CriticalChain, SaysThatAUnitWasAskedForLate) {
  BootReport report{.kernel = 1, .steps = {}, .units = {}, .conditions = {}};
  report.units = {unit("base", 1, 1, 3), unit("late", 2, 3, 3.2, {"base"}), unit("getty@tty1", 3, 3, 4)};
  EXPECT_EQ(shown(critical_chain(report)),
            "the kernel 0-1, PID 1, in line 1-1, getty@tty1 asked for 1-3, getty@tty1 3-4");
}

TEST(CriticalChain, EndsWithAServiceThoughAJobGoesOn) {
  BootReport report{.kernel = 1, .steps = {}, .units = {}, .conditions = {}};
  report.units = {unit("patience", 1, 1, 40), unit("boinc", 1, 1, 9), unit("sshd", 1, 1, 3)};
  report.units[0].job = true;
  EXPECT_EQ(critical_chain(report).back().name, "boinc");
  const std::string text = boot_text(report, 100);
  EXPECT_NE(text.find("0 s to 9.00 s"), std::string::npos) << text;
  EXPECT_NE(text.find("40.00"), std::string::npos) << text;
  EXPECT_NE(text.find("\nslowest: boinc 8.00 | sshd 2.00 | the kernel 1.00\n"), std::string::npos) << text;
  report.units[1].up = report.units[2].up = std::nullopt;
  EXPECT_EQ(critical_chain(report).back().name, "patience");
  EXPECT_NE(boot_text(report, 100).find("0 s to 40.00 s"), std::string::npos);
}

TEST(CriticalChain, LeadsThroughAJobThatSomebodyWaitedFor) {
  BootReport report{.kernel = 1, .steps = {}, .units = {}, .conditions = {}};
  report.units = {unit("clock-assume", 1, 1, 31.1), unit("boinc", 1, 31, 32, {"clock"})};
  report.units[0].job = true;
  report.conditions = {{.name = "clock", .set = 31, .by = "clock-assume"}};
  EXPECT_EQ(shown(critical_chain(report)), "the kernel 0-1, PID 1, in line 1-1, clock-assume>clock 1-31, boinc 31-32");
}

TEST(CriticalChain, EndsThoughUnitsWaitForEachOther) {
  BootReport report{.kernel = 1, .steps = {}, .units = {}, .conditions = {}};
  report.units = {unit("a", 1, 3, 3, {"b"}), unit("b", 1, 3, 3, {"a"})};
  EXPECT_EQ(critical_chain(report).size(), 4u);
}

TEST(CriticalChain, IsEmptyBeforeAnythingIsUp) {
  BootReport report{.kernel = 1, .steps = {}, .units = {unit("a", 1, 3, 3)}, .conditions = {}};
  report.units[0].up.reset();
  EXPECT_TRUE(critical_chain(report).empty());
  EXPECT_EQ(boot_text(report, 80).substr(0, 24), "nothing has come up yet\n");
  EXPECT_NE(boot_svg(report).find("nothing has come up yet"), std::string::npos);
}

TEST(UnitsOfTheBoot, LeaveOutWhatWasAskedForWhenEverythingWasUp) {
  BootReport report{.kernel = 1, .steps = {}, .units = {}, .conditions = {}};
  report.units = {unit("by hand", 3600, 3600, 3601), unit("slow", 1, 1, 9), unit("its adapter came", 8, 8, 10),
                  unit("quick", 1, 1, 2)};
  std::vector<std::string> names;
  for (const BootUnit& each : units_of_the_boot(report)) names.push_back(each.name);
  EXPECT_EQ(names, (std::vector<std::string>{"slow", "quick", "its adapter came"}));
  EXPECT_EQ(critical_chain(report).back().name, "its adapter came");
}

TEST(BootReportOf, TakesAnythingForAnAnswer) {
  for (const char* text : {"{}", R"({"kernel":"x","phases":1,"units":[1,{"name":2}],"conditions":{"a":[]}})",
                           R"({"kernel":-5,"phases":[{"started":1e308,"ended":-1}],"units":[{"up":1e308}]})"}) {
    const BootReport report = boot_report(parse_object(text).value_or(Json()));
    EXPECT_GE(report.kernel, 0) << text;
    EXPECT_FALSE(boot_text(report, 80).empty());
    EXPECT_FALSE(boot_svg(report).empty());
  }
}

TEST(BootReportOf, TakesOutWhatCouldCommandATerminal) {
  const auto report = boot_report(Json{{"units", {{{"name", "a\x1b[2J"}, {"state", "\n"}}}}});
  EXPECT_EQ(report.units.at(0).name, "a?[2J");
  EXPECT_EQ(report.units.at(0).state, "?");
}

TEST(BootText, ShowsTheChainAndAllThatRan) {
  EXPECT_EQ(boot_text(small(), 100),
            "boinc came up last, 7.00 s after the kernel's start. It waited for, one after the other:\n"
            "\n"
            "from    to  took  what\n"
            "0.00  2.00  2.00  the kernel\n"
            "2.00  2.30  0.30  PID 1, in line\n"
            "2.30  3.60  1.30  link:eth0\n"
            "3.60  4.20  0.60  dhcp@eth0, until it gave net\n"
            "4.20  6.00  1.80  ntpd, until it gave clock\n"
            "6.00  7.00  1.00  boinc\n"
            "\n"
            "from    up  took  waited  kind       name                0 s to 7.00 s\n"
            "0.00  2.00  2.00          kernel   * the kernel          ============\n"
            "2.00  2.10  0.10          step     * file systems                   =\n"
            "2.10  2.30  0.20          step     * /usr                           ==\n"
            "2.30  3.50  1.20    0.00  job        modules                         ========\n"
            "2.30  3.60  1.30          outside  * link:eth0                       =========\n"
            "2.31  5.00  2.69    0.01  job        storage                         ================\n"
            "3.60  3.61  0.01    0.00  service  * dhcp@eth0                               ~~~~\n"
            "4.20  4.25  0.05    1.90  service  * ntpd                            ...........~~~~~~~~~~~\n"
            "6.00  7.00  1.00    3.70  service  * boinc                           .....................---====\n"
            "   -     -     -       -  service    a<b>&\"c\" (waiting)              ............................\n"
            "* leads to the last one\n"
            ". waits, - starts, = runs until it is up, ~ until the next one could begin\n"
            "slowest: storage 2.69 | the kernel 2.00 | link:eth0 1.30 | modules 1.20 | boinc 1.00\n");
}

TEST(BootText, FitsATerminal) {
  for (const std::size_t width : {40U, 60U, 80U, 132U}) {
    std::istringstream lines(boot_text(small(), width));
    std::string line;
    std::getline(lines, line);  // a sentence
    while (std::getline(lines, line))
      if (!line.starts_with('*')) {
        EXPECT_LE(line.size(), std::max<std::size_t>(width, 60)) << line;
      }
  }
}

TEST(BootSvg, IsThePictureThatIsKept) { EXPECT_EQ(boot_svg(small()), kept("small.svg")); }

TEST(BootSvg, IsXmlThatRefersToNothingOutside) {
  pugi::xml_document document;
  const std::string svg = boot_svg(small());
  ASSERT_TRUE(document.load_string(svg.c_str()));
  EXPECT_NE(svg.find("a&lt;b&gt;&amp;&quot;c&quot;"), std::string::npos);
  EXPECT_EQ(svg.find("href"), std::string::npos);
  EXPECT_EQ(svg.find("http", svg.find('>')), std::string::npos);
}

TEST(BootReadme, ShowsTheKeptBoot) {
  const auto file = [](const char* path) {
    return read_file(std::string(UEBO_SOURCE_DIR "/") + path).value_or(std::string("no ") + path);
  };
  const BootReport kept_boot = boot_report(parse_object(file("buildsteps/readme/boot.json")).value_or(Json()));
  const char* hint = "run buildsteps/readme-tables";
  EXPECT_EQ(file("buildsteps/readme/boot.svg"), boot_svg(kept_boot)) << hint;
  const std::string text = "```\n" + boot_text(kept_boot, std::nullopt) + "```\n<!-- end of boot -->";
  EXPECT_NE(file("README.md").find(text), std::string::npos) << hint;
}

}  // namespace
}  // namespace uebo::control
