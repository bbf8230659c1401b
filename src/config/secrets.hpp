// Which part of a word of the command line nobody may read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "uebo/config/kernel_args.hpp"

namespace uebo::config {

/// Bytes of the command line; none of them when nothing is secret.
struct SecretPart {
  std::size_t begin = 0;
  std::size_t size = 0;
};

/// The value of a secret argument, of one that is likely to be a misspelt secret's, or whatever follows a secret's
/// name without the '=' that belongs there.
[[nodiscard]] SecretPart secret_part(const Word& word);

/// The word's name as it may be shown.
[[nodiscard]] std::string shown_name(const Word& word);

}  // namespace uebo::config
