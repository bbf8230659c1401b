#include "uebo/base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "uebo/base/unique_fd.hpp"

namespace uebo {

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error("read", path);
  std::string content;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("read", path);
    if (count == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(count));
    if (content.size() > limit) return fail(EFBIG, "read", path);
  }
}

Result<> write_kernel_file(const std::string& path, std::string_view content) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return errno_error("write", path);
  if (write(fd.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()))
    return errno_error("write", path);
  return {};
}

Result<> write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t count = write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("write", path);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<> replace_file(const std::string& path, std::string_view content, mode_t mode) {
  // A name of its own: two roles may write the same file at the same time.
  const std::string temporary = path + ".new." + std::to_string(getpid());
  // Opened with O_EXCL after an unlink: a link that somebody left there is replaced, never followed.
  if (unlink(temporary.c_str()) != 0 && errno != ENOENT) return errno_error("replace", path);
  UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return errno_error("create", temporary);
  const auto finish = [&]() -> Result<> {
    UEBO_TRY(write_all(fd.get(), content, temporary));
    if (fchmod(fd.get(), mode) != 0) return errno_error("chmod", temporary);
    if (fsync(fd.get()) != 0) return errno_error("fsync", temporary);
    if (rename(temporary.c_str(), path.c_str()) != 0) return errno_error("rename to", path);
    return {};
  };
  auto result = finish();
  if (!result) unlink(temporary.c_str());
  return result;
}

Result<> make_directories(const std::string& path, mode_t mode) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (!part.empty() && mkdir(part.c_str(), mode) != 0 && errno != EEXIST) return errno_error("mkdir", part);
    if (slash == std::string::npos) return {};
  }
}

}  // namespace uebo
