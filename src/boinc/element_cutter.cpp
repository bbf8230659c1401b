#include "element_cutter.hpp"

#include <algorithm>
#include <cstring>

namespace uebo::boinc {
namespace {

/// string_view::find stops at each '<', of which a reply is full.
std::size_t position_of(std::string_view needle, std::string_view text) {
  const void* const found = memmem(text.data(), text.size(), needle.data(), needle.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace

ElementCutter::ElementCutter(std::span<const std::string_view> names) {
  for (const auto name : names) {
    tags_.push_back(
        {.name = name, .opening = '<' + std::string(name) + '>', .closing = "</" + std::string(name) + '>'});
    longest_opening_ = std::max(longest_opening_, tags_.back().opening.size());
  }
}

const ElementCutter::Tags* ElementCutter::opened_by(std::string_view text) const {
  const auto found = std::ranges::find_if(tags_, [text](const Tags& tags) { return text.starts_with(tags.opening); });
  return found == tags_.end() ? nullptr : &*found;
}

Result<std::size_t> ElementCutter::cut(std::span<char> text, const GuiRpc::Take& take) const {
  const std::string_view all(text.data(), text.size());
  std::size_t done = 0;
  while (true) {
    done = all.find('<', done);
    if (done == std::string_view::npos) return all.size();
    const auto rest = all.substr(done);
    const Tags* const tags = opened_by(rest);
    if (tags == nullptr) {
      if (rest.size() < longest_opening_) return done;
      ++done;
      continue;
    }
    const std::size_t end = position_of(tags->closing, rest);
    if (end == std::string_view::npos) return done;
    const std::size_t size = end + tags->closing.size();
    UEBO_TRY(take(tags->name, text.subspan(done, size)));
    done += size;
  }
}

}  // namespace uebo::boinc
