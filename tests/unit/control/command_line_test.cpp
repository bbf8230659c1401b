#include "uebo/control/command_line.hpp"

#include <gtest/gtest.h>

namespace uebo::control {
namespace {

using Words = std::vector<std::string_view>;

CommandLine parsed(const Words& words) {
  const auto result = parse_command_line(words);
  if (const auto* usage = std::get_if<Usage>(&result)) {
    ADD_FAILURE() << usage->text;
    return {};
  }
  return std::get<CommandLine>(result);
}

Usage usage_of(const Words& words) {
  const auto result = parse_command_line(words);
  if (const auto* usage = std::get_if<Usage>(&result)) return *usage;
  ADD_FAILURE() << "was understood";
  return {};
}

TEST(CommandLine, TakesTheVerbFromTheSecondWordOrTheProgramsName) {
  EXPECT_EQ(parsed({"/sbin/uebo", "status"}).verb, Verb::Status);
  EXPECT_EQ(parsed({"/sbin/status"}).verb, Verb::Status);
  EXPECT_EQ(parsed({"reboot"}).verb, Verb::Reboot);
  EXPECT_EQ(parsed({"/sbin/restart", "boinc"}).verb, Verb::Restart);
  EXPECT_EQ(parsed({"/sbin/restart", "boinc"}).names, std::vector<std::string>{"boinc"});
}

TEST(CommandLine, KnowsEveryVerb) {
  for (const std::string_view verb : {"start", "stop", "restart", "enable", "disable", "logs"}) {
    EXPECT_EQ(name_of(parsed({"uebo", verb, "boinc"}).verb), verb);
    EXPECT_EQ(name_of(parsed({verb, "boinc"}).verb), verb);
  }
  for (const std::string_view verb : {"status", "boot", "check", "poweroff", "reboot", "halt"})
    EXPECT_EQ(name_of(parsed({"uebo", verb}).verb), verb);
}

TEST(CommandLine, TakesTheNameOfAVerbForAService) {
  EXPECT_EQ(parsed({"uebo", "status", "start"}).names.front(), "start");
}

TEST(CommandLine, Options) {
  const CommandLine logs = parsed({"uebo", "logs", "-f", "-n", "3", "boinc", "ntpd", "--json"});
  EXPECT_TRUE(logs.follow);
  EXPECT_TRUE(logs.json);
  EXPECT_FALSE(logs.all);
  EXPECT_EQ(logs.lines, 3u);
  EXPECT_EQ(logs.names, (std::vector<std::string>{"boinc", "ntpd"}));
  const CommandLine start = parsed({"uebo", "start", "--no-wait", "--timeout", "7", "boinc"});
  EXPECT_FALSE(start.wait);
  EXPECT_EQ(start.timeout, 7u);
  EXPECT_TRUE(parsed({"uebo", "start", "boinc"}).wait);
  EXPECT_TRUE(parsed({"reboot", "-f"}).force);
  EXPECT_FALSE(parsed({"reboot"}).drain);
  EXPECT_TRUE(parsed({"reboot", "--drain"}).drain);
  EXPECT_EQ(parsed({"reboot", "--drain"}).drain_timeout, "2h");
  EXPECT_EQ(parsed({"poweroff", "--drain", "--drain-timeout", "30m"}).drain_timeout, "30m");
  EXPECT_EQ(usage_of({"reboot", "--drain", "-f"}).exit_code, 2);
  EXPECT_EQ(usage_of({"reboot", "--drain-timeout", "30m"}).exit_code, 2);
  EXPECT_EQ(parsed({"uebo", "check", "--keys"}).print, CheckPrint::Keys);
  EXPECT_EQ(parsed({"uebo", "check", "--cmdline", "uebo.x=1 quiet"}).kernel_arguments, "uebo.x=1 quiet");
  EXPECT_EQ(parsed({"uebo", "check", "--cmdline", ""}).kernel_arguments, "");
}

TEST(CommandLine, PlacesMayStandBeforeOrBehindTheVerb) {
  EXPECT_EQ(parsed({"uebo", "--control", "/x", "status"}).control, "/x");
  EXPECT_EQ(parsed({"uebo", "status", "--control", "/x", "boinc"}).control, "/x");
  EXPECT_EQ(parsed({"status", "--log", "/l"}).log, "/l");
}

TEST(CommandLine, HelpIsThereForEverything) {
  const Usage help = usage_of({"uebo", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const std::string_view verb : {"status", "start", "logs", "halt"}) {
    EXPECT_NE(help.text.find(verb), std::string::npos);
    for (const Words& words : {Words{"uebo", verb, "--help"}, Words{verb, "-h"}}) {
      const Usage of_verb = usage_of(words);
      EXPECT_EQ(of_verb.exit_code, 0);
      EXPECT_NE(of_verb.text.find("Examples:"), std::string::npos) << of_verb.text;
      EXPECT_NE(of_verb.text.find("uebo " + std::string(verb)), std::string::npos) << of_verb.text;
    }
  }
  EXPECT_EQ(usage_of({"uebo", "--version"}).exit_code, 0);
}

TEST(CommandLine, WrongUsageIsExitCode2) {
  for (const Words& words :
       {Words{"uebo"}, Words{}, Words{"uebo", "dance"}, Words{"uebo", "--dance"}, Words{"uebo", "status", "a", "b"},
        Words{"uebo", "start"}, Words{"start"}, Words{"uebo", "logs"}, Words{"uebo", "logs", "-n", "x", "boinc"},
        Words{"uebo", "logs", "-n", "-3", "boinc"}, Words{"uebo", "start", "--timeout", "601", "boinc"},
        Words{"uebo", "reboot", "now"}, Words{"uebo", "boot", "--follow"}, Words{"uebo", "check", "--cmdline"}}) {
    const Usage usage = usage_of(words);
    EXPECT_EQ(usage.exit_code, 2);
    EXPECT_FALSE(usage.text.empty());
  }
}

TEST(CommandLine, NamesTheVerbThatMayHaveBeenMeant) {
  EXPECT_EQ(usage_of({"uebo", "statsu"}).text,
            "uebo: there is no verb `statsu`, but status (`uebo --help` lists them)\n");
}

}  // namespace
}  // namespace uebo::control
