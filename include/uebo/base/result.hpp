// Errors as values. Nothing in PID 1 throws; a parser that uses a throwing library catches at its own edge.
#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace uebo {

/// What failed: an errno value (0 where no system call is behind it), the operation, the object it was done to,
/// and, where it is known, what was expected or what to do about it.
struct Error {
  int code = 0;
  std::string operation;
  std::string object;
  std::string hint;

  /// "mount /dev/mmcblk0p2 on /storage: Structure needs cleaning (run e2fsck)".
  [[nodiscard]] std::string message() const;
};

template <class T = void>
using Result = std::expected<T, Error>;

/// An error from errno as it stands.
[[nodiscard]] std::unexpected<Error> errno_error(std::string_view operation, std::string_view object,
                                                 std::string_view hint = {});

/// An error with an errno value of its own, or 0 for one that no system call reported.
[[nodiscard]] std::unexpected<Error> fail(int code, std::string_view operation, std::string_view object,
                                          std::string_view hint = {});

}  // namespace uebo

/// Evaluates to the value of a Result, or returns its error from the enclosing function.
#define UEBO_TRY(expression)                                                                         \
  ({                                                                                                 \
    auto&& uebo_try_result = (expression);                                                           \
    if (!uebo_try_result) return std::unexpected<::uebo::Error>(std::move(uebo_try_result).error()); \
    *std::move(uebo_try_result);                                                                     \
  })
