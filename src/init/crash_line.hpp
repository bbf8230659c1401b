// A line of text without allocation, for code that runs in a signal handler.
#pragma once

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace uebo::init {

class CrashLine {
 public:
  CrashLine& operator<<(std::string_view text) {
    const std::size_t count = text.size() < left() ? text.size() : left();
    memcpy(text_.data() + size_, text.data(), count);
    size_ += count;
    return *this;
  }
  CrashLine& hex(std::uintptr_t value) {
    *this << "0x";
    int shift = static_cast<int>(sizeof value * 8) - 4;
    while (shift > 0 && (value >> shift) == 0) shift -= 4;
    for (; shift >= 0; shift -= 4) *this << std::string_view("0123456789abcdef").substr((value >> shift) & 0xf, 1);
    return *this;
  }
  CrashLine& number(long value) {
    std::array<char, 24> digits{};
    std::size_t place = digits.size();
    const bool negative = value < 0;
    do {
      digits[--place] = static_cast<char>('0' + (negative ? -(value % 10) : value % 10));
      value /= 10;
    } while (value != 0);
    if (negative) digits[--place] = '-';
    return *this << std::string_view(digits.data() + place, digits.size() - place);
  }
  /// One record of /dev/kmsg (Documentation/ABI/testing/dev-kmsg): critical, so that the console shows it.
  void send(int fd) {
    text_[size_++] = '\n';
    if (write(fd, text_.data(), size_) < 0) size_ = 0;  // there is nobody to be told
    size_ = kPrefix.size();
  }

 private:
  static constexpr std::string_view kPrefix = "<2>uebo: ";
  [[nodiscard]] std::size_t left() const { return text_.size() - 1 - size_; }

  std::array<char, 512> text_{'<', '2', '>', 'u', 'e', 'b', 'o', ':', ' '};
  std::size_t size_ = kPrefix.size();
};

}  // namespace uebo::init
