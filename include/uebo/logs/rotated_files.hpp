// A log as files of bounded size: `current`, and those that were full, current.1 (the youngest), current.2 and so on.
// The newest is kept, the oldest goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::logs {

class RotatedFiles {
 public:
  /// Files lie in `directory`, mode 0640, itself made with 0750 when the first line comes; both take the group of what
  /// is above where that is set-group-ID.
  RotatedFiles(std::string directory, config::LogLimits limits);

  struct Written {
    std::size_t kept = 0;  // bytes, whole lines
    Result<> result;       // why it is not all of them
  };
  /// Appends whole lines, each with its '\n'; where they do not fit into the current file they begin the next one. On
  /// a full file system (ENOSPC) the oldest full file gives its room; what still can't be written is not kept, and no
  /// half line is.
  [[nodiscard]] Written write(std::string_view lines);

  /// What fits into the current file before another is begun.
  [[nodiscard]] std::uint64_t room() const { return size_ < limits_.size ? limits_.size - size_ : 0; }
  [[nodiscard]] std::uint64_t rotations() const { return rotations_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  [[nodiscard]] Result<> make_ready(std::size_t size);
  [[nodiscard]] Result<> open();
  [[nodiscard]] Result<> rotate();
  [[nodiscard]] std::string name_of(unsigned age) const;
  bool remove_oldest();
  std::size_t take_back_half_line(std::string_view written);

  std::string directory_;
  config::LogLimits limits_;
  UniqueFd file_;
  std::uint64_t size_ = 0;
  std::uint64_t rotations_ = 0;
};

}  // namespace uebo::logs
