#include "uebo/boot/jobs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "uebo/boot/roles.hpp"
#include "uebo/config/conditions.hpp"

namespace uebo::boot {
namespace {

using testing::Contains;
using testing::ElementsAre;

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const auto& job : boot_jobs()) result.push_back(job.name);
  return result;
}

config::ServiceSpec job(const std::string& name) {
  const auto jobs = boot_jobs();
  return *std::ranges::find(jobs, name, &config::ServiceSpec::name);
}

TEST(BootJobs, NeedOnlyWhatThereIs) {
  for (const auto& spec : boot_jobs())
    for (const auto& need : spec.needs)
      EXPECT_TRUE(config::is_condition(need) || std::ranges::count(names(), need) == 1) << spec.name << ": " << need;
}

TEST(BootJobs, AreNotNamedLikeAConditionThatTheyDoNotProvide) {
  for (const auto& spec : boot_jobs()) {
    if (!config::is_condition(spec.name)) continue;
    EXPECT_THAT(spec.provides, Contains(spec.name));
  }
}

TEST(BootJobs, RunARoleOfThisBinaryWithADeadline) {
  for (const auto& spec : boot_jobs("/init")) {
    EXPECT_THAT(spec.command, ElementsAre("/init", spec.name));
    EXPECT_EQ(std::ranges::count(roles(), spec.name, &Role::name), 1) << spec.name;
    EXPECT_TRUE(spec.deadline.has_value()) << spec.name;
    EXPECT_EQ(spec.type, config::ServiceType::Job);
  }
}

TEST(BootJobs, ProvideAndSettleWhatServicesWaitFor) {
  EXPECT_THAT(job("storage").provides, ElementsAre("storage"));
  EXPECT_THAT(job("storage").settles, ElementsAre("storage-settled"));
  EXPECT_THAT(job("modules").settles, ElementsAre("modules-settled"));
}

TEST(BootJobs, UnmountStorageWhenItIsStopped) {
  EXPECT_THAT(job("storage").stop.command, ElementsAre("/sbin/uebo", "unmount-storage"));
}

TEST(BootJobs, PurgeAfterTheDisksHadTheirChance) {
  EXPECT_THAT(job("purge").needs,
              testing::IsSupersetOf({"storage-settled", "modules-settled", "storage-modules", "zram"}));
}

config::ServiceSpec nfs_job(const std::string& name) {
  const auto jobs = boot_jobs("/sbin/uebo", StorageKind::Nfs);
  return *std::ranges::find(jobs, name, &config::ServiceSpec::name);
}

TEST(NfsJobs, MountWhenTheNodeHasItsNameAndItsAddress) {
  EXPECT_THAT(nfs_job("storage").needs, testing::IsSupersetOf({"identity", "net"}));
  EXPECT_THAT(nfs_job("identity").needs, testing::Not(Contains("storage-settled")));
  EXPECT_THAT(nfs_job("identity").triggers, Contains("condition:storage")) << "/storage/hostname may rename it";
}

TEST(NfsJobs, AreTriedAgainWithoutALookAtTheDisks) {
  EXPECT_EQ(nfs_job("storage").restart, config::RestartPolicy::OnFailure);
  EXPECT_EQ(nfs_job("storage").longest_backoff, std::chrono::seconds(30));
  EXPECT_THAT(nfs_job("storage").triggers, testing::IsEmpty());
}

TEST(NfsJobs, WatchTheServerWhileItIsMounted) {
  EXPECT_EQ(nfs_job("storage-watch").type, config::ServiceType::Daemon);
  EXPECT_THAT(nfs_job("storage-watch").needs, ElementsAre("storage"));
  EXPECT_EQ(std::ranges::count(roles(), "storage-watch", &Role::name), 1);
}

TEST(Roles, HaveOneNameEach) {
  for (const Role& role : roles()) EXPECT_EQ(std::ranges::count(roles(), role.name, &Role::name), 1) << role.name;
}

}  // namespace
}  // namespace uebo::boot
