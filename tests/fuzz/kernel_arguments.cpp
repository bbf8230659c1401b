// The kernel's command line: whoever serves PXE writes it.
#include "target.hpp"
#include "uebo/config/kernel_args.hpp"

using namespace uebo;

UEBO_FUZZ_TARGET(kernel_arguments) {
  const auto line = fuzz::text_of(input);
  const auto arguments = config::KernelArgs::parse(line);
  for (const auto& row : config::arguments()) (void)arguments.list(row.name);
  (void)arguments.shell_exports();
  (void)config::expand(line, arguments);
  for (const config::Word& word : config::split_command_line(line)) {
    fuzz::require(word.begin <= word.end && word.end <= line.size());
    if (word.value) fuzz::require(line.substr(word.value_begin, word.value->size()) == *word.value);
  }
  const std::string blanked = config::blank_secrets(line);
  fuzz::require(blanked.size() == line.size());
  fuzz::require(config::blank_secrets(blanked) == blanked);
  fuzz::require(arguments.has_secrets() == (blanked != line) || line.find('*') != std::string_view::npos);
}
