#include "uebo/config/site.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "uebo/base/file.hpp"

namespace uebo::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SiteFiles : public testing::Test {
 protected:
  SiteFiles() {
    std::string path = testing::TempDir() + "uebo-site-XXXXXX";
    directory_ = mkdtemp(path.data());
  }
  ~SiteFiles() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& content) {
    EXPECT_TRUE(replace_file(directory_ + "/file", content, 0644));
    return directory_ + "/file";
  }
  std::string directory_;
};

TEST_F(SiteFiles, SiteIsRead) {
  const auto site =
      load_site(file(R"({"ntp": ["ntp.example", "10.0.2.2"], "modules": ["i6300esb"], "password_login": true})"));
  ASSERT_TRUE(site);
  EXPECT_THAT(site->ntp, ElementsAre("ntp.example", "10.0.2.2"));
  EXPECT_THAT(site->modules, ElementsAre("i6300esb"));
  EXPECT_TRUE(site->password_login);
}

TEST_F(SiteFiles, AMissingSiteIsTheDefaults) {
  const auto site = load_site(directory_ + "/none");
  ASSERT_TRUE(site);
  EXPECT_THAT(site->ntp, IsEmpty());
  EXPECT_THAT(site->modules, IsEmpty());
  EXPECT_FALSE(site->password_login);
}

TEST_F(SiteFiles, ABadSiteIsAnErrorThatNamesAllThatIsWrong) {
  const auto site = load_site(file("{\n\"ntp\": \"a\",\n\"password_login\": 1,\n\"module\": []}"));
  ASSERT_FALSE(site);
  EXPECT_THAT(site.error().message(),
              AllOf(HasSubstr("file:2: ntp: \"a\": expected a list"), HasSubstr("file:3: password_login: 1"),
                    HasSubstr("file:4: unknown key module (did you mean modules?)")));
  EXPECT_FALSE(load_site(file("[]")));
  EXPECT_FALSE(load_site(file("{")));
}

TEST_F(SiteFiles, ReleaseIsRead) {
  const auto release =
      load_release(file("VERSION=1.2\nBUILD_TIME=1795392000\nARCH=aarch64\nKERNEL=6.12.117\nSUITE=trixie\nLATER=x\n"));
  ASSERT_TRUE(release);
  EXPECT_EQ(release->version, "1.2");
  EXPECT_EQ(release->architecture, "aarch64");
  EXPECT_EQ(release->kernel, "6.12.117");
  EXPECT_EQ(release->suite, "trixie");
  EXPECT_EQ(std::chrono::system_clock::to_time_t(release->build_time), 1795392000);
}

TEST_F(SiteFiles, AMissingReleaseIsTheEpoch) {
  const auto release = load_release(directory_ + "/none");
  ASSERT_TRUE(release);
  EXPECT_EQ(release->build_time.time_since_epoch().count(), 0);
}

TEST_F(SiteFiles, ABadBuildTimeIsAnError) {
  for (const char* value : {"", "soon", "-1", "12x"}) {
    const auto release = load_release(file(std::string("BUILD_TIME=") + value + "\n"));
    ASSERT_FALSE(release) << value;
    EXPECT_THAT(release.error().message(), HasSubstr("expected seconds since 1970"));
  }
}

}  // namespace
}  // namespace uebo::config
