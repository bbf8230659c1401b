#include "uebo/config/boinc_account.hpp"

#include <gtest/gtest.h>

#include <array>

namespace uebo::config {
namespace {

TEST(CanonicalProjectUrl, IsAsTheClientMakesIt) {
  EXPECT_EQ(canonical_project_url("https://Boinc.Example.org"), "https://boinc.example.org/");
  EXPECT_EQ(canonical_project_url("HTTP://10.0.2.2:8080//Rosetta//x"), "http://10.0.2.2:8080/Rosetta/x/");
  EXPECT_EQ(canonical_project_url("http://a.b/c/"), "http://a.b/c/");
}

TEST(CanonicalProjectUrl, IsEmptyForWhatIsNone) {
  for (const char* url : {"", "boinc.example.org", "ftp://a.b/", "http://", "http:///x.y", "http://localhost/",
                          "http://.b/", "http://a.b/\x01", "http://a.b/x y", "http://a.b/\""})
    EXPECT_EQ(canonical_project_url(url), "") << url;
  EXPECT_EQ(canonical_project_url("http://a.b/" + std::string(250, 'x')), "");
}

TEST(ProjectAccount, IsTwoWords) {
  const auto account = parse_project_account("https://boinc.example.org/x,12ab_CD");
  ASSERT_TRUE(account) << account.error();
  EXPECT_EQ(*account, (ProjectAccount{.url = "https://boinc.example.org/x/", .authenticator = "12ab_CD"}));
}

TEST(ProjectAccount, SaysWhatIsWrongWithoutTheKey) {
  struct Bad {
    const char* text;
    const char* flaw;
  };
  for (const Bad& bad :
       {Bad{"https://a.b/", "expected two words with a comma between"},
        Bad{"https://a.b/,s3cret,more", "expected two words with a comma between"},
        Bad{"a.b,s3cret", "expected http:// or https:// and a host's full name or address in front"},
        Bad{"https://a.b/,", "expected an account key of letters, digits and `_` behind the comma"},
        Bad{"https://a.b/,s3cret<", "expected an account key of letters, digits and `_` behind the comma"}}) {
    const auto account = parse_project_account(bad.text);
    ASSERT_FALSE(account) << bad.text;
    EXPECT_EQ(account.error(), bad.flaw);
  }
}

TEST(ManagerAccount, IsThreeWords) {
  const auto account = parse_manager_account("https://bam.example.org,me@example.org,0123456789ABCDEF0123456789abcdef");
  ASSERT_TRUE(account) << account.error();
  EXPECT_EQ(*account, (ManagerAccount{.url = "https://bam.example.org/",
                                      .login = "me@example.org",
                                      .password_hash = "0123456789abcdef0123456789abcdef"}));
}

TEST(ManagerAccount, SaysWhatIsWrong) {
  EXPECT_EQ(parse_manager_account("https://a.b/,me").error(), "expected three words with commas between");
  EXPECT_EQ(parse_manager_account("https://a.b/,,0123456789abcdef0123456789abcdef").error(),
            "expected a login between the commas");
  EXPECT_EQ(parse_manager_account("https://a.b/,me,password").error(),
            "expected a hash of 32 hexadecimal digits behind the last comma");
  EXPECT_FALSE(parse_manager_account("a,me,0123456789abcdef0123456789abcdef"));
}

}  // namespace
}  // namespace uebo::config
