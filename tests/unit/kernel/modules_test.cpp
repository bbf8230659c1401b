#include "uebo/kernel/modules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "module_index.hpp"
#include "test_tree.hpp"

namespace uebo::kernel {
namespace {

using test::ModuleIndex;
using test::TestTree;
using testing::ElementsAre;
using testing::HasSubstr;

/// A module directory as depmod leaves it. The modules themselves are no ELF files: no kernel takes them.
class ModuleDirectory : public testing::Test {
 protected:
  void SetUp() override {
    ModuleIndex dependencies;
    const auto module = [&](const std::string& name, const std::string& needs) {
      dependencies.add(name, name + ".ko:" + needs);
      tree_.write(name + ".ko", "no module");
    };
    module("uebo_disk", " uebo_bus.ko uebo_core.ko");
    module("uebo_bus", " uebo_core.ko");
    module("uebo_core", "");
    module("uebo_sum", "");
    module("uebo_late", "");
    module("uebo_ring", "");
    ModuleIndex aliases;
    aliases.add("uebo:v*d01", "uebo_disk");
    ModuleIndex builtin;
    builtin.add("uebo_builtin", "");
    ModuleIndex builtin_aliases;
    builtin_aliases.add("uebo:builtin", "uebo_builtin");
    tree_.write("modules.dep.bin", dependencies.bytes());
    tree_.write("modules.alias.bin", aliases.bytes());
    tree_.write("modules.symbols.bin", ModuleIndex().bytes());
    tree_.write("modules.builtin.bin", builtin.bytes());
    tree_.write("modules.builtin.alias.bin", builtin_aliases.bytes());
    tree_.write("modules.softdep",
                "softdep uebo_disk pre: uebo_sum uebo_nothing post: uebo_late\nsoftdep uebo_ring pre: uebo_ring\n");
  }
  Modules open() {
    auto modules = Modules::open(tree_.path());
    EXPECT_TRUE(modules) << modules.error().message();
    return std::move(modules.value());
  }
  std::string file(const std::string& name) const { return tree_.path(name + ".ko"); }

  TestTree tree_;
};

TEST_F(ModuleDirectory, ClosureHasDependenciesAndSoftDependenciesInTheOrderOfLoading) {
  EXPECT_THAT(open().closure("uebo_disk").value(),
              ElementsAre(file("uebo_sum"), file("uebo_core"), file("uebo_bus"), file("uebo_disk"), file("uebo_late")));
}

TEST_F(ModuleDirectory, ClosureOfAnAliasIsThatOfItsModule) { EXPECT_EQ(open().closure("uebo:v1234d01")->size(), 5u); }

TEST_F(ModuleDirectory, ClosureEndsWhereAModuleWantsItself) {
  EXPECT_THAT(open().closure("uebo_ring").value(), ElementsAre(file("uebo_ring")));
}

TEST_F(ModuleDirectory, ClosureOfABuiltInModuleIsEmpty) {
  const auto files = open().closure("uebo_builtin");
  ASSERT_TRUE(files) << files.error().message();
  EXPECT_TRUE(files->empty());
}

TEST_F(ModuleDirectory, UnknownNameIsSaid) {
  auto modules = open();
  for (const auto& error : {modules.closure("uebo_nothing").error(), modules.load("uebo_nothing").error(),
                            modules.load("pci:v00001234").error()}) {
    EXPECT_EQ(error.code, ENOENT);
    EXPECT_THAT(error.message(), HasSubstr("no module goes by that name"));
  }
}

TEST_F(ModuleDirectory, LoadingABuiltInModuleInsertsNothing) {
  auto modules = open();
  EXPECT_EQ(modules.load("uebo_builtin"), 0u);
  EXPECT_EQ(modules.load("uebo_builtin option=1"), 0u);
  EXPECT_EQ(modules.load("uebo:builtin"), 0u);
  EXPECT_TRUE(modules.is_loaded("uebo_builtin"));
  EXPECT_FALSE(modules.is_loaded("uebo_disk"));
}

TEST_F(ModuleDirectory, ModuleThatTheKernelRefusesIsAnErrorWithItsName) {
  const auto result = open().load("uebo_core option=1");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), HasSubstr("load module uebo_core: "));
}

TEST_F(ModuleDirectory, OfAnAliasOnlyWhatLiesInAPartOfTheTreeIsLoaded) {
  auto modules = open();
  EXPECT_EQ(modules.load_below("uebo:v1234d01", "/kernel/drivers/watchdog/"), 0u) << "it lies elsewhere";
  EXPECT_EQ(modules.load_below("uebo:nothing", tree_.path()), 0u);
  EXPECT_EQ(modules.load_below("uebo:builtin", tree_.path()), 0u);
  const auto tried = modules.load_below("uebo:v1234d01", tree_.path());
  ASSERT_FALSE(tried) << "no kernel takes it";
  EXPECT_THAT(tried.error().message(), HasSubstr("load module uebo_disk: "));
}

TEST_F(ModuleDirectory, ModuleWhoseFileIsGoneSaysSo) {
  std::filesystem::remove(file("uebo_core"));
  const auto result = open().load("uebo_core");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ENOENT);
  EXPECT_THAT(result.error().message(), HasSubstr("its file is gone"));
}

TEST_F(ModuleDirectory, MissingOrDamagedIndexIsAClearError) {
  std::filesystem::remove(tree_.path("modules.symbols.bin"));
  EXPECT_THAT(Modules::open(tree_.path()).error().message(), HasSubstr("run depmod"));
  std::filesystem::remove(tree_.path("modules.dep.bin"));
  const auto modules = Modules::open(tree_.path());
  ASSERT_FALSE(modules);
  EXPECT_EQ(modules.error().code, ENOENT);
  EXPECT_THAT(modules.error().message(), testing::AllOf(HasSubstr("modules.dep.bin"), HasSubstr("depmod")));
}

TEST_F(ModuleDirectory, MovingHandsTheDirectoryOver) {
  auto first = open();
  Modules second = std::move(first);
  first = open();
  EXPECT_TRUE(second.closure("uebo_core"));
  EXPECT_TRUE(first.closure("uebo_core"));
}

}  // namespace
}  // namespace uebo::kernel
